"""Each button under an alert: it works, is on record, and harms nobody when two press it, or one twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from house import House, open_house

from manager_bot.demo.client import MessageView, Person, WorldClient
from manager_bot.services.alerts import SETTLE
from manager_bot.services.incidents import Finding
from models import Agent, AuditEntry, Cause, DesiredState, Incident, Trouble

BUTTONS = {
    "Acknowledge": "incident.acknowledge",
    "Snooze": "incident.snooze",
    "Stop trying": "incident.stop_trying",
    "Restart": "agent.restart",
}


@pytest.fixture
async def two(world: WorldClient, database_file: Path) -> AsyncIterator[House]:
    """A house with two admins, Root and Olga."""
    async with open_house(world, database_file, admins=["Olga"]) as made:
        for admin in made.admins:
            await admin.send(made.bot, "/start")
            await admin.wait_for(made.bot, button="→")
        await made.subscriber("Ann")
        yield made


async def _crash(house: House) -> tuple[Incident, list[MessageView]]:
    """An agent keeps crashing; its alert in each admin's chat."""
    agent = await Agent.get().select_related("user")
    finding = Finding(Cause.CRASHED, attempts=2, max_attempts=3, exit_code=1, log_tail="boom")
    incident = await house.incidents.report(finding, agent)
    house.clock.offset += SETTLE
    return incident, [await admin.wait_for(house.bot, "Stopped unexpectedly", within=15) for admin in house.admins]


async def _acts(action: str) -> list[int]:
    return await AuditEntry.filter(action=action).values_list("actor_id", flat=True)  # type: ignore[return-value]


@pytest.mark.parametrize("button", BUTTONS)
async def test_a_button_pressed_by_two_admins_acts_once_and_the_second_sees_who_did_it(two: House, button: str) -> None:
    root, olga = two.admins
    _, (first, second) = await _crash(two)
    wish = (await Agent.get()).wish

    done = await root.press(two.bot, button, message=first)
    late = await olga.press(two.bot, button, message=second)

    assert done.text
    assert "Root" not in done.text
    assert "Root was faster" in (late.text or "")
    assert await _acts(BUTTONS[button]) == [root.id]
    assert (await Agent.get()).wish == wish + (button in ("Stop trying", "Restart"))


@pytest.mark.parametrize("button", BUTTONS)
async def test_a_double_tap_and_two_taps_at_the_same_moment_act_once(two: House, button: str) -> None:
    root, olga = two.admins
    _, (first, second) = await _crash(two)
    wish = (await Agent.get()).wish

    taps = [root.press(two.bot, button, message=first) for _ in range(2)]
    said = await asyncio.gather(*taps, olga.press(two.bot, button, message=second))

    assert all(one.text for one in said)
    assert len(await _acts(BUTTONS[button])) == 1
    assert (await Agent.get()).wish == wish + (button in ("Stop trying", "Restart"))


async def test_what_one_admin_did_is_seen_in_the_others_alert(two: House) -> None:
    root, olga = two.admins
    incident, (first, second) = await _crash(two)
    await root.press(two.bot, "Acknowledge", message=first)
    await _reads(two, olga, second, "Root is looking into it")
    await olga.press(two.bot, "Snooze", message=second)
    await _reads(two, root, first, "Snoozed until")
    await root.press(two.bot, "Stop trying", message=first)
    await _reads(two, olga, second, "No more restarts")
    agent = await Agent.get()
    assert (agent.desired_state, agent.trouble) == (DesiredState.STOPPED, Trouble.GAVE_UP)
    assert (await Incident.get(id=incident.id)).closed_at is None


async def test_logs_are_shown_redacted_and_the_alert_stays(two: House) -> None:
    root = two.root
    two.runtime.written = "polling with 123456789:AAHfake-fake_fakefakefakefakefakefake12\nbye"
    _, (first, _) = await _crash(two)
    await root.press(two.bot, "Logs", message=first)
    shown = await root.wait_for(two.bot, "Logs of Ann's assistant", after=first)
    assert "AAHfake" not in shown.text
    assert "polling with" in shown.text
    assert not {m.id: m for m in await root.messages(two.bot)}[first.id].deleted


async def test_a_press_on_what_is_over_says_so_and_changes_nothing(two: House) -> None:
    root = two.root
    _, (first, _) = await _crash(two)
    await two.incidents.close_agent(await Agent.get())
    for data in ("ack", "snooze", "stop"):
        answer = await two.forge(root, f"adm_alert:{data}:{(await Incident.get()).id}")
        assert answer.text == "✅ This is over already."
    assert not await AuditEntry.filter(action__startswith="incident.").exists()
    await _reads(two, root, first, "Over since")


async def test_an_alert_that_grows_critical_makes_a_sound_once_and_is_told_over_once(two: House) -> None:
    root = two.root
    _, (first, _) = await _crash(two)
    agent = await Agent.get().select_related("user")
    for _ in range(2):
        await two.incidents.report(Finding(Cause.CRASHED, attempts=3, max_attempts=3, gave_up=True), agent)
    loud = await root.wait_for(two.bot, "needs a person", after=first, button="Restart")
    assert loud.reply_to == first.id
    await _reads(two, root, first, "No more restarts")
    await two.incidents.close_agent(agent)
    assert (await root.wait_for(two.bot, "is well again", after=first)).reply_to == first.id
    texts = [m.text for m in await root.messages(two.bot) if m.id > first.id]
    assert sum("needs a person" in text for text in texts) == 1
    assert sum("is well again" in text for text in texts) == 1


async def _reads(house: House, admin: Person, alert: MessageView, words: str) -> None:
    await admin.wait_for(house.bot, lambda m: m.id == alert.id and words in m.text)
