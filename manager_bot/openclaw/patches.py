"""What is changed in OpenClaw's program: texts of the pinned version, each replaced while the image is built.

A build in which a text is not there exactly once fails, so a new version cannot lose one of these in silence.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from manager_bot.openclaw.timers import NEXT_TIMER


@dataclass(frozen=True, slots=True)
class Patch:
    """One text in exactly one of the files that *files* matches, below OpenClaw's package."""

    files: str
    before: str
    after: str


_POLLER = "dist/monitor-polling.runtime-*.js"
_WORKER = "dist/telegram-ingress-worker.runtime.js"

_COMING_UP = (
    # Its own restart-loop breaker is out: after three kills within five minutes it starts without its channels,
    # healthy and deaf. Ours is the only restarter, and knows cause, backoff and plan.
    Patch("dist/run-*.js", "const tripped = params.uncleanBoots >= 3;", "const tripped = false;"),
    # With its native menu off it still reserved the names of it, so that ours could not hold /new and /stop.
    Patch(
        "dist/telegram-ingress-spool-*.js",
        "const reservedCommands = new Set(listNativeCommandSpecs().map(",
        "const reservedCommands = new Set((nativeEnabled ? listNativeCommandSpecs() : []).map(",
    ),
)

_WAKING = (
    # A poll gave up after 45 s by the clock, so an agent that slept dropped the very request that wakes it. It now
    # counts nine ticks of 5 s: however long a freeze, it costs one of them.
    Patch(
        _WORKER,
        "const timeout = setTimeout(() => {\n"
        '\t\tcontroller.abort(/* @__PURE__ */ new Error("Telegram getUpdates timed out"));\n'
        "\t}, TELEGRAM_GET_UPDATES_REQUEST_TIMEOUT_MS);",
        "let ticks = 0;\n"
        "\tconst timeout = setInterval(() => {\n"
        '\t\tif (++ticks === 9) controller.abort(new Error("Telegram getUpdates timed out"));\n'
        "\t}, TELEGRAM_GET_UPDATES_REQUEST_TIMEOUT_MS / 9);",
    ),
    # "Polling stall detected": its watchdog, which looks every 30 s, measured the silence by the clock and took a
    # freeze for one, then waited half a minute. Now the silence must also have lasted for as many looks.
    Patch(
        _POLLER,
        "if (elapsed <= params.thresholdMs) return null;",
        "const mark = this.#inFlightGetUpdates > 0 ? this.#lastGetUpdatesActivityAt : this.#lastGetUpdatesFinishedAt;\n"
        "\t\tthis.looks = this.seen === mark ? this.looks + 1 : 0;\n"
        "\t\tthis.seen = mark;\n"
        "\t\tconst awakeFor = this.looks * POLL_WATCHDOG_INTERVAL_MS;\n"
        "\t\tif (Math.min(elapsed, awakeFor) < params.thresholdMs) return null;",
    ),
    # Its waits after a failed poll are meant for Telegram's servers far away; ours is the gateway beside it, whose
    # restart must not cost a person half a minute.
    Patch(
        _WORKER,
        "const retryInitialMs = 1e3;\nconst retryMaxMs = 3e4;",
        "const retryInitialMs = 100;\nconst retryMaxMs = 5e3;",
    ),
    Patch(
        _POLLER,
        "const TELEGRAM_POLL_RESTART_POLICY = {\n\tinitialMs: 3e4,\n\tmaxMs: 6e5,",
        "const TELEGRAM_POLL_RESTART_POLICY = {\n\tinitialMs: 5e3,\n\tmaxMs: 6e4,",
    ),
)

_SCHEDULE = {
    "type": "object",
    "properties": {
        "kind": {"type": "string", "enum": ["at", "every", "cron"]},
        "at": {"type": "string", "description": "ISO 8601 with offset"},
        "everyMs": {"type": "integer", "minimum": 60_000},
        "expr": {"type": "string", "description": "cron expression, in tz"},
        "tz": {"type": "string", "description": "e.g. Europe/Berlin"},
    },
    "required": ["kind"],
}
_JOB = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "schedule": _SCHEDULE, "message": {"type": "string"}},
    "required": ["name", "schedule", "message"],
}
_CRON_PARAMETERS = {
    "type": "object",
    "properties": {
        "action": {"type": "string", "enum": ["add", "list", "remove"]},
        "job": _JOB,
        "jobId": {"type": "string"},
    },
    "required": ["action"],
}
_CRON_DESCRIPTION = (
    "Reminders and recurring tasks. add needs job, remove needs jobId (see list). When a job is due you are asked "
    "job.message and your answer is sent to this chat, so let it hold all you will need. "
    "Ask for the person's time zone unless you know it."
)

