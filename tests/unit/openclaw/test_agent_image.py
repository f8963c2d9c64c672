"""When the image is used, pulled or built; and that its needs travel with it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from fixtures.settings import MakeSettings

from manager_bot.config import load_settings
from manager_bot.errors import SettingError
from manager_bot.openclaw import image, recipe
from manager_bot.openclaw.footprint import Footprint, footprint
from manager_bot.openclaw.official import full_name


class Shelf:
    """A store with these images, whose registry has those."""

    def __init__(self, present: tuple[str, ...] = (), registry: tuple[str, ...] = ()) -> None:
        self.present, self.registry = set(present), registry

    def labels(self, ref: str) -> Mapping[str, str] | None:
        return {} if ref in self.present else None

    def pull(self, ref: str) -> None:
        if ref not in self.registry:
            raise image.ImageError(f"{ref} cannot be pulled")
        self.present.add(ref)


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[object]:
    calls: list[object] = []
    monkeypatch.setenv("CLAWBOT_IMAGE_CACHE", str(tmp_path))
    monkeypatch.setattr(image, "_build", lambda _store, _report, official: calls.append(official))
    return calls


def ensure(shelf: Shelf, wanted: str | None = None) -> str:
    return image.ensure_image(shelf, lambda _line: None, wanted)  # type: ignore[arg-type]  # the part that is used


def test_a_present_image_is_used_as_it_is(built: list[object]) -> None:
    assert ensure(Shelf((image.image_tag(),))) == image.image_tag()
    assert built == []


def test_ours_is_built_and_never_pulled(built: list[object]) -> None:
    assert ensure(Shelf(registry=(image.image_tag(),))) == image.image_tag()
    assert built == [""]


def test_the_operators_own_is_pulled_and_never_built(built: list[object]) -> None:
    shelf = Shelf(registry=("example/agent:1",))

    assert ensure(shelf, "example/agent:1") == "example/agent:1"
    assert "example/agent:1" in shelf.present
    with pytest.raises(image.ImageError):
        ensure(shelf, "example/agent:2")
    assert built == []


DIGEST = f"sha256:{'a' * 64}"


@pytest.mark.parametrize(
    ("setting", "name"),
    [
        (DIGEST, f"{recipe.OFFICIAL_IMAGE}@{DIGEST}"),
        (f"127.0.0.1:5000/mirror@{DIGEST}", f"127.0.0.1:5000/mirror@{DIGEST}"),
    ],
)
def test_a_digest_alone_is_one_of_the_official_name(setting: str, name: str) -> None:
    assert full_name(setting) == name


@pytest.mark.parametrize("setting", ["example/agent:latest", "example/agent", "sha256:abc", f"@{DIGEST}"])
def test_an_official_image_that_is_not_pinned_is_refused(make_settings: MakeSettings, setting: str) -> None:
    with pytest.raises(SettingError, match="CLAWBOT_OFFICIAL_IMAGE is wrong: must be pinned by digest"):
        load_settings(bot_token="1:t", gemini_api_key="g", secret_keys=("k",), official_image=setting)


def test_a_footprint_survives_its_labels() -> None:
    measured = Footprint(memory_mb=384, cpu_seconds=7.2, seconds=6.1, answer_seconds=1.2, awake_mb=354, asleep_mb=160)
    unweighed = Footprint(memory_mb=384, cpu_seconds=7.2, seconds=6.1, answer_seconds=1.2)

    assert footprint(measured.labels()) == measured
    assert footprint(unweighed.labels()) == unweighed
    assert footprint({}) is None
    assert footprint({**measured.labels(), "org.clawbot.footprint.memory_mb": "plenty"}) is None


def test_a_changed_lock_file_is_another_image(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = recipe.image_tag()
    for source in recipe.FILES.iterdir():
        (tmp_path / source.name).write_bytes(source.read_bytes())
    monkeypatch.setattr(recipe, "FILES", tmp_path)
    assert recipe.image_tag() == before

    (tmp_path / "package-lock.json").write_text("{}")

    assert recipe.image_tag() != before
    assert recipe.image_tag().startswith("clawbot-agent:2026.7.35-")


def test_the_pins_agree_with_each_other() -> None:
    locked = (recipe.FILES / "package-lock.json").read_text()

    assert f'"openclaw": "{recipe.OPENCLAW_VERSION}"' in locked
    assert '"resolved"' not in locked
    assert f"=={recipe.NODE_VERSION} " in (recipe.FILES / "node.txt").read_text()


def test_the_heap_grows_with_the_plan() -> None:
    heaps = [recipe.node_options(memory).split()[0].split("=")[1] for memory in (256, 384, 512, 1024, 8192)]

    assert heaps == ["224", "224", "256", "512", "512"]
