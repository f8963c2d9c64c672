"""The rendered config says who may talk, through which doors, and nothing of value."""

from __future__ import annotations

import json
from dataclasses import replace

from manager_bot.openclaw.config import MENU, RULES_LIMIT, AgentConfig, render

ANN, BOB = 4242, 777
CONFIG = AgentConfig(
    owner_id=ANN,
    bot_id=99,
    gateway_key="key-of-this-agent",
    control_token="control-token",
    gateway_url="http://172.30.0.1:8080",
)


def test_the_same_wish_is_the_same_file() -> None:
    assert render(CONFIG) == render(replace(CONFIG))
    assert render(CONFIG) != render(replace(CONFIG, allowed_ids=(BOB,)))


def test_only_the_owner_and_those_he_added_may_talk() -> None:
    alone = json.loads(render(CONFIG))["channels"]["telegram"]
    added = json.loads(render(replace(CONFIG, allowed_ids=(BOB, ANN, BOB))))["channels"]["telegram"]

    assert alone["allowFrom"] == ["4242"]
    assert added["allowFrom"] == ["4242", "777"]
    assert alone["dmPolicy"] == "allowlist"
    assert alone["groupPolicy"] == "disabled"


def test_both_doors_are_the_gateways_and_open_with_the_agents_key() -> None:
    document = json.loads(render(CONFIG))

    assert document["channels"]["telegram"]["apiRoot"] == "http://172.30.0.1:8080/telegram"
    assert document["channels"]["telegram"]["botToken"] == "99:key-of-this-agent"
    assert document["models"]["mode"] == "replace"
    gemini = document["models"]["providers"]["google"]
    assert (gemini["baseUrl"], gemini["apiKey"]) == ("http://172.30.0.1:8080/gemini/v1beta", "key-of-this-agent")
    assert [model["id"] for model in gemini["models"]] == ["clawbot"]


def test_rules_ride_on_the_chats_of_everyone_allowed() -> None:
    ruled = replace(CONFIG, allowed_ids=(BOB,), custom_rules="  Answer in rhymes.\n")

    direct = json.loads(render(ruled))["channels"]["telegram"]["direct"]

    assert direct == {"4242": {"systemPrompt": "Answer in rhymes."}, "777": {"systemPrompt": "Answer in rhymes."}}
    assert "direct" not in json.loads(render(replace(CONFIG, custom_rules=" \n ")))["channels"]["telegram"]


def test_rules_cannot_crowd_out_the_window() -> None:
    ruled = json.loads(render(replace(CONFIG, custom_rules="x" * (RULES_LIMIT + 500))))

    assert len(ruled["channels"]["telegram"]["direct"]["4242"]["systemPrompt"]) == RULES_LIMIT


def test_rules_are_data_and_never_config() -> None:
    nasty = 'Be kind.", "dmPolicy": "open'

    telegram = json.loads(render(replace(CONFIG, custom_rules=nasty)))["channels"]["telegram"]

    assert telegram["dmPolicy"] == "allowlist"
    assert telegram["direct"]["4242"] == {"systemPrompt": nasty}


def test_the_bots_menu_is_short_and_its_operators_commands_are_off() -> None:
    document = json.loads(render(CONFIG))

    assert not any(document["commands"][switch] for switch in ("native", "nativeSkills", "restart", "text"))
    menu = document["channels"]["telegram"]["customCommands"]
    assert {one["command"]: one["description"] for one in menu} == MENU


def test_only_who_may_have_timers_gets_the_tool_and_the_clock() -> None:
    without, with_timers = json.loads(render(CONFIG)), json.loads(render(replace(CONFIG, timers=True)))

    assert (without["cron"], with_timers["cron"]) == ({"enabled": False}, {"enabled": True})
    assert "cron" not in without["tools"]["alsoAllow"]
    assert "cron" in with_timers["tools"]["alsoAllow"]


def test_keys_are_not_in_a_traceback() -> None:
    assert "key-of-this-agent" not in repr(CONFIG)
    assert "control-token" not in repr(CONFIG)
