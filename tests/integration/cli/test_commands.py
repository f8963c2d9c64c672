"""The commands as an operator types them: processes of their own, on a real database."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from fixtures.rows import new_agent, new_user, one_row_each
from fixtures.settings import MakeSettings
from pydantic import SecretStr
from tortoise.context import require_context

from manager_bot import commands
from manager_bot.errors import OperatorError
from manager_bot.services.key_rotation import KeyRotation, check_keys
from manager_bot.vault import Vault, new_key
from models import Agent, Archive, User, migrations
from models import database as db

Clawbot = Callable[..., subprocess.CompletedProcess[str]]

EVERY_MIGRATION = ", ".join(sorted(path.stem for path in Path(str(migrations.__path__[0])).glob("[0-9]*.py")))


@pytest.fixture
def environment(tmp_path: Path, database_url: str) -> dict[str, str]:
    return {
        "PATH": "/usr/sbin:/usr/bin:/bin",
        "CLAWBOT_BOT_TOKEN": "1000:" + "t" * 35,
        "CLAWBOT_GEMINI_API_KEY": "AIza" + "g" * 35,
        "CLAWBOT_SECRET_KEYS": new_key(),
        "CLAWBOT_DATA_DIR": str(tmp_path / "data"),
        "CLAWBOT_DATABASE_URL": database_url,
    }


@pytest.fixture
def clawbot(tmp_path: Path, environment: dict[str, str]) -> Clawbot:
    def run(*arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - our own words
            [sys.executable, "-m", "manager_bot", *arguments],
            cwd=tmp_path,
            env={**environment, **changes},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def rows(url: str, vault: Vault) -> None:
    async def write() -> None:
        async with db.connected(url):
            await one_row_each(vault)

    asyncio.run(write())


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_migrate_makes_a_private_folder_and_a_database_and_says_so(clawbot: Clawbot, tmp_path: Path):
    first = clawbot("migrate", CLAWBOT_DATABASE_URL="")
    assert (first.returncode, first.stdout) == (0, f"migrated: {EVERY_MIGRATION}\n"), first.stderr
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "data" / "clawbot.db").exists()
    assert clawbot("migrate", CLAWBOT_DATABASE_URL="").stdout == "the database is up to date\n"


def test_a_migration_killed_halfway_is_done_again(clawbot: Clawbot, empty_database_url: str):
    killed = clawbot("migrate", CLAWBOT_FAILPOINT="migrate.applied", CLAWBOT_DATABASE_URL=empty_database_url)
    assert killed.returncode == -signal.SIGKILL
    done = clawbot("migrate", CLAWBOT_DATABASE_URL=empty_database_url)
    assert (done.returncode, done.stdout) == (0, f"migrated: {EVERY_MIGRATION}\n"), done.stderr


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_migrate_needs_no_token(clawbot: Clawbot):
    done = clawbot("migrate", CLAWBOT_BOT_TOKEN="", CLAWBOT_GEMINI_API_KEY="", CLAWBOT_SECRET_KEYS="")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_shared_folder_is_refused_not_closed(clawbot: Clawbot, tmp_path: Path):
    shared = tmp_path / "srv"
    shared.mkdir(mode=0o755)
    (shared / "somebody-elses").touch()
    done = clawbot("migrate", CLAWBOT_DATA_DIR=str(shared), CLAWBOT_DATABASE_URL="")
    assert done.returncode == 2
    assert "holds more than ClawBot's data (somebody-elses)" in done.stderr
    assert shared.stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_migrate_beside_a_writer_is_refused_in_one_line(clawbot: Clawbot, database_url: str):
    with db.sole_writer(database_url, "run"):
        done = clawbot("migrate")
    assert done.returncode == 2
    assert "(clawbot run): stop it first" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_rotation_seals_everything_with_the_new_key_alone(
    clawbot: Clawbot, environment: dict[str, str], database_url: str
):
    old, new = environment["CLAWBOT_SECRET_KEYS"], new_key()
    rows(database_url, Vault([SecretStr(old)]))

    refused = clawbot("rotate-keys")
    assert refused.returncode == 2
    assert "holds one key" in refused.stderr

    done = clawbot("rotate-keys", CLAWBOT_SECRET_KEYS=f"{new},{old}")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("8 secrets are sealed with the first key")
    again = clawbot("rotate-keys", CLAWBOT_SECRET_KEYS=f"{new},{old}")
    assert again.returncode == 0, again.stderr

    async def check() -> None:
        vault = Vault([SecretStr(new)])
        async with db.connected(database_url):
            user, agent, archive = await User.get(), await Agent.get(), await Archive.get()
            for sealed in (user.github_token, user.gemini_api_key, archive.bot_token):
                assert vault.open(sealed).get_secret_value() == "a secret of Ann's"
            assert vault.fingerprint(vault.open(agent.gateway_key)) == agent.gateway_key_fingerprint
            assert vault.fingerprint(vault.open(agent.bot_token)) == agent.bot_token_fingerprint
            for model in require_context().apps.get_models_iterable():
                for row in await model.all():
                    for _, value in row:
                        if isinstance(value, str) and value.startswith("gAAAA"):
                            vault.open(value)  # raises where an older key sealed it

    asyncio.run(check())


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_rotation_is_all_or_nothing(database: str):
    old, new, lost = (SecretStr(new_key()) for _ in range(3))
    await new_agent(await new_user(), Vault([old]))
    await User.all().update(gemini_api_key=Vault([lost]).seal(SecretStr("x")))
    before = await Agent.get()
    with pytest.raises(OperatorError, match="put the old key back"):
        await KeyRotation((new, old)).rotate()
    assert (await Agent.get()).bot_token == before.bot_token


async def test_keys_that_only_half_fit_are_refused_before_anything_serves(database: str):
    old, new = SecretStr(new_key()), SecretStr(new_key())
    await check_keys([new])
    await new_agent(await new_user(), Vault([old]))
    await check_keys([new, old])
    await KeyRotation((new, old)).rotate()
    with pytest.raises(OperatorError, match="leave only its first key"):
        await check_keys([new, old])
    await check_keys([new])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_work_in_order(number: signal.Signals):
    done: list[str] = []

    async def work() -> None:
        try:
            asyncio.get_running_loop().call_later(0.05, signal.raise_signal, number)
            await asyncio.sleep(30)
        finally:
            await asyncio.sleep(0.01)
            done.append("drained")

    commands.until_signalled(work())
    assert done == ["drained"]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_uninstall_before_the_first_start_has_nothing_to_remove(clawbot: Clawbot):
    done = clawbot("uninstall", "--yes")
    assert (done.returncode, done.stdout) == (0, "nothing to remove: nothing was ever started\n"), done.stderr


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("official", "said"),
    [
        ("", "clawbot: CLAWBOT_OFFICIAL_IMAGE is missing: pin the image to pull, or `clawbot image build`\n"),
        (f"127.0.0.1:9/own@sha256:{'0' * 64}", "no registry answers"),
        ("127.0.0.1:9/own:latest", "clawbot: CLAWBOT_OFFICIAL_IMAGE is wrong: must be pinned by digest"),
    ],
)
def test_an_image_that_cannot_be_pulled_is_one_line(clawbot: Clawbot, tmp_path: Path, official: str, said: str):
    done = clawbot("image", "pull", CLAWBOT_OFFICIAL_IMAGE=official, CLAWBOT_IMAGE_CACHE=str(tmp_path / "cache"))
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_image_status_of_an_image_that_is_not_here(clawbot: Clawbot):
    done = clawbot("image", "status", CLAWBOT_AGENT_IMAGE="clawbot-test/none:0")
    assert (done.returncode, done.stdout) == (
        1,
        "clawbot-test/none:0 is not here: run `clawbot image ensure`\n",
    ), done.stderr


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_doctor_for_machines_ends_with_one(clawbot: Clawbot, make_settings: MakeSettings):
    done = clawbot("doctor", "--json", CLAWBOT_BOT_TOKEN="")
    assert done.returncode == 1
    assert '"line": "CLAWBOT_BOT_TOKEN is missing"' in done.stdout
