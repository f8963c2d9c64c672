"""The console: all of it for admins, none of it for anybody else."""

from __future__ import annotations

import pytest
from aiogram import Bot, Dispatcher
from aiogram.types import Update
from house import House

from manager_bot.clock import utc_day
from manager_bot.demo.client import Person
from manager_bot.services.audit import Actor, Role
from manager_bot.services.budgets import Budgets
from manager_bot.services.grants import Grants
from manager_bot.services.outbox import NoticeKind
from models import Agent, AuditEntry, Budget, Cause, DesiredState, Incident, Severity, User


async def incident(house: House) -> Incident:
    agent, now = await Agent.get(), house.clock.now()
    return await Incident.create(
        open_key="a", agent_id=agent.id, user_id=agent.user_id, cause=Cause.CRASHED, severity=Severity.CRITICAL,
        occurrences=2, attempts=1, max_attempts=3, exit_code=137, log_tail="boom <here>", opened_at=now, updated_at=now,
    )  # fmt: skip


async def visible(house: House, person: Person) -> list[tuple[int, str]]:
    return [(m.id, m.text) for m in await person.messages(house.bot) if m.text != "planted" and not m.deleted]


async def test_the_overview_counts(house: House) -> None:
    await house.subscriber("Ann")
    await house.root.send(house.bot, "/admin")

    card = await house.root.wait_for(house.bot, "Overview")

    assert "People: 2 · assistants: 1" in card.text
    assert "running, not used yet: 1" in card.text
    assert "agents are expected to take 179 MB of 3 GB" in card.text
    assert "Still fit: Free 16, Starter 16, Pro 4" in card.text
    assert "All is well" in card.text


async def test_the_capacity_view_says_what_fits_and_why(house: House) -> None:
    await house.subscriber("Ann")
    await house.root.send(house.bot, "/admin")
    await house.root.wait_for(house.bot, "Overview")
    await house.root.press(house.bot, "Capacity")

    shown = (await house.root.wait_for(house.bot, "as measured")).text

    assert "Memory 4 GB: 3 GB for agents, 1 GB kept for the platform" in shown
    assert "No swap: agents sleep by stopping" in shown
    assert "An agent takes 358 MB awake and 0 MB asleep" in shown
    assert "Now 1 agent, 0 asleep; expected to take 179 MB of 3 GB" in shown
    table = [line.split() for line in shown.splitlines()]
    assert ["Plan", "gets", "fit", "awake", "more"] in table
    assert ["Free", "384", "MB", "17", "8", "16"] in table
    assert ["Pro", "1", "GB", "5", "5", "4"] in table


async def test_an_admin_restarts_stops_and_reads_logs(house: House) -> None:
    _, helper = await house.subscriber("Ann")
    house.runtime.written = f"hello {helper.token}"
    root = house.root
    await root.send(house.bot, "/users")
    await root.wait_for(house.bot, "2 people")
    await root.press(house.bot, "Ann → @ann_helper_bot")
    await root.wait_for(house.bot, "👤 Ann @ann")

    assert (await root.press(house.bot, "Restart")).text == "Restarting."
    assert (await Agent.get()).restart_asked_at is not None
    await root.press(house.bot, "Stop")
    await root.wait_for(house.bot, "stopping", button="Start")
    assert (await Agent.get()).desired_state is DesiredState.STOPPED
    await root.press(house.bot, "Logs")
    await root.wait_for(house.bot, "hello [redacted]")
    acts = await AuditEntry.filter(actor_id=root.id).values_list("role", "action")
    assert acts == [("admin", "agent.restart"), ("admin", "agent.stop")]


async def test_suspending_is_asked_twice_and_told(house: House) -> None:
    ann, _ = await house.subscriber("Ann")
    root, user = house.root, await User.get(telegram_id=ann.id)
    await root.send(house.bot, "/users")
    await root.wait_for(house.bot, "Users")
    await root.press(house.bot, "Ann →")
    await root.press(house.bot, "Suspend")
    await root.wait_for(house.bot, "Suspend Ann?")
    assert (await User.get(id=user.id)).is_active

    await root.press(house.bot, "Yes, suspend")

    await ann.wait_for(house.bot, "Your access is suspended and your assistant is stopped")
    sent = await ann.send(house.bot, "/restart")
    await ann.wait_for(house.bot, "Your access is suspended.", after=sent)
    await root.press(house.bot, "Let back in")
    await ann.wait_for(house.bot, "Welcome back!")


async def test_tokens_are_granted_on_the_record(house: House) -> None:
    ann, _ = await house.subscriber("Ann")
    await house.root.send(house.bot, "/users")
    await house.root.wait_for(house.bot, "Users")
    await house.root.press(house.bot, "Ann →")

    await house.root.press(house.bot, "+1M tokens")

    await house.root.wait_for(house.bot, "0 of 2,000,000 tokens")
    user = await User.get(telegram_id=ann.id)
    assert (await Budget.get(user_id=user.id, date=utc_day(house.clock.now()))).granted == 1_000_000
    assert await AuditEntry.exists(action="budget.grant", actor_id=house.root.id, user_id=user.id)


