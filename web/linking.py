"""The link with GitHub as this installation is configured."""

from __future__ import annotations

from manager_bot.clock import Clock
from manager_bot.config import Settings
from manager_bot.services.audit import Audit
from manager_bot.services.github_tokens import GitHubTokens
from manager_bot.services.links import Links
from manager_bot.services.outbox import Outbox
from manager_bot.vault import Vault
from web.signin import START


def links_of(settings: Settings, clock: Clock, vault: Vault, audit: Audit, outbox: Outbox) -> Links | None:
    """The use cases, or nothing where GitHub is not configured."""
    if not settings.github_configured:
        return None
    from web.github import GitHubClient  # noqa: PLC0415 - authlib and its client are loaded only where they serve

    github = GitHubClient.of(settings)
    tokens = GitHubTokens(clock, vault, github, audit, outbox)
    return Links(clock, vault, github, tokens, audit, outbox, f"{settings.public_url}{START}")
