"""Fixtures on real Docker shared by the integration tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import docker
import pytest
from standin_agent import Plot, build_image, new_plot

from manager_bot.runtime.docker import DockerRuntime


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