async def test_a_press_that_comes_again_grants_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a death between the grant and Telegram's confirmation; another press is another grant."""
    ann, _ = await house.subscriber("Ann")
    await house.root.send(house.bot, "/users")
    await house.root.wait_for(house.bot, "Users")
    await house.root.press(house.bot, "Ann →")
    feed = Dispatcher.feed_update

    async def feed_twice(self: Dispatcher, bot: Bot, update: Update) -> object:
        await feed(self, bot, update)
        return await feed(self, bot, update)

    monkeypatch.setattr(Dispatcher, "feed_update", feed_twice)

    await house.root.press(house.bot, "+1M tokens")
    await house.root.wait_for(house.bot, "0 of 2,000,000 tokens")
    await house.root.press(house.bot, "+1M tokens")
    await house.root.wait_for(house.bot, "0 of 3,000,000 tokens")

    await house.manager.stop()
    user = await User.get(telegram_id=ann.id)
    assert (await Budget.get(user_id=user.id)).granted == 2_000_000
    assert await AuditEntry.filter(action="budget.grant", user_id=user.id).count() == 2


async def test_a_grant_and_its_record_stand_or_fall_together(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    user, actor = await User.create(telegram_id=5, name="Ann"), Actor(house.root.id, Role.ADMIN)
    grants, grant = Grants(house.use.usage.budgets, house.use.audit), Budgets.grant

    async def grant_and_die(self: Budgets, user_id: int, tokens: int) -> None:
        await grant(self, user_id, tokens)
        raise OSError("the power is gone")

    with monkeypatch.context() as broken:
        broken.setattr(Budgets, "grant", grant_and_die)
        with pytest.raises(OSError, match="power"):
            await grants.give(user, 1_000, actor, "press")
    assert not await AuditEntry.exists(user_id=user.id)
    assert not await Budget.filter(user_id=user.id, granted__gt=0).exists()

    await grants.give(user, 1_000, actor, "press")

    assert (await Budget.get(user_id=user.id)).granted == 1_000


async def test_searching(house: House) -> None:
    await house.subscriber("Ann")
    await house.subscriber("Bob")
    await house.root.send(house.bot, "/users")
    await house.root.wait_for(house.bot, "Users")
    await house.root.press(house.bot, "Search")
    await house.root.wait_for(house.bot, "Whom are you looking for?")

    await house.root.send(house.bot, "@BOB_helper")

    card = await house.root.wait_for(house.bot, "1 person")
    assert card.has_button("Bob → @bob_helper_bot")
    assert not card.has_button("Ann →")


async def test_many_people_come_in_pages(house: House) -> None:
    for number in range(20):
        await User.create(telegram_id=number + 1, name=f"Nr {number}")
    await house.root.send(house.bot, "/users")
    await house.root.wait_for(house.bot, "21 people", button="›")

    await house.root.press(house.bot, "›")
    await house.root.press(house.bot, "›")

    await house.root.wait_for(house.bot, lambda m: m.has_button("Nr 0") and not m.has_button("›"))


@pytest.mark.parametrize("command", ["/admin", "/users"])
async def test_a_strangers_command_is_refused_and_nothing_else(house: House, command: str) -> None:
    bob, _ = await house.subscriber("Bob")
    sent = await bob.send(house.bot, command)

    refusal = await bob.wait_for(house.bot, "administrators only", after=sent)

    assert refusal.text == "🔐 That is for administrators only."
    assert not refusal.buttons
    assert await bob.stays_silent(house.bot, seconds=0.5, after=refusal)


async def test_a_strangers_press_is_refused_and_nothing_else(house: House) -> None:
    """A client may send whatever data it likes."""
    await house.subscriber("Ann")
    agent = await Agent.get()
    there = await incident(house)
    bob, _ = await house.subscriber("Bob")
    on_user = [f"adm_user:{verb}:{agent.user_id}" for verb in ("show", "stop", "suspend_sure", "grant", "logs")]
    on_alert = [f"adm_alert:{verb}:{there.id}" for verb in ("restart", "stop", "ack")]
    forged = ["adm_go:overview", "adm_users:0", "adm_nonsense", *on_user, *on_alert]
    seen = await visible(house, bob)
    answers = [await house.forge(bob, data) for data in forged]

    assert {(answer.text, answer.alert) for answer in answers} == {("🔐 That is for administrators only.", True)}
    assert await visible(house, bob) == seen
    assert (await Agent.get(id=agent.id)).wish == agent.wish
    assert not await AuditEntry.filter(action__startswith="incident.").exists()


async def test_alerts_have_working_buttons(house: House) -> None:
    await house.subscriber("Ann")
    root = house.root
    await root.send(house.bot, "/admin")
    console = await root.wait_for(house.bot, "Overview")
    there = await incident(house)
    await house.outbox.post_admins(NoticeKind.INCIDENT, {"incident_id": there.id}, subject=f"incident:{there.id}")
    alert = await root.wait_for(house.bot, "Exit code: 137")
    assert "boom <here>" in alert.text
    assert "Restarts: 1 of 3" in alert.text

    await root.press(house.bot, "Acknowledge", message=alert)
    await root.press(house.bot, "Stop trying", message=alert)
    await root.press(house.bot, "Restart", message=alert)
    acts = await AuditEntry.filter(action__startswith="incident.").values_list("action", "actor_id")
    assert acts == [("incident.acknowledge", root.id), ("incident.stop_trying", root.id)]
    assert (await Agent.get()).restart_asked_at is not None
    await root.press(house.bot, "Logs", message=alert)
    await root.wait_for(house.bot, "Logs of Ann's assistant", after=alert)
    messages = {m.id: m for m in await root.messages(house.bot)}
    assert not messages[alert.id].deleted, "an alert is no card"
    assert messages[console.id].deleted

    await root.wait_for(house.bot, lambda m: m.id == alert.id and "No more restarts" in m.text)
