"""Tries the agent image by starting it: does it answer, and what does it need?"""

from __future__ import annotations

import os
import secrets
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from manager_bot.openclaw import health, recipe
from manager_bot.openclaw.config import AgentConfig, render
from manager_bot.openclaw.exits import exit_of
from manager_bot.openclaw.footprint import Footprint
from manager_bot.openclaw.rootfs import Report
from manager_bot.openclaw.standin import ANSWER, NEW, QUESTION, START, StandIn, standing_in
from manager_bot.openclaw.store import ImageError, ImageStore, Limits, Trial, Weight

_OWNER = 4242
_SHORT = (START, NEW, QUESTION)
"""Commands load parts of OpenClaw that no question needs: an image without them answered questions and was dumb to
everybody who pressed Start."""
_LONG = (QUESTION, *["Remember this line of the report. " * 120] * 8)
"""Messages as long as Telegram carries, answered at the same length: enough to fill the context and make OpenClaw
compact it. An agent that answers once and dies of its first long conversation does not answer."""
_LONG_ANSWER = f"{ANSWER} {'A line of the answer. ' * 160}"
_HISTORY = 32_000
"""Tokens of a chat after which the agent on trial compacts it: few, so that the long conversation makes it."""
_READY_SECONDS = 120.0
_ANSWER_SECONDS = 60.0
_STEP_MB = 16
_SMALLEST_MB = 256
_LARGEST_MB = 512
_EXPECTED_MB = 352
"""Where the search starts; it goes on downwards or upwards from here."""
_ROOM_MB = 32
"""Added to what the search finds: three times as long a conversation died in the memory found, 16 MiB more held."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One start. ``failure`` is empty if every question was answered; seconds are from the start, or per answer.

    ``weight`` is what it took of the host after the last answer, where that was asked for.
    """

    limits: Limits
    failure: str = ""
    ready_seconds: float = 0.0
    cpu_seconds: float = 0.0
    answer_seconds: tuple[float, ...] = ()
    weight: Weight | None = None

    @property
    def answered(self) -> bool:
        return not self.failure


def try_once(
    store: ImageStore, image: str, limits: Limits, questions: Sequence[str] = _LONG, *, weigh: bool = False
) -> Tried:
    """Start *image* within *limits*, hardened as agents are, hold a conversation with it, and *weigh* it then."""
    environment = {"NODE_OPTIONS": recipe.node_options(limits.memory_mb)}
    with _trial(store, image, limits, environment, writable=False) as (world, trial):
        tried = _converse(trial, world, limits, questions)
        return replace(tried, weight=trial.weigh()) if weigh and tried.answered else tried


def warm_up(store: ImageStore, image: str, package: str) -> None:
    """Let *image* answer once and keep what Node compiled in it, so that no agent compiles it again."""
    limits = Limits(_LARGEST_MB)
    with _trial(store, image, limits, {}, writable=True) as (world, trial):
        tried = _converse(trial, world, limits, _SHORT)
        if not tried.answered:
            words = [line for line in trial.logs().splitlines() if line.strip()][-1:]
            raise ImageError(f"the agent image was built but does not answer: {tried.failure} {' '.join(words)[:300]}")
        trial.stop()
        trial.commit(image, recipe.changes(package))


