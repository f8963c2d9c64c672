"""The words of the ``clawbot`` command: quick to start, one line for a mistake."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from fixtures.settings import MakeSettings

from manager_bot import cli
from manager_bot.vault import Vault

HEAVY = ("aiogram", "docker", "tortoise", "aiohttp", "rich", "pydantic_settings")


def run(*arguments: str, cwd: Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "manager_bot", *arguments]
    plain = {"PATH": "/usr/bin:/bin"}
    return subprocess.run(  # noqa: S603 - our own words
        words, cwd=cwd, input=stdin, capture_output=True, text=True, timeout=60, check=False, env=plain
    )


@pytest.mark.parametrize("words", [["--help"], ["run", "--help"], ["secret-key"], ["classify"]])
def test_quick_commands_load_nothing_heavy(words: list[str], tmp_path: Path):
    program = (
        "import sys; from manager_bot.cli import main\n"
        f"try:\n    main({words})\nexcept SystemExit:\n    pass\n"
        f"print('LOADED', [name for name in {HEAVY} if name in sys.modules])"
    )
    done = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-c", program], input="", capture_output=True, text=True, timeout=60, check=True, cwd=tmp_path
    )
    assert done.stdout.splitlines()[-1] == "LOADED []"


@pytest.mark.parametrize(
    "command", ["run", "demo", "doctor", "migrate", "image", "classify", "secret-key", "rotate-keys"]
)
def test_help_names_every_command(command: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    assert command in capsys.readouterr().out
    with pytest.raises(SystemExit) as ended:
        cli.main([command, "--help"])
    assert ended.value.code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "required: command"),
        (["fly"], "invalid choice: 'fly'"),
        (["run", "--only", "bot,kitchen"], "there is no role 'kitchen'; there are bot, gateway, web, watchdog"),
        (["run", "--only", ","], "name at least one"),
        (["image", "eat"], "invalid choice: 'eat'"),
    ],
)
def test_wrong_words_are_refused_with_the_right_ones(words: list[str], said: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_a_new_key_is_a_key(capsys: pytest.CaptureFixture[str], make_settings: MakeSettings):
    assert cli.main(["secret-key"]) == 0
    settings = make_settings(secret_keys=capsys.readouterr().out.strip())
    Vault(settings.secret_keys)


def test_an_operators_mistake_is_one_line_on_stderr(make_settings: MakeSettings, capsys: pytest.CaptureFixture[str]):
    assert cli.main(["rotate-keys"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "clawbot: CLAWBOT_BOT_TOKEN is missing: set it in .env or the environment (see .env.example)\n"


def test_classify_answers_line_by_line_in_order(tmp_path: Path):
    asked = "\n".join(json.dumps({"text": text}) for text in ("Hi!", "def f(:\n    fix this Python", "Thanks"))
    done = run("classify", cwd=tmp_path, stdin=asked)
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["class"] for answer in answers] == ["simple", "code", "simple"]
    assert answers[1]["tier"] == "flash"


def test_classify_names_the_line_it_cannot_read(tmp_path: Path):
    done = run("classify", cwd=tmp_path, stdin='{"text": "Hi"}\nnonsense\n')
    assert done.returncode == 2
    assert done.stderr.startswith("clawbot: classify: line 2 is not JSON")
    assert len(done.stderr.splitlines()) == 1
