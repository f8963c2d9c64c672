"""Which files are rewritten, and what is left behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from manager_bot.openclaw.shrinking import shrink
from manager_bot.openclaw.store import ImageError

TOOL = "@esbuild/linux-x64/bin/esbuild"


def write(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")


def test_every_program_is_rewritten_under_its_own_name(tmp_path: Path) -> None:
    write(tmp_path, TOOL, "esbuild/lib/main.js", "a/b.js", "a/c.mjs", "d/e.cjs", "d/data.json", "f/.history/g.js")
    commands: list[list[str]] = []

    shrink(tmp_path, lambda command, folder: commands.append([*command, str(folder)]))

    given = {name: command for command in commands for name in command[1:-1] if not name.startswith("--")}
    assert given.keys() == {"a/b.js", "a/c.mjs", "d/e.cjs"}
    assert all(f"--out-extension:.js={Path(name).suffix}" in command for name, command in given.items())
    assert all(command[0] == str(tmp_path / TOOL) and command[-1] == str(tmp_path) for command in commands)


def test_the_tool_is_gone_afterwards(tmp_path: Path) -> None:
    write(tmp_path, TOOL, "esbuild/lib/main.js", "a/b.js")
    (tmp_path / ".bin").mkdir()
    (tmp_path / ".bin/esbuild").symlink_to("../esbuild/bin/esbuild")

    shrink(tmp_path, lambda *_: None)

    assert [path.name for path in tmp_path.rglob("*") if not path.is_dir()] == ["b.js"]


def test_a_machine_without_the_tool_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, "a/b.js")

    with pytest.raises(ImageError, match="esbuild"):
        shrink(tmp_path, lambda *_: None)
