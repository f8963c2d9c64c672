"""The official image from a registry, tuned; and what is said when it cannot be had."""

from __future__ import annotations

import secrets
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import docker
import pytest
from loopback_registry import SPARE_EXTENSION, publish, registry

from manager_bot.openclaw import image as agent_image
from manager_bot.openclaw import recipe, trial, tuning
from manager_bot.openclaw.footprint import Footprint, footprint
from manager_bot.openclaw.patches import PATCHES
from manager_bot.openclaw.store import ImageError, Limits, RegistryUnreachable
from manager_bot.openclaw.trial import try_once
from manager_bot.plans import PLANS, PlanName
from manager_bot.runtime.images import DockerImages

pytestmark = pytest.mark.timeout(900)  # whichever comes first packs, pushes or builds an image


@pytest.fixture(scope="module")
def official(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A reference by digest that its registry serves, and the engine does not have yet."""
    folder = tmp_path_factory.mktemp("registry")
    with registry(folder) as address:
        ref = publish(address, folder)
        yield ref
        _forget(ref)


@pytest.fixture
def ours(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name under which a test makes the image, beside the one that everybody uses."""
    tag = f"clawbot-test-official:{secrets.token_hex(4)}"
    monkeypatch.setattr(agent_image, "image_tag", lambda: tag)
    yield tag
    _forget(tag, f"{tag}-untried")


def _forget(*names: str) -> None:
    client = docker.from_env()
    for name in names:
        if client.images.list(name):
            client.images.remove(name, force=True)
    client.close()


def test_it_is_pulled_by_digest_tuned_tried_and_labelled(
    store: DockerImages, official: str, ours: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    # How little is enough is searched for when our own image is built.
    monkeypatch.setattr(trial, "measure", _measure_once)

    agent_image.build(store, said.append, official)

    client = docker.from_env()
    made, base = client.images.get(ours), client.images.get(official)
    layers = base.attrs["RootFS"]["Layers"]
    assert made.attrs["RootFS"]["Layers"][: len(layers)] == layers
    assert made.labels["org.clawbot.base"] == official
    assert made.labels["org.clawbot.openclaw"] == recipe.OPENCLAW_VERSION
    assert (needs := footprint(made.labels)) is not None
    assert needs.awake_mb is not None
    assert needs.asleep_mb is not None
    assert 30 < needs.asleep_mb < needs.awake_mb * 0.7
    assert made.attrs["Config"]["User"] == "1000:1000"
    assert not any("from packages" in line for line in said)
    _assert_tuned(store, ours, tmp_path)
    assert try_once(store, ours, Limits(needs.memory_mb), trial._SHORT).answered


def _measure_once(store: DockerImages, image: str, _report: object) -> Footprint:
    """A long conversation in the memory that the starter plan has."""
    memory_mb = PLANS[PlanName.STARTER].memory_mb
    tried = try_once(store, image, Limits(memory_mb), weigh=True)
    assert tried.answered, tried.failure
    assert tried.weight is not None
    assert tried.weight.asleep_mb is not None
    weight = round(tried.weight.awake_mb), round(tried.weight.asleep_mb)
    return Footprint(memory_mb, tried.cpu_seconds, tried.ready_seconds, tried.answer_seconds[0], *weight)


def _assert_tuned(store: DockerImages, ref: str, folder: Path) -> None:
    with store.workshop(ref) as opened:
        opened.fetch(f"{recipe.OFFICIAL_PACKAGE}/dist", folder / "dist")
        compiled = opened.run("ls", recipe.COMPILE_CACHE).split()
    extensions = {one.name for one in (folder / tuning.EXTENSIONS).iterdir()}
    assert compiled
    assert "telegram" in extensions
    assert SPARE_EXTENSION not in extensions
    assert (folder / tuning.MODULE_TYPE).read_text() == tuning.MODULE_TYPE_TEXT
    for patch in PATCHES:
        assert sum(patch.after in path.read_text() for path in folder.glob(patch.files)) == 1


def test_a_digest_the_registry_does_not_have_is_refused(store: DockerImages, official: str, ours: str) -> None:
    wrong = f"{official.split('@', maxsplit=1)[0]}@sha256:{'0' * 64}"

    with pytest.raises(ImageError, match="its registry says: manifest"):
        agent_image.ensure_image(store, print, None, wrong)

    assert store.labels(f"{ours}-untried") is None


def test_an_official_image_of_another_version_is_refused(
    store: DockerImages, official: str, ours: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipe, "OPENCLAW_VERSION", "2031.1.1")

    with pytest.raises(ImageError, match=r"holds OpenClaw 2026\.\d+\.\d+, this ClawBot is for 2031\.1\.1"):
        agent_image.build_on_official(store, print, official)


@pytest.fixture(params=["refusing", "silent"])
def nowhere(request: pytest.FixtureRequest) -> Iterator[str]:
    """A reference whose registry refuses the connection, or takes it and says nothing."""
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        if request.param == "silent":
            deaf.listen()
        yield f"127.0.0.1:{deaf.getsockname()[1]}/openclaw/openclaw@sha256:{'1' * 64}"


def test_an_unreachable_registry_is_said_soon_and_packages_are_used_instead(
    store: DockerImages, ours: str, nowhere: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said: list[str] = []
    monkeypatch.setattr(agent_image, "root_tar", lambda _report: tmp_path / "none")
    started = time.monotonic()

    with pytest.raises(FileNotFoundError):
        agent_image.ensure_image(store, said.append, None, nowhere)

    assert time.monotonic() - started < 30
    assert any("no registry answers" in line and "from packages instead" in line for line in said)


def test_what_is_made_of_nothing_else_says_so_without_a_registry(store: DockerImages, ours: str) -> None:
    with pytest.raises(RegistryUnreachable):
        agent_image.build_on_official(store, print, f"127.0.0.1:9/openclaw/openclaw@sha256:{'1' * 64}")


def test_what_killed_trials_left_behind_is_swept(store: DockerImages) -> None:
    client, prefix = docker.from_env(), f"clawbot-test-sweep-{secrets.token_hex(4)}-"
    old = client.networks.create(f"{prefix}1")
    try:
        store.sweep(prefix, datetime.now(UTC))
        assert client.networks.list(names=[prefix])
        store.sweep(prefix, datetime.now(UTC) + timedelta(hours=2))
        assert not client.networks.list(names=[prefix])
    finally:
        for left in client.networks.list(ids=[old.id]):
            left.remove()
        client.close()
