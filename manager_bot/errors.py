"""One family of errors.

A :class:`ClawBotError` that can reach a person carries a *text key* of ``locales/`` and the values
to fill it with, never a sentence: only the edge that shows it knows the person's language.
A :class:`SettingError` is for the operator; its one line names the setting and the cure.
"""

from __future__ import annotations

from typing import ClassVar


class ClawBotError(Exception):
    """Something a person must be told in their own words.

    ``key`` is the text key shown; subclasses set it, ``values`` fill its placeholders.
    """

    key: ClassVar[str] = "error.unexpected"

    def __init__(self, **values: object) -> None:
        super().__init__(self.key)
        self.values = values


class OperatorError(Exception):
    """A mistake or a lack only the operator can mend; ``str()`` is one line: what is wrong and the cure."""


class SettingError(OperatorError):
    """A setting is missing or wrong; ``str()`` names it as in the environment."""


# -- the bot token --------------------------------------------------------------------------------


class TokenMalformed(ClawBotError):
    """The text is not shaped like a bot token."""

    key = "error.token.malformed"


class TokenUnknown(ClawBotError):
    """Telegram answers 401: revoked, or mistyped."""

    key = "error.token.unknown"


class TokenTaken(ClawBotError):
    """The bot is registered by somebody already (perhaps by the same person)."""

    key = "error.token.taken"


class TokenIsManagers(ClawBotError):
    """It is the manager's own token."""

    key = "error.token.managers"


class TokenHasWebhook(ClawBotError):
    """The bot delivers its updates to a webhook; an agent could not poll it."""

    key = "error.token.webhook"


class TokenPolledElsewhere(ClawBotError):
    """Another program polls the bot right now."""

    key = "error.token.polled"


class TelegramUnavailable(ClawBotError):
    """Telegram did not answer, or answered nonsense; nothing was saved."""

    key = "error.telegram.unavailable"


# -- people and plans -----------------------------------------------------------------------------


class NotAllowed(ClawBotError):
    """The act belongs to another role."""

    key = "error.not_allowed"


class Suspended(ClawBotError):
    """An admin suspended this user."""

    key = "error.suspended"


class UserUnknown(ClawBotError):
    """An admin named a user that does not exist (any more)."""

    key = "error.user.unknown"


class IncidentOver(ClawBotError):
    """An admin acted on an incident that has ended."""

    key = "error.incident.over"


class OnboardingClosed(ClawBotError):
    """Strangers are not admitted because a safety condition of the host does not stand."""

    key = "error.onboarding.closed"


# -- the agent ------------------------------------------------------------------------------------


class AgentMissing(ClawBotError):
    """The user has no agent (any more)."""

    key = "error.agent.missing"


class AgentExists(ClawBotError):
    """The user has an agent already; a second is not part of any plan."""

    key = "error.agent.exists"


class NameMismatch(ClawBotError):
    """The typed name is not the agent's; nothing was deleted."""

    key = "error.agent.name_mismatch"


class NoFreePort(ClawBotError):
    """Every port of the agents' range is taken."""

    key = "error.capacity.ports"


class NoMemory(ClawBotError):
    """The plans' limits would exceed the host's memory times the over-commit setting."""

    key = "error.capacity.memory"


class PlanTooSmall(ClawBotError):
    """With strict plans on: the plan's memory is under the image's measured minimum on this host."""

    key = "error.capacity.plan"


class RuntimeUnavailable(ClawBotError):
    """The container engine does not answer."""

    key = "error.runtime.unavailable"


class TierNotInPlan(ClawBotError):
    """The model wished for belongs to a bigger plan."""

    key = "error.tier.plan"


# -- the GitHub link ------------------------------------------------------------------------------


class LinkExpired(ClawBotError):
    """The address, or GitHub's way back, is older than ten minutes or was never ours."""

    key = "error.link.expired"


class LinkUsed(ClawBotError):
    """The address, or GitHub's way back, was used already."""

    key = "error.link.used"


class LinkForeign(ClawBotError):
    """Another browser than the one that began comes back from GitHub."""

    key = "error.link.foreign"


class LinkDeclined(ClawBotError):
    """The person did not consent at GitHub, or cancelled here; nothing was saved."""

    key = "error.link.declined"


class GitHubUnavailable(ClawBotError):
    """GitHub did not answer, or answered nonsense; nothing was saved."""

    key = "error.github.unavailable"


class GitHubRefused(ClawBotError):
    """GitHub does not accept this application's set-up, or this code."""

    key = "error.github.refused"


class GitHubTaken(ClawBotError):
    """The GitHub account is connected to another Telegram user."""

    key = "error.github.taken"


class GitHubMissing(ClawBotError):
    """The user has no GitHub account connected (any more)."""

    key = "error.github.missing"


class QuietHoursMalformed(ClawBotError):
    """The text names no hours, or a time zone nobody knows."""

    key = "error.quiet.malformed"
