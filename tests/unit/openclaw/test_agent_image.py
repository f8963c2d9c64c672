"""When the image is used, pulled or built; and that its needs travel with it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from manager_bot.openclaw import image, recipe
from manager_bot.openclaw.footprint import Footprint, footprint


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
    monkeypatch.setattr(image, "_build", lambda store, _report: calls.append(store))
    return calls


def ensure(shelf: Shelf, wanted: str | None = None) -> str:
    return image.ensure_image(shelf, lambda _line: None, wanted)  # type: ignore[arg-type]  # the part that is used


def test_a_present_image_is_used_as_it_is(built: list[object]) -> None:
    assert ensure(Shelf((image.image_tag(),))) == image.image_tag()
    assert built == []


def test_ours_is_built_and_never_pulled(built: list[object]) -> None:
    assert ensure(Shelf(registry=(image.image_tag(),))) == image.image_tag()
    assert len(built) == 1


def test_the_operators_own_is_pulled_and_never_built(built: list[object]) -> None:
    shelf = Shelf(registry=("example/agent:1",))

    assert ensure(shelf, "example/agent:1") == "example/agent:1"
    assert "example/agent:1" in shelf.present
    with pytest.raises(image.ImageError):
        ensure(shelf, "example/agent:2")
    assert built == []


def test_a_footprint_survives_its_labels() -> None:
    measured = Footprint(memory_mb=384, cpu_seconds=7.2, seconds=6.1, answer_seconds=1.2)

    assert footprint(measured.labels()) == measured
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
