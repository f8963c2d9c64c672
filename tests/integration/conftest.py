"""Fixtures on real Docker shared by the integration tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import docker
import pytest
from standin_agent import Plot, build_image, new_plot

from manager_bot.openclaw.image import ensure_image
from manager_bot.openclaw.store import TrialNetwork
from manager_bot.runtime.docker import DockerRuntime
from manager_bot.runtime.images import DockerImages


@pytest.fixture(scope="module")
def store() -> DockerImages:
    return DockerImages()


@pytest.fixture(scope="module")
def image(store: DockerImages) -> str:
    """The real image, built if it is not here."""
    return ensure_image(store, print)


@pytest.fixture
def bridge(store: DockerImages) -> Iterator[TrialNetwork]:
    """A network on which a container reaches a stand-in of ours, or a gateway."""
    with store.network() as network:
        yield network


@pytest.fixture(scope="session")
def standin_image() -> Iterator[str]:
    """The stand-in agent's image; a missing engine is a failure, not a skip."""
    try:
        client = docker.APIClient()
    except docker.errors.DockerException as error:
        pytest.fail(f"no Docker Engine answers ({error}): apt-get install docker.io iptables, then run dockerd")
    image = build_image(client)
    yield image
    client.remove_image(image, force=True)
    client.close()


@pytest.fixture
def plot(standin_image: str, tmp_path: Path) -> Plot:
    """An installation of the test's own."""
    return new_plot(standin_image, tmp_path)


@pytest.fixture
async def runtime(plot: Plot) -> AsyncIterator[DockerRuntime]:
    """A real runtime, its network standing; everything of it is removed afterwards."""
    made = DockerRuntime(plot.mark, network=plot.network, subnet=plot.subnet)
    await made.prepare()
    yield made
    await made.dismantle()
    made.close()