def measure(store: ImageStore, image: str, report: Report) -> Footprint:
    """What *image* needs: its start unhindered, the smallest memory in which it holds a conversation twice, and what it
    takes of the host after such a conversation.

    The memory is searched in steps of 16 MiB; some room is added to what is found.
    """
    free = try_once(store, image, Limits(_LARGEST_MB), weigh=True)
    if not free.answered:
        raise ImageError(f"the agent image does not answer within {_LARGEST_MB} MiB: {free.failure}")

    def holds(memory_mb: int) -> bool:
        tried = [try_once(store, image, Limits(memory_mb))]
        if tried[0].answered:
            tried.append(try_once(store, image, Limits(memory_mb)))
        good = all(one.answered for one in tried)
        report(f"agent image: {memory_mb} MiB {'is enough' if good else 'is too little: ' + tried[-1].failure}")
        return good

    smallest = _EXPECTED_MB
    if holds(smallest):
        while smallest > _SMALLEST_MB and holds(smallest - _STEP_MB):
            smallest -= _STEP_MB
    else:
        smallest += _STEP_MB
        while smallest < _LARGEST_MB and not holds(smallest):
            smallest += _STEP_MB
    return Footprint(
        smallest + _ROOM_MB,
        free.cpu_seconds,
        free.ready_seconds,
        free.answer_seconds[0],
        awake_mb=round(free.weight.awake_mb) if free.weight else None,
        asleep_mb=round(free.weight.asleep_mb) if free.weight and free.weight.asleep_mb else None,
    )


@contextmanager
def _trial(
    store: ImageStore, image: str, limits: Limits, environment: Mapping[str, str], *, writable: bool
) -> Iterator[tuple[StandIn, Trial]]:
    """A container of *image*, and somebody it talks to."""
    with (
        store.network() as network,
        _world(network.address) as (world, mounts),
        store.trial(image, limits, network.name, mounts, environment, writable=writable) as trial,
    ):
        yield world, trial


@contextmanager
def _world(address: str) -> Iterator[tuple[StandIn, Mapping[Path, str]]]:
    """Somebody to talk to at *address*, and a new agent's directories with a config that points there."""
    with standing_in(address, _OWNER) as world, tempfile.TemporaryDirectory(prefix="clawbot-trial-") as scratch:
        data, config = Path(scratch, "data"), Path(scratch, "config")
        for directory in (data, data / "workspace", data / ".openclaw"):
            directory.mkdir(mode=0o700)
            os.chown(directory, 1000, 1000)
        config.mkdir()
        agent = AgentConfig(
            owner_id=_OWNER,
            bot_id=1,
            gateway_key=secrets.token_urlsafe(32),
            control_token=secrets.token_urlsafe(32),
            gateway_url=world.url,
            history_tokens=_HISTORY,
        )
        (config / "openclaw.json").write_bytes(render(agent))
        yield world, {data: "/data", config: "/etc/openclaw"}


def _converse(trial: Trial, world: StandIn, limits: Limits, questions: Sequence[str]) -> Tried:
    started = time.monotonic()
    failure = _await_ready(trial, world, started + _READY_SECONDS)
    if failure:
        return Tried(limits, failure)
    ready, cpu = time.monotonic() - started, trial.cpu_seconds()
    answers = []
    for number, question in enumerate(questions, start=1):
        world.answer = ANSWER if question in _SHORT else _LONG_ANSWER
        asked = time.monotonic()
        world.ask(question)
        while not world.answered.wait(0.25):
            failure = _ended(trial)
            if failure or time.monotonic() > asked + _ANSWER_SECONDS:
                return Tried(limits, failure or f"no answer to question {number} in {_ANSWER_SECONDS:.0f} s")
        answers.append(time.monotonic() - asked)
    return Tried(limits, "", ready, cpu, tuple(answers))


def _await_ready(trial: Trial, world: StandIn, deadline: float) -> str:
    """Wait until it says so and polls; the reason when it does not."""
    while time.monotonic() < deadline:
        if failure := _ended(trial):
            return failure
        if world.polled.is_set() and _ready(trial.state().address):
            return ""
        time.sleep(0.25)
    return f"not ready in {_READY_SECONDS:.0f} s"


def _ended(trial: Trial) -> str:
    state = trial.state()
    if state.running:
        return ""
    return (
        "out of memory" if state.oom_killed else f"ended with exit code {state.exit_code} ({exit_of(state.exit_code)})"
    )


def _ready(address: str) -> bool:
    url = f"http://{address}:{health.PORT}{health.READY_PATH}"
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return health.parse_ready(answer.status, answer.read()).ready
    except (urllib.error.URLError, OSError):
        return False
