"""The status page: what it tells, and what it must never tell."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from fixtures.web_house import CLIENT, SECRET, WebHouse

from manager_bot.services.audit import Actor, Audit, Role
from manager_bot.services.incidents import Incidents
from manager_bot.services.outbox import Outbox
from manager_bot.services.status import Part, PartState
from manager_bot.services.uptime import Uptime
from manager_bot.watchdog.bell import Bell
from models import (
    Agent,
    AuditEntry,
    Cause,
    ContainerStatus,
    DesiredState,
    Heartbeat,
    Incident,
    Severity,
    Stage,
    Trouble,
    UptimeDay,
)

SECRETS = ["Ann-Perlova", "ann_perlova_9", "7712345678", "ann@private.example", "AnnHelperBot", "sealed-token-xyz"]


async def get(house: WebHouse, path: str, **headers: str) -> tuple[int, str, dict[str, str]]:
    async with house.session.get(house.root + path, headers=headers) as answer:
        return answer.status, await answer.text(), {name.lower(): value for name, value in answer.headers.items()}


async def status_json(house: WebHouse) -> dict[str, Any]:
    async with house.session.get(f"{house.root}/status.json") as answer:
        assert answer.content_type == "application/json"
        body: dict[str, Any] = await answer.json()
        return body


async def beat(house: WebHouse, *parts: str) -> None:
    for part in parts:
        await Heartbeat.update_or_create(defaults={"at": house.clock.now()}, part=part)


async def incident(house: WebHouse, cause: Cause, **more: Any) -> Incident:
    now = house.clock.now()
    return await Incident.create(
        cause=cause, severity=Severity.CRITICAL, opened_at=now, updated_at=now, open_key=more.pop("key", cause), **more
    )


async def plant(house: WebHouse) -> Agent:
    """A person, an agent and an incident full of what must not get out."""
    name, username, telegram_id, email, bot, token = SECRETS
    user = await house.user("X")
    user.update_from_dict(
        {"name": name, "username": username, "telegram_id": int(telegram_id), "email": email, "github_username": name}
    )
    user.github_token = user.gemini_api_key = user.custom_rules = token
    await user.save()
    agent = await Agent.create(
        user=user, bot_id=int(telegram_id), bot_username=bot, bot_name=name, bot_token=token, gateway_key=token,
        bot_token_fingerprint=token, gateway_key_fingerprint=token, container_name=bot, container_port=9001,
        container_status=ContainerStatus.RUNNING, stage=Stage.CONNECTED,
    )  # fmt: skip
    await incident(
        house, Cause.CRASHED, key="1", agent_id=agent.id, user_id=user.id, log_tail=f"{name} {token}",
        published_at=house.clock.now(), acknowledged_by=int(telegram_id),
    )  # fmt: skip
    return agent


async def test_nothing_about_a_person_is_served(house: WebHouse) -> None:
    agent = await plant(house)
    await house.linked(await house.user(SECRETS[0]))
    await incident(house, Cause.DOCKER_DOWN, log_tail=SECRETS[0])
    paths = ("/", "/status.json", "/healthz", "/nothing", "/oauth/github/start", "/oauth/github/callback?state=1")
    hidden = [*SECRETS, CLIENT, SECRET, "gho_", str(agent.container_port), house.settings.bot_token.get_secret_value()]
    for path in paths:
        for language in ("en", "ru"):
            _, text, headers = await get(house, path, **{"Accept-Language": language})
            served = text + str(headers)
            assert [one for one in hidden if one in served] == [], path


async def test_parts_follow_heartbeats_and_open_incidents(house: WebHouse) -> None:
    assert (await status_json(house))["status"] == "unknown"
    await beat(house, "bot", "gateway", "watchdog")
    assert set((await status_json(house))["components"].values()) == {"up"}
    await incident(house, Cause.GEMINI_DOWN)
    found = await status_json(house)
    assert (found["status"], found["components"]["gemini"], found["components"]["docker"]) == ("down", "down", "up")
    assert found["incidents"] == [], "not published"
    house.clock.offset = timedelta(minutes=3)
    await beat(house, "bot", "gateway")
    found = await status_json(house)
    assert (found["status"], found["components"]["watchdog"]) == ("silent", "silent")
    assert found["components"]["gemini"] == "unknown"
    _, page, _ = await get(house, "/")
    assert "Watchdog silent" in page


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, "running"),
        ({"container_status": ContainerStatus.CREATED}, "starting"),
        ({"stage": Stage.STARTING}, "starting"),
        ({"desired_state": DesiredState.STOPPED, "container_status": ContainerStatus.EXITED}, "stopped"),
        ({"trouble": Trouble.OUT_OF_MEMORY}, "troubled"),
        ({"desired_state": DesiredState.REMOVED}, None),
    ],
)
async def test_agents_are_counted_by_state(house: WebHouse, changes: dict[str, Any], state: str | None) -> None:
    agent = await plant(house)
    agent.update_from_dict(changes)
    await agent.save()
    found = (await status_json(house))["agents"]
    assert {name: count for name, count in found.items() if count} == ({state: 1} if state else {})


async def test_published_incidents_are_shown_for_a_fortnight(house: WebHouse) -> None:
    now = house.clock.now()
    await incident(house, Cause.TELEGRAM_DOWN, published_at=now)
    old = await incident(house, Cause.DOCKER_DOWN, published_at=now)
    old.open_key, old.closed_at = None, now - timedelta(days=15)
    await old.save()
    assert [one["cause"] for one in (await status_json(house))["incidents"]] == ["telegram_down"]
    _, page, _ = await get(house, "/", **{"Accept-Language": "ru-RU,ru;q=0.9,en;q=0.5"})
    assert "Телеграм не отвечает" in page
    assert '<html lang="ru">' in page


async def test_an_admin_publishes_and_withdraws(house: WebHouse) -> None:
    gemini = await incident(house, Cause.GEMINI_DOWN)
    audit, admin = Audit(house.clock), Actor(1, Role.ADMIN)
    desk = Incidents(house.clock, Outbox(house.clock, ()), audit, Bell())
    await desk.publish(gemini.id, admin, public=True)
    await desk.publish(gemini.id, admin, public=True)
    assert [one["cause"] for one in (await status_json(house))["incidents"]] == ["gemini_down"]
    await desk.publish(gemini.id, admin, public=False)
    assert (await status_json(house))["incidents"] == []
    assert await AuditEntry.filter(action__startswith="incident.").count() == 2


async def record(house: WebHouse, minutes: int) -> None:
    """Let minutes pass and check at their end."""
    house.clock.offset += timedelta(minutes=minutes)
    await Uptime(house.clock, house.board).record_checks()


async def total(part: Part) -> tuple[int, int]:
    rows = await UptimeDay.filter(component=part.value)
    return sum(row.up for row in rows), sum(row.down for row in rows)


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"], indirect=True)
async def test_uptime_is_what_was_recorded(house: WebHouse) -> None:
    await record(house, 0)
    assert await total(Part.BOT) == (0, 0), "nobody knows yet"
    await beat(house, "bot", "gateway", "watchdog")
    await record(house, 1)
    await beat(house, "bot", "gateway", "watchdog")
    await record(house, 1)
    await record(house, 0)
    assert await total(Part.BOT) == (2, 0)
    gemini = await incident(house, Cause.GEMINI_DOWN)
    await beat(house, "bot", "gateway", "watchdog")
    await record(house, 1)
    assert await total(Part.GEMINI) == (2, 1)
    gemini.open_key, gemini.closed_at = None, house.clock.now()
    await gemini.save()
    house.clock.offset += timedelta(days=2, minutes=-1)
    await beat(house, "bot", "gateway", "watchdog")
    await record(house, 1)
    assert await total(Part.BOT) == (4, 2 * 24 * 60 - 1), "ClawBot was away for two days"
    assert await total(Part.GEMINI) == (3, 1), "of Gemini nothing is known meanwhile"
    found = await status_json(house)
    assert found["uptime"]["gemini"]["percent"] == 75.0
    assert len(found["uptime"]["bot"]["days"]) == 90
    assert found["uptime"]["bot"]["days"][0] is None
    assert found["uptime"]["bot"]["days"][-2] == 0.0
    house.clock.offset += timedelta(days=100)
    await beat(house, "bot", "gateway", "watchdog")
    await record(house, 1)
    assert (await house.board.parts())[Part.BOT] is PartState.UP
    assert await UptimeDay.filter(component="gemini").count() == 1


async def test_it_is_small_and_answers_304(house: WebHouse) -> None:
    for days in range(90):
        day = (house.clock.now() - timedelta(days=days)).strftime("%Y-%m-%d")
        for part in Part:
            await UptimeDay.create(component=part, date=day, up=1400, down=days % 3, checked_at=house.clock.now())
    sizes = 0
    for path in ("/", "/status.json"):
        _, text, headers = await get(house, path)
        sizes += len(text.encode())
        status, body, _ = await get(house, path, **{"If-None-Match": headers["etag"]})
        assert (status, body) == (304, "")
    assert sizes < 50_000, sizes
