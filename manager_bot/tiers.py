"""The tiers a request can be answered by, apart from the database so that ``clawbot classify`` starts fast."""

from __future__ import annotations

from enum import StrEnum


class Tier(StrEnum):
    """The class of model that answered."""

    LITE = "lite"
    FLASH = "flash"
    PRO = "pro"


class TierWish(StrEnum):
    """Which class of model a subscriber wants: ``auto`` leaves it to the words of each message."""

    AUTO = "auto"
    LITE = "lite"
    FLASH = "flash"
    PRO = "pro"
