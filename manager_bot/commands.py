"""What the ``clawbot`` commands do that concern a real installation."""

from __future__ import annotations

import asyncio
import resource
import signal
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from manager_bot.config import Settings, load_settings
from manager_bot.data_folder import make_private
from manager_bot.errors import OperatorError
from models import database


def run(roles: frozenset[str]) -> int:
    """Run the platform's *roles* until a signal ends it."""
    settings = load_settings()
    with _unloaded("rich"):  # structlog takes it, and a tenth of the gateway's start, for tracebacks we never show
        from manager_bot.logs import set_up_logs  # noqa: PLC0415 - each command loads only what it uses

    set_up_logs(settings)
    make_private(settings.data_dir)
    from manager_bot.app import run as serve  # noqa: PLC0415

    _raise_descriptors()
    until_signalled(serve(settings, roles))
    return 0


def doctor(*, as_json: bool) -> int:
    """Check everything; 1 if something does not stand."""
    from manager_bot.doctor import examine, show  # noqa: PLC0415

    checks = asyncio.run(examine())
    return show(checks, as_json=as_json)


def migrate() -> int:
    """Bring the database up to date."""
    settings = _settings_without_secrets()
    make_private(settings.data_dir)
    applied = asyncio.run(database.migrate(settings.database))
    _say(f"migrated: {', '.join(applied)}" if applied else "the database is up to date")
    return 0


def image(verb: str) -> int:
    """Make, fetch or describe the agent image."""
    from manager_bot.openclaw import image as agent_image  # noqa: PLC0415
    from manager_bot.openclaw.store import ImageError  # noqa: PLC0415
    from manager_bot.runtime.images import DockerImages  # noqa: PLC0415

    settings = _settings_without_secrets()
    wanted, official = settings.agent_image, settings.official_image
    try:
        store = DockerImages()
        if verb == "build":
            agent_image.build(store, _say, official)
        elif verb == "pull":
            _pull_image(store, wanted, official)
        elif verb == "ensure":
            agent_image.ensure_image(store, _say, wanted or None, official)
        return _show_image(store, wanted or agent_image.image_tag())
    except ImageError as error:
        raise OperatorError(str(error)) from error


def rotate_keys() -> int:
    """Seal everything with the newest key."""
    settings = load_settings()
    from manager_bot.clock import SystemClock  # noqa: PLC0415
    from manager_bot.services.key_rotation import KeyRotation, require_stopped  # noqa: PLC0415

    async def rotate() -> int:
        async with database.open_database(settings.database, "rotate-keys"):
            if database.sqlite_file(settings.database) is None:
                await require_stopped(SystemClock())
            return await KeyRotation(settings.secret_keys).rotate()

    count = asyncio.run(rotate())
    _say(f"{count} secrets are sealed with the first key: now leave only that one in CLAWBOT_SECRET_KEYS")
    return 0


def uninstall(*, sure: bool) -> int:
    """Remove what carries this installation's mark from the host; the data folder stays."""
    settings = _settings_without_secrets()
    if not sure and sys.stdin.isatty():
        sys.stdout.write("Remove every agent's container, the network and the firewall rules? [y/N] ")
        sys.stdout.flush()
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            return 1
    from manager_bot.uninstalling import uninstall as remove_all  # noqa: PLC0415

    _say(asyncio.run(remove_all(settings)))
    return 0


def _pull_image(store: Any, wanted: str, official: str) -> None:
    """From a registry and from nowhere else: the operator's own as it is, the official one tuned."""
    from manager_bot.openclaw.image import build_on_official  # noqa: PLC0415

    if wanted:
        store.pull(wanted)
    elif official:
        build_on_official(store, _say, official)
    else:
        raise OperatorError("CLAWBOT_OFFICIAL_IMAGE is missing: pin the image to pull, or `clawbot image build`")


def _show_image(store: Any, ref: str) -> int:
    from manager_bot.openclaw.footprint import footprint  # noqa: PLC0415
    from manager_bot.openclaw.image import base_of  # noqa: PLC0415

    labels = store.labels(ref)
    if labels is None:
        _say(f"{ref} is not here: run `clawbot image ensure`")
        return 1
    needs = footprint(labels)
    measured = f"answers within {needs.memory_mb} MiB, ready in {needs.seconds:.0f} s" if needs else "never measured"
    base = base_of(store, ref)
    _say(f"{ref} is here{f', made from {base}' if base else ''}; {measured}")
    return 0


def _settings_without_secrets() -> Settings:
    """For commands that need only the host's settings: they work before a bot or a key was made."""
    return load_settings(bot_token="unused", gemini_api_key="unused", secret_keys=())  # noqa: S106


def until_signalled(work: Coroutine[Any, Any, None]) -> None:
    """Run *work*; SIGTERM or Ctrl-C cancels it once and waits, a second one ends the process at once."""

    async def main() -> None:
        task = asyncio.current_task()
        loop = asyncio.get_running_loop()

        def stop() -> None:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)
                signal.signal(number, signal.SIG_DFL)
            if task is not None:
                task.cancel()

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop)
        await work

    try:
        asyncio.run(main())
    except asyncio.CancelledError:
        return


@contextmanager
def _unloaded(package: str) -> Iterator[None]:
    """To what is imported meanwhile, *package* is not installed; to others it is again."""
    sys.modules.setdefault(package, None)  # type: ignore[arg-type]  # how Python is told so
    try:
        yield
    finally:
        if sys.modules[package] is None:
            del sys.modules[package]


def _raise_descriptors() -> None:
    """As many open connections as the host allows: every agent's doors share this process."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