_TIMERS = (
    # The lean profile drops the tool even where it is allowed by name; who may have it is for our config to say.
    Patch(
        "dist/tool-search-*.js",
        '\t"browser",\n\t"cron",\n\t"image_generate",',
        '\t"browser",\n\t"image_generate",',
    ),
    # Its declaration costs 3.3K tokens with each request, an operator's whole manual. This one costs 300.
    Patch(
        "dist/cron-tool-*.js",
        "\t\tdescription: `Manage Gateway cron jobs",
        f"\t\tdescription: {json.dumps(_CRON_DESCRIPTION)},\n\t\toperatorsManual: `Manage Gateway cron jobs",
    ),
    Patch(
        "dist/cron-tool-*.js",
        "parameters: createCronToolSchema(),",
        f"parameters: Type.Unsafe({json.dumps(_CRON_PARAMETERS)}),",
    ),
    # Its jobs are in its database, which is too much to read from hostile ground. So it says when the next is due.
    Patch(
        "dist/server-cron-*.js",
        "function armTimer(state) {\n",
        "function publishNextTimer(state) {\n"
        '\tconst fs = process.getBuiltinModule("node:fs");\n'
        f"\tconst file = `${{process.env.OPENCLAW_STATE_DIR}}/{NEXT_TIMER}`;\n"
        "\ttry {\n"
        "\t\tfs.writeFileSync(`${file}.new`, JSON.stringify(nextWakeAtMs(state) ?? null));\n"
        "\t\tfs.renameSync(`${file}.new`, file);\n"
        "\t} catch {}\n"
        "}\n"
        "function armTimer(state) {\n"
        "\tif (!state.stopped && state.deps.cronEnabled) publishNextTimer(state);\n",
    ),
)

_ANSWERING = (
    # Its throttle lets one call a second into a chat, and "typing…" took the answer's turn: none came in less than a
    # second. Telegram counts messages.
    Patch(
        "dist/send-*.js",
        "\t\tconst apiPayload = readPayload(payload);\n",
        '\t\tif (method === "sendChatAction") return prev(method, payload, signal);\n'
        "\t\tconst apiPayload = readPayload(payload);\n",
    ),
)

_IDLING = (
    # Looking for waiting messages twice a second cost a third of what an idle agent burns. They are taken when they
    # come and when the one before them is done; the slow look is left for those whose retry is due.
    Patch(
        _POLLER,
        "\t\t\t\t\tisDrainHealthy,\n\t\t\t\t\tspoolDir\n\t\t\t\t});\n\t\t\t\tconsecutiveDrainFailures = 0;",
        "\t\t\t\t\tisDrainHealthy,\n\t\t\t\t\tdrainAgain: () => requestImmediateDrain(),\n"
        "\t\t\t\t\tspoolDir\n\t\t\t\t});\n\t\t\t\tconsecutiveDrainFailures = 0;",
    ),
    Patch(
        _POLLER,
        "this.#spooledUpdateHandlerKeys.delete(handlerKey);\n\t\t\t});\n\t\t\tstarted += 1;",
        "this.#spooledUpdateHandlerKeys.delete(handlerKey);\n"
        "\t\t\t\tparams.drainAgain();\n\t\t\t});\n\t\t\tstarted += 1;",
    ),
    Patch(_POLLER, "ingress.drainIntervalMs ?? 500", "ingress.drainIntervalMs ?? 5e3"),
    # It measured the delays of its own event loop fifty times a second, for a figure that nobody reads: another third.
    Patch("dist/server.impl-*.js", "EVENT_LOOP_MONITOR_RESOLUTION_MS = 20;", "EVENT_LOOP_MONITOR_RESOLUTION_MS = 1e3;"),
)

PATCHES = (*_COMING_UP, *_WAKING, *_TIMERS, *_ANSWERING, *_IDLING)
