"""Buttons. Each carries all it needs, so that it works after any restart; 64 bytes at most."""

from __future__ import annotations

from enum import StrEnum

from aiogram import F
from aiogram.filters.callback_data import CallbackData
from magic_filter import MagicFilter

from manager_bot.plans import PlanName
from manager_bot.tiers import TierWish

ADMIN_PREFIX = "adm"
"""Every admin button's data begins so: that is how a stranger's press is told apart."""


class Goto(StrEnum):
    """A screen a button leads to."""

    WELCOME = "welcome"
    PLANS = "plans"
    BOT = "bot"
    HOME = "home"
    USAGE = "usage"
    LOGS = "logs"
    LANGUAGE = "language"
    HELP = "help"
    PRIVACY = "privacy"
    DELETE = "delete"
    GITHUB = "github"
    UNLINK = "unlink"
    MODEL = "model"
    CANCEL = "cancel"


class Go(CallbackData, prefix="go"):
    """Show a screen."""

    to: Goto


def to(screen: Goto) -> MagicFilter:
    """A filter for buttons that lead to *screen*."""
    return F.to == screen


class Speak(CallbackData, prefix="speak"):
    """Choose a language; *first* while being welcomed."""

    language: str
    first: bool


class Take(CallbackData, prefix="take"):
    """Pick a plan."""

    plan: PlanName


class Wish(CallbackData, prefix="wish"):
    """Choose the class of model that answers."""

    tier: TierWish


class Unlink(CallbackData, prefix="unlink"):
    """Unlink GitHub, having been asked whether to."""


class Verb(StrEnum):
    """What can be asked of an agent."""

    START = "start"
    STOP = "stop"
    RESTART = "restart"
    SLEEP = "sleep"
    WAKE = "wake"


class Ask(CallbackData, prefix="ask"):
    """Ask something of one's own agent."""

    verb: Verb


def asks(verb: Verb) -> MagicFilter:
    """A filter for buttons that ask *verb* of an agent."""
    return F.verb == verb


class AdminGoto(StrEnum):
    """An admin's screen."""

    OVERVIEW = "overview"
    INCIDENTS = "incidents"
    CAPACITY = "capacity"
    SEARCH = "search"


class AdminGo(CallbackData, prefix="adm_go"):
    """Show an admin's screen."""

    to: AdminGoto


class AdminUsers(CallbackData, prefix="adm_users"):
    """One page of the list of users."""

    page: int


class AdminVerb(StrEnum):
    """What an admin can do to a user or their agent."""

    SHOW = "show"
    LOGS = "logs"
    START = "start"
    STOP = "stop"
    RESTART = "restart"
    SLEEP = "sleep"
    WAKE = "wake"
    SUSPEND = "suspend"
    SUSPEND_SURE = "suspend_sure"
    RESUME = "resume"
    GRANT = "grant"


class AdminUser(CallbackData, prefix="adm_user"):
    """Something about one user, by our own id."""

    verb: AdminVerb
    user_id: int


class AlertVerb(StrEnum):
    """What an admin can do about an incident."""

    ACKNOWLEDGE = "ack"
    SNOOZE = "snooze"
    RESTART = "restart"
    LOGS = "logs"
    STOP_TRYING = "stop"
    PUBLISH = "publish"
    WITHDRAW = "withdraw"


class AdminAlert(CallbackData, prefix="adm_alert"):
    """A button under an alert."""

    verb: AlertVerb
    incident_id: int
