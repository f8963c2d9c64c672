"""The ``clawbot`` command: its words. What they do is in :mod:`manager_bot.commands`, loaded when it is asked for.

aiogram alone takes seconds to import, so nothing but the standard library is imported up here.
"""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Sequence

ROLES = ("bot", "gateway", "web", "watchdog")
USAGE_ERROR = 2
LOOK_FOR_GARBAGE = (10_000, 20, 20)
"""Objects made between two looks for cycles, and looks of one generation for one of the next: imports and requests make
none."""

_EPILOG = """\
Settings come from the environment and from .env; .env.example explains each.

first steps:
  clawbot secret-key      a key for CLAWBOT_SECRET_KEYS
  clawbot image ensure    the agent image, pulled or built if it is missing
  clawbot migrate         the database
  clawbot doctor          is everything there?
  clawbot run
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit status: 0, 1 (the answer is no), 2 (a mistake of the operator's, said in one line)."""
    gc.set_threshold(*LOOK_FOR_GARBAGE)
    arguments = _parser().parse_args(argv)
    from manager_bot.errors import OperatorError  # noqa: PLC0415 - see the module's docstring

    try:
        return int(arguments.act(arguments))
    except OperatorError as error:
        sys.stderr.write(f"clawbot: {error}\n")
        return USAGE_ERROR
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()  # whoever read us has gone; nobody is left to be told
        return 1


def _classify(_: argparse.Namespace) -> int:
    from manager_bot.gateway.classify_command import classify_lines  # noqa: PLC0415

    classify_lines(sys.stdin, sys.stdout)
    return 0


def _secret_key(_: argparse.Namespace) -> int:
    from manager_bot.vault import new_key  # noqa: PLC0415

    sys.stdout.write(new_key() + "\n")
    return 0


def _demo(arguments: argparse.Namespace) -> int:
    from manager_bot.demo.command import run  # noqa: PLC0415

    return run(arguments.play, arguments.port, arguments.seed)


def _real(arguments: argparse.Namespace) -> int:
    """The commands on a real installation."""
    from manager_bot import commands  # noqa: PLC0415

    match arguments.command:
        case "run":
            status = commands.run(frozenset(arguments.only or ROLES))
        case "doctor":
            status = commands.doctor(as_json=arguments.json)
        case "image":
            status = commands.image(arguments.verb)
        case "migrate":
            status = commands.migrate()
        case "rotate-keys":
            status = commands.rotate_keys()
        case _:
            status = commands.uninstall(sure=arguments.yes)
    return status


def _port(text: str) -> int:
    if not text.isdecimal() or not 1024 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: take one from 1024 to 65535")
    return int(text)


def _roles(text: str) -> list[str]:
    chosen = [part.strip() for part in text.split(",") if part.strip()]
    if unknown := [role for role in chosen if role not in ROLES]:
        raise argparse.ArgumentTypeError(f"there is no role {unknown[0]!r}; there are {', '.join(ROLES)}")
    if not chosen:
        raise argparse.ArgumentTypeError(f"name at least one of {', '.join(ROLES)}")
    return chosen


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="clawbot",
        description="A Telegram-native platform that gives every subscriber an AI agent in a container of its own.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(act=_real)
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")

    run = commands.add_parser("run", help="run the platform until Ctrl-C or SIGTERM")
    run.add_argument(
        "--only",
        type=_roles,
        metavar="ROLES",
        help=f"only these parts, comma-separated, of {', '.join(ROLES)} (several processes need PostgreSQL)",
    )

    demo = commands.add_parser("demo", help="open a local ClawBot with an emulated Telegram and a chat page")
    demo.add_argument("--play", action="store_true", help="play the whole journey in the terminal, each step asserted")
    demo.add_argument(
        "--port", type=_port, default=8090, help="the chat page's port on loopback (default: %(default)s)"
    )
    demo.add_argument("--seed", type=int, help="of the journey's random crashes (default: chosen and printed)")
    demo.set_defaults(act=_demo)

    doctor = commands.add_parser("doctor", help="check settings, Telegram, Gemini, Docker, firewall, database, disk …")
    doctor.add_argument("--json", action="store_true", help="for machines: one JSON object")

    commands.add_parser("migrate", help="make or update the database; an SQLite file is copied before it is changed")

    image = commands.add_parser("image", help="the agent image")
    image.add_argument(
        "verb",
        choices=("ensure", "build", "pull", "status"),
        help="ensure: present, else pulled or built; build: anew, from packages; pull: CLAWBOT_AGENT_IMAGE from its "
        "registry; status: which it is and what it needs",
    )

    classify = commands.add_parser("classify", help='JSON lines {"text": …} in, {"class": …, "tier": …} out')
    classify.set_defaults(act=_classify)

    secret_key = commands.add_parser("secret-key", help="print a new key for CLAWBOT_SECRET_KEYS")
    secret_key.set_defaults(act=_secret_key)

    commands.add_parser("rotate-keys", help="seal every secret with the first of CLAWBOT_SECRET_KEYS (while stopped)")

    uninstall = commands.add_parser(
        "uninstall", help="remove this installation's containers, network and firewall rules; data stays"
    )
    uninstall.add_argument("--yes", action="store_true", help="do not ask; without a terminal nothing is asked")
    return parser
