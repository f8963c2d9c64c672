"""Renders OpenClaw's config file for the pinned version.

OpenClaw is strict: one key it does not know and it exits 78. Every key of its config that ClawBot uses is
named here and nowhere else. The file is owned by root and mounted read-only, so an agent can change neither
who may talk to it nor its owner's rules; no secret of value is in it, only keys that open our gateway for
this agent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import orjson

from manager_bot.openclaw.health import PORT

CONFIG_PATH = "/etc/openclaw/openclaw.json"
"""Where the agent reads its config (``OPENCLAW_CONFIG_PATH``); its directory is mounted read-only."""

WORKSPACE = "/data/workspace"
STATE = "/data/.openclaw"

MODEL = "clawbot"
"""The one virtual model an agent knows; the gateway routes it to a real tier."""

HISTORY_TOKENS = 200_000
"""What OpenClaw takes for the model's window. The seed's window of 32K is the gateway's to keep, for OpenClaw keeps it
badly: below 200,000 tokens it cuts a tool's result to its first 16,000 characters, error line or not, and it takes two
characters of one for a token. With 32,000 every turn that read a file ended in a compaction of its own, which again
condensed heads alone. From 200,000 on 64,000 characters of a result reach the gateway."""

MAX_OUTPUT_TOKENS = 4_000
"""The seed's reserve of the 32K window."""

RULES_LIMIT = 4_000
"""Characters of custom rules that reach the system prompt: about half of the window's fixed share."""

MENU = {
    "new": "Start a new conversation",
    "stop": "Stop the current answer",
    "compact": "Shorten the conversation and keep what matters",
}
"""The menu of an agent's bot: what a person may want, by OpenClaw's own names."""

Json = Mapping[str, "Json"] | Sequence["Json"] | str | int | bool | None


@dataclass(frozen=True, slots=True)
class AgentConfig:
    """What differs from agent to agent.

    ``allowed_ids`` are the Telegram ids the owner added besides himself. ``gateway_url`` is the gateway as the
    container reaches it, e.g. ``http://172.30.0.1:8080``. ``control_token`` guards OpenClaw's own control port,
    which the published health port would otherwise open to every local user of the host. ``timers``: whether the
    agent may set itself reminders and recurring tasks. ``history_tokens`` is how much of a chat OpenClaw keeps before
    it compacts it.
    """

    owner_id: int
    bot_id: int
    gateway_key: str = field(repr=False)
    control_token: str = field(repr=False)
    gateway_url: str
    allowed_ids: tuple[int, ...] = ()
    custom_rules: str = ""
    timers: bool = False
    history_tokens: int = HISTORY_TOKENS

    @property
    def people(self) -> list[str]:
        """Everyone who may talk to the agent: the owner first, each id once."""
        return [str(one) for one in dict.fromkeys((self.owner_id, *self.allowed_ids))]

    @property
    def bot_token(self) -> str:
        """What OpenClaw takes for its bot token; the Telegram door swaps in the real one."""
        return f"{self.bot_id}:{self.gateway_key}"


def render(config: AgentConfig) -> bytes:
    """The config file: the same input gives the same bytes, so a changed file means a changed wish."""
    document: dict[str, Json] = {
        "agents": {"defaults": _agent_defaults(config)},
        "browser": {"enabled": False},
        "channels": {"telegram": _telegram(config)},
        "commands": _commands(config),
        "cron": {"enabled": config.timers},
        # It woke the process fifty times a second to watch itself, which cost half of what an idle agent burns, and
        # judged what was running by the clock, as it would judge an agent that slept.
        "diagnostics": {"enabled": False},
        "discovery": {"mdns": {"mode": "off"}},
        "gateway": _control(config),
        "models": {"mode": "replace", "providers": {"google": _gemini(config)}},
        "plugins": {
            "allow": ["telegram", "google"],
            "entries": {"google": {"enabled": True}, "telegram": {"enabled": True}},
            "slots": {"memory": "none"},
        },
        "skills": {"allowBundled": []},
        "tools": {
            "alsoAllow": ["read", "write", "edit", "web_fetch", *(["cron"] if config.timers else [])],
            "profile": "minimal",
            "toolSearch": False,
        },
        "update": {"checkOnStart": False},
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)


