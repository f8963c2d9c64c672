"""The real image with the rendered config: accepted, ready, polling, answering, and within the plans' limits."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import pytest
from docker.models.containers import Container
from fixtures.settings import MakeSettings
from real_image import contained

from manager_bot.host import sizing_of
from manager_bot.openclaw.config import AgentConfig, render
from manager_bot.openclaw.exits import Exit, exit_of
from manager_bot.openclaw.files import AgentFiles
from manager_bot.openclaw.footprint import footprint
from manager_bot.openclaw.health import LIVE_PATH, PORT, READY_PATH, Health, parse_live, parse_ready
from manager_bot.openclaw.standin import StandIn, standing_in
from manager_bot.openclaw.store import Limits, TrialNetwork
from manager_bot.openclaw.trial import try_once
from manager_bot.plans import PLANS, PlanName
from manager_bot.runtime.images import DockerImages

ANN, BOB = 4242, 777
pytestmark = pytest.mark.timeout(900)  # the first run on a machine builds the image


@dataclass
class RealAgent:
    """One container of the real image, whose Telegram and Gemini are a stand-in."""

    world: StandIn
    files: AgentFiles
    config: AgentConfig
    container: Container

    def answers(self, text: str, sender: int = ANN, seconds: float = 60) -> bool:
        self.world.ask(text, sender)
        return self.world.answered.wait(seconds)

    def health(self) -> Health:
        status, body = self._get(READY_PATH)
        return parse_ready(status, body)

    def lives(self) -> bool:
        return parse_live(*self._get(LIVE_PATH))

    def _get(self, path: str) -> tuple[int, bytes]:
        script = (
            f"fetch('http://127.0.0.1:{PORT}{path}')"
            ".then(async a=>console.log(a.status+' '+await a.text())).catch(()=>console.log('0 '))"
        )
        options = {"NODE_OPTIONS": "", "NODE_COMPILE_CACHE": ""}
        output = self.container.exec_run(["node", "-e", script], environment=options).output
        printed = cast("bytes", output).decode()
        status, _, body = printed.partition(" ")
        return (int(status), body.encode()) if status.isdigit() else (0, b"")

    def becomes_ready(self, seconds: float = 90) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.world.polled.is_set() and self.health().ready:
                return True
            time.sleep(0.5)
        return False

    def ends(self, seconds: float = 60) -> Exit:
        return exit_of(int(self.container.wait(timeout=seconds)["StatusCode"]))

    def last_system_prompt(self) -> str:
        return json.dumps(self.world.prompts[-1]["systemInstruction"])


@pytest.fixture
def agent(bridge: TrialNetwork, image: str, tmp_path: Path) -> Iterator[RealAgent]:
    """Created, not started."""
    with _made(bridge, image, tmp_path / "agent") as made:
        yield made


@dataclass(frozen=True)
class Nap:
    """Two agents asleep; ``polls`` is how often the first had asked for updates, ``since`` when it began."""

    agent: RealAgent
    another: RealAgent
    polls: int
    since: float


@pytest.fixture(scope="module", autouse=True)
def nap(store: DockerImages, image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nap]:
    """They sleep while the other tests of this file run.

    One will wake to the poll it fell asleep with, the other to a gateway that was restarted meanwhile.
    """
    folder = tmp_path_factory.mktemp("nap")
    with (
        store.network() as network,
        _made(network, image, folder / "agent") as agent,
        _made(network, image, folder / "another") as another,
    ):
        for one in (agent, another):
            one.container.start()
        for one in (agent, another):
            assert one.becomes_ready(), one.container.logs().decode()
            assert one.answers("What time is it?")
            one.world.hold(True)
        time.sleep(2)
        polls = agent.world.polls
        for one in (agent, another):
            one.container.pause()
        another.world.hang_up()
        another.world.hold(False)
        yield Nap(agent, another, polls, time.monotonic())


@contextmanager
def _made(bridge: TrialNetwork, image: str, folder: Path) -> Iterator[RealAgent]:
    files = AgentFiles.below(folder)
    with standing_in(bridge.address, ANN) as world:
        config = AgentConfig(
            owner_id=ANN,
            bot_id=99,
            gateway_key="k" * 43,
            control_token="c" * 43,
            gateway_url=world.url,
            custom_rules="Call everybody Captain.",
        )
        home, directory = files.prepare("agent-1"), files.write_config("agent-1", render(config))
        with contained(image, home, directory, bridge.name) as container:
            yield RealAgent(world, files, config, container)


def test_it_answers_its_owner_alone_and_by_his_rules(agent: RealAgent) -> None:
    agent.container.start()
    assert agent.becomes_ready(), agent.container.logs().decode()
    assert agent.lives()

    assert agent.answers("What time is it?")
    assert "Call everybody Captain." in agent.last_system_prompt()

    asked = len(agent.world.prompts)
    assert not agent.answers("And for me?", sender=BOB, seconds=3)
    assert len(agent.world.prompts) == asked

    for forbidden in ("/etc/openclaw/openclaw.json", "/etc/openclaw/new", "/opt/agent/new", "/new"):
        assert agent.container.exec_run(["touch", forbidden]).exit_code != 0
    assert agent.container.exec_run(["touch", "/data/workspace/new"]).exit_code == 0

    changed = replace(agent.config, allowed_ids=(BOB,), custom_rules="Call everybody Doctor.")
    agent.files.write_config("agent-1", render(changed))
    agent.world.polled.clear()
    agent.container.restart(timeout=20)
    assert agent.becomes_ready(), agent.container.logs().decode()
    assert agent.answers("Once more?", sender=BOB)
    assert "Call everybody Doctor." in agent.last_system_prompt()
    assert "Captain" not in agent.last_system_prompt()

    agent.container.stop(timeout=20)
    assert agent.ends() is Exit.CLEAN


def test_a_config_with_an_unknown_key_ends_with_bad_config(agent: RealAgent) -> None:
    agent.files.write_config("agent-1", json.dumps({**json.loads(render(agent.config)), "rateLimit": {}}).encode())

    agent.container.start()

    assert agent.ends() is Exit.BAD_CONFIG


@pytest.mark.parametrize("plan", [PlanName.STARTER, PlanName.PRO])
def test_the_paid_plans_hold_a_long_conversation(store: DockerImages, image: str, plan: PlanName) -> None:
    limits = Limits(PLANS[plan].memory_mb, PLANS[plan].swap_mb, PLANS[plan].cpu)

    tried = try_once(store, image, limits)

    assert tried.answered, tried.failure


def test_the_image_carries_needs_that_the_starter_plan_meets(store: DockerImages, image: str) -> None:
    needs = footprint(store.labels(image) or {})

    assert needs is not None
    assert 256 < needs.memory_mb < PLANS[PlanName.STARTER].memory_mb
    assert 1 < needs.cpu_seconds < 60


def test_with_its_measured_needs_fifty_free_subscribers_fit_on_sixteen_gigabytes(
    store: DockerImages, image: str, make_settings: MakeSettings
) -> None:
    needs = footprint(store.labels(image) or {})
    assert needs is not None
    assert needs.awake_mb is not None
    assert needs.asleep_mb is not None

    with_swap = sizing_of(make_settings(), 16384, 16384, needs).fit_of(PLANS[PlanName.FREE])
    without = sizing_of(make_settings(), 16384, 0, needs).fit_of(PLANS[PlanName.FREE])

    assert with_swap.in_all == 50
    assert with_swap.at_once >= 10
    assert with_swap.size.memory_mb == PLANS[PlanName.FREE].memory_mb
    assert without.size.memory_mb == needs.memory_mb
    assert without.at_once < with_swap.at_once


def test_an_unreachable_registry_is_said_soon(store: DockerImages) -> None:
    started = time.monotonic()

    with pytest.raises(Exception, match="cannot be pulled") as refused:
        store.pull("127.0.0.1:9/clawbot/agent:1")

    assert "\n" not in str(refused.value)
    assert time.monotonic() - started < 10


def test_an_agent_that_slept_takes_up_where_it_was(nap: Nap) -> None:
    """Long enough for each of its clocks: a poll is given up after 45 s, a silence is a stall after 120 s."""
    time.sleep(max(0.0, nap.since + 130 - time.monotonic()))
    for one in (nap.agent, nap.another):
        one.container.unpause()
    time.sleep(1)
    assert nap.agent.world.polls == nap.polls
    nap.agent.world.hold(False)
    assert nap.agent.answers("And now?", seconds=10)
    assert nap.another.answers("And after the gateway's restart?", seconds=10)
    for one in (nap.agent, nap.another):
        assert "stall" not in one.container.logs().decode()
