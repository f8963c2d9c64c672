"""The buttons under an alert."""

from __future__ import annotations

from datetime import timedelta

from aiogram import F, Router
from aiogram.types import CallbackQuery

from manager_bot.services.accounts import Accounts
from manager_bot.services.agents import Agents
from manager_bot.services.audit import Actor
from manager_bot.telegram.callbacks import AdminAlert, AlertVerb
from manager_bot.telegram.ports import IncidentDesk
from manager_bot.telegram.screen import Screen
from manager_bot.telegram.screens.admin import AdminScreens
from models import User

SNOOZE = timedelta(hours=1)


async def acknowledge(
    _: CallbackQuery, *, callback_data: AdminAlert, actor: Actor, incidents: IncidentDesk, screen: Screen
) -> None:
    """Seen; who comes second learns who was first."""
    by = await incidents.acknowledge(callback_data.incident_id, actor)
    await _done(screen, actor, by, "toast.alert.ack")


async def snooze(
    _: CallbackQuery, *, callback_data: AdminAlert, actor: Actor, incidents: IncidentDesk, screen: Screen
) -> None:
    """Not now."""
    by = await incidents.snooze(callback_data.incident_id, actor, SNOOZE)
    await _done(screen, actor, by, "toast.alert.snooze")


async def publish(
    _: CallbackQuery, *, callback_data: AdminAlert, actor: Actor, incidents: IncidentDesk, screen: Screen
) -> None:
    """Tell the public, or no more."""
    verb = callback_data.verb
    await incidents.publish(callback_data.incident_id, actor, public=verb is AlertVerb.PUBLISH)
    await screen.toast(screen.words(f"toast.alert.{verb.value}"))


async def stop_trying(
    _: CallbackQuery, *, callback_data: AdminAlert, actor: Actor, incidents: IncidentDesk, screen: Screen
) -> None:
    """Leave it down."""
    by = await incidents.stop_trying(callback_data.incident_id, actor)
    await _done(screen, actor, by, "toast.alert.stop")


async def restart(
    _: CallbackQuery,
    *,
    callback_data: AdminAlert,
    actor: Actor,
    accounts: Accounts,
    agents: Agents,
    incidents: IncidentDesk,
    screen: Screen,
) -> None:
    """Try again now; the alert itself shows what comes of it."""
    owner = await accounts.find(await incidents.owner_of(callback_data.incident_id))
    agent = await agents.restart(owner, actor)
    by = await agents.audit.latest("agent.restart", agent_id=agent.id)
    await _done(screen, actor, by, "toast.admin.restart")


async def logs(
    _: CallbackQuery,
    *,
    callback_data: AdminAlert,
    user: User,
    accounts: Accounts,
    incidents: IncidentDesk,
    screen: Screen,
    admin_screens: AdminScreens,
) -> None:
    """What did it write?"""
    owner = await accounts.find(await incidents.owner_of(callback_data.incident_id))
    await screen.show(await admin_screens.logs(user, owner))


async def _done(screen: Screen, actor: Actor, by: int | None, key: str) -> None:
    """Say *key*, or the name of the admin who did it a moment before."""
    other = await User.get_or_none(telegram_id=by) if by not in (None, actor.telegram_id) else None
    await screen.toast(screen.words("toast.alert.taken", name=other.name) if other else screen.words(key))


def router() -> Router:
    """Alert buttons."""
    router = Router(name="alerts")
    on_press = router.callback_query.register
    on_press(acknowledge, AdminAlert.filter(F.verb == AlertVerb.ACKNOWLEDGE))
    on_press(publish, AdminAlert.filter(F.verb.in_({AlertVerb.PUBLISH, AlertVerb.WITHDRAW})))
    on_press(snooze, AdminAlert.filter(F.verb == AlertVerb.SNOOZE))
    on_press(stop_trying, AdminAlert.filter(F.verb == AlertVerb.STOP_TRYING))
    on_press(restart, AdminAlert.filter(F.verb == AlertVerb.RESTART))
    on_press(logs, AdminAlert.filter(F.verb == AlertVerb.LOGS))
    return router