def _agent_defaults(config: AgentConfig) -> dict[str, Json]:
    """The lean profile: a one-line question costs about 3.1K tokens instead of 13.7K, an idle agent none."""
    return {
        "compaction": {
            # With a quarter of the window a compacted chat of long messages stayed so near the limit that the next
            # message was refused for want of room: OpenClaw compacts no chat twice in a row.
            "keepRecentTokens": config.history_tokens // 7,
            "memoryFlush": {"enabled": False},
            "mode": "default",
            "reserveTokens": config.history_tokens // 4,
            "reserveTokensFloor": config.history_tokens // 4,
        },
        "contextTokens": config.history_tokens,
        "experimental": {"localModelLean": True},
        "heartbeat": {"every": "0m"},
        "model": {"primary": f"google/{MODEL}"},
        "skills": [],
        "skipBootstrap": True,
        "thinkingDefault": "off",
        "workspace": WORKSPACE,
    }


def _commands(config: AgentConfig) -> dict[str, Json]:
    """OpenClaw's forty commands for its operator (logins, plugins, restarts, …) are off: they reach the model as words.

    ``/new``, ``/reset``, ``/stop`` and ``/compact`` work all the same.
    """
    return {
        "native": False,
        "nativeSkills": False,
        "ownerAllowFrom": [f"telegram:{config.owner_id}"],
        "restart": False,
        "text": False,
    }


def _telegram(config: AgentConfig) -> dict[str, Json]:
    """Private chats of the listed people only; the owner's rules ride on each of those chats.

    Streaming is off because its drafts ("Reading notes.md …") can stay in the chat when an answer fails; while
    the agent works its chat shows that it is typing.
    """
    channel: dict[str, Json] = {
        "allowFrom": config.people,
        "apiRoot": f"{config.gateway_url}/telegram",
        "botToken": config.bot_token,
        "configWrites": False,
        "customCommands": [{"command": name, "description": what} for name, what in MENU.items()],
        "dmPolicy": "allowlist",
        "enabled": True,
        "groupPolicy": "disabled",
        "streaming": {"mode": "off"},
    }
    rules = config.custom_rules.strip()[:RULES_LIMIT]
    if rules:
        channel["direct"] = {person: {"systemPrompt": rules} for person in config.people}
    return channel


def _control(config: AgentConfig) -> dict[str, Json]:
    """OpenClaw's own gateway: reachable through the published port for health, shut for everything else."""
    return {
        "auth": {"mode": "token", "token": config.control_token},
        "bind": "lan",
        # It restarts a channel that was silent for half an hour by the clock, as every agent is that slept. A deaf
        # agent is the watchdog's to restart.
        "channelHealthCheckMinutes": 0,
        "controlUi": {"enabled": False},
        "mode": "local",
        "port": PORT,
    }


def _gemini(config: AgentConfig) -> dict[str, Json]:
    """The only model provider: our gateway, opened by the agent's key."""
    free: dict[str, Json] = {"cacheRead": 0, "cacheWrite": 0, "input": 0, "output": 0}
    return {
        "api": "google-generative-ai",
        "apiKey": config.gateway_key,
        "baseUrl": f"{config.gateway_url}/gemini/v1beta",
        "models": [
            {
                "contextTokens": config.history_tokens,
                "contextWindow": config.history_tokens,
                "cost": free,
                "id": MODEL,
                "input": ["text", "image"],
                "maxTokens": MAX_OUTPUT_TOKENS,
                "name": "ClawBot",
                "reasoning": False,
            }
        ],
    }
