"""The real image, built if it is not here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from manager_bot.openclaw.image import ensure_image
from manager_bot.openclaw.store import TrialNetwork
from manager_bot.runtime.images import DockerImages


@pytest.fixture(scope="module")
def store() -> DockerImages:
    return DockerImages()


@pytest.fixture(scope="module")
def image(store: DockerImages) -> str:
    return ensure_image(store, print)


@pytest.fixture
def bridge(store: DockerImages) -> Iterator[TrialNetwork]:
    """A network on which a container reaches a stand-in of ours."""
    with store.network() as network:
        yield network
