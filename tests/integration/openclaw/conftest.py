"""The real image, built if it is not here."""

from __future__ import annotations

import pytest

from manager_bot.openclaw.image import ensure_image
from manager_bot.runtime.images import DockerImages


@pytest.fixture(scope="module")
def store() -> DockerImages:
    return DockerImages()


@pytest.fixture(scope="module")
def image(store: DockerImages) -> str:
    return ensure_image(store, print)
