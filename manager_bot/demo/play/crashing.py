"""Step 9: the manager dies, at named places and at random moments, and nothing is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from manager_bot.demo.client import Person
from manager_bot.demo.play.cast import Cast
from manager_bot.demo.play.docker_cli import containers, docker

DEATH_SECONDS = 60
RANDOM_DEATHS = 3


@dataclass(frozen=True, slots=True)
class Death:
    """A failpoint, and what is done so that the manager gets there."""

    failpoint: str
    act: Callable[[Cast, Person], Awaitable[object]]


async def _send_token(cast: Cast, person: Person) -> None:
    await person.send(cast.manager, cast.bots[person.name].token)


async def _stop(cast: Cast, person: Person) -> None:
    await person.send(cast.manager, "/status")
    await cast.see(person, "", button="Stop")
    await person.press(cast.manager, "Stop", wait=0)


async def _restart(cast: Cast, person: Person) -> None:
    await person.send(cast.manager, "/status")
    await cast.see(person, "", button="Restart")
    await person.press(cast.manager, "Restart", wait=0)


async def _kill_container(cast: Cast, person: Person) -> None:
    await cast.box(person.name).kill()


async def _ask(cast: Cast, person: Person) -> None:
    await person.send(cast.bots[person.name], "What time is it?")


PROVISIONING_DEATHS = (
    "registration.before_save",
    "registration.saved",
    "keeper.before_create",
    "keeper.created",
    "keeper.started",
)

LIVING_DEATHS = (
    Death("agent.restart.saved", _restart),
    Death("keeper.counted", _kill_container),
    Death("budgets.reserved", _ask),
    Death("budgets.before_settle", _ask),
    Death("outbox.sent", _kill_container),
)


async def crashes_while_provisioning(cast: Cast) -> None:
    """Each time a newcomer sends a token and the manager dies on the way; started again, one agent is connected."""
    for place in PROVISIONING_DEATHS:
        person = await cast.newcomer(f"P{PROVISIONING_DEATHS.index(place)}")
        await cast.join(person, "Free")
        await cast.make_bot(person)
        await _die_at(cast, Death(place, _send_token), person)
        await cast.connected(person)
        found = await containers(cast.box(person.name).name)
        cast.stage.prove(len(found) == 1, f"killed at {place}: started again, exactly one agent is connected")
        await _retire(cast, person)


async def crashes_while_living(cast: Cast) -> None:
    """Ann restarts, is killed, asks; the manager dies on the way; started again, her agent runs and has answered."""
    ann = cast.local.ann
    for death in LIVING_DEATHS:
        asked = death.act is _ask
        before = await ann.messages(cast.bots["Ann"])
        await _die_at(cast, death, ann)
        await cast.running(ann)
        if asked:
            last = before[-1].id if before else 0
            reply = await ann.wait_for(cast.bots["Ann"], lambda m: bool(m.text), after=last, within=120)
            told = "told to ask again" if "try again" in reply.text else "answered"
            again = await cast.ask(ann, "What time is it?")
            cast.stage.prove("UTC" in again.text, f"killed at {death.failpoint}: Ann is {told}, and then answered")
        else:
            await cast.stage.prove_soon(
                cast.box("Ann").is_running, f"killed at {death.failpoint}: her agent runs again"
            )
    await _crash_at_stop(cast)


async def _crash_at_stop(cast: Cast) -> None:
    ann, box = cast.local.ann, cast.box("Ann")
    await _die_at(cast, Death("agent.stop.saved", _stop), ann)

    async def stopped() -> bool:
        return await box.status() in ("exited", "missing")

    await cast.stage.prove_soon(stopped, "killed at agent.stop.saved: the stop is carried out all the same")
    await cast.stage.prove_stays(stopped, "… and stays", seconds=4)
    await ann.send(cast.manager, "/status")
    await cast.see(ann, "", button="Start")
    await cast.tap(ann, "Start")
    await cast.running(ann)


async def random_deaths(cast: Cast) -> None:
    """A newcomer joins and Ann asks while the manager is killed at random instants; all comes out right."""
    ann = cast.local.ann
    for number in range(RANDOM_DEATHS):
        person = await cast.newcomer(f"R{number}")
        await cast.join(person, "Free")
        await cast.make_bot(person)
        asked = await ann.send(cast.bots["Ann"], f"What is {number} plus {number}?")
        await _send_token(cast, person)
        instant = cast.dice.uniform(0.05, 9)
        await asyncio.sleep(instant)
        await cast.local.manager_process.kill()
        await cast.local.start_manager()
        await cast.connected(person)
        await ann.wait_for(cast.bots["Ann"], lambda m: bool(m.text), after=asked, within=120)
        answers = [m for m in await ann.messages(cast.bots["Ann"]) if m.outgoing and m.id > asked.id]
        cast.stage.prove(
            len(answers) >= 1, f"killed after {instant:.2f} s: {person.name} is connected, Ann is answered"
        )
        await _retire(cast, person)


@asynccontextmanager
async def bystander(cast: Cast) -> AsyncIterator[None]:
    """A container of another installation stands beside ours for as long as the context lasts, and is not touched."""
    config = (await cast.box("Ann").inspect())["Config"]
    options = [part for name in config["Labels"] for part in ("--label", f"{name}=000000000000")]
    name = f"{cast.local.place.name_prefix}x-bystander"
    arguments = ("run", "--detach", "--name", name, "--network", "none", *options, "--entrypoint", "/bin/busybox")
    await docker(*arguments, config["Image"], "sleep", "3600")
    try:
        yield
        state = await docker("container", "inspect", "--format", "{{.State.Status}} {{.RestartCount}}", name)
        cast.stage.prove(state.strip() == "running 0", "another installation's container beside ours was never touched")
    finally:
        await docker("rm", "--force", name)


async def _die_at(cast: Cast, death: Death, person: Person) -> None:
    """Arm the manager, act, see it die of SIGKILL, start it again unarmed."""
    cast.stage.note(f"the manager will be killed at {death.failpoint}")
    cast.local.failpoint.write_text(death.failpoint)
    await death.act(cast, person)
    status = await cast.local.manager_process.wait_end(DEATH_SECONDS)
    cast.local.failpoint.unlink()
    cast.stage.prove(status == -9, f"the manager died of SIGKILL at {death.failpoint}")
    await cast.local.start_manager()


async def _retire(cast: Cast, person: Person) -> None:
    """The person deletes their agent again: the host is small."""
    bot = cast.bots[person.name]
    await person.send(cast.manager, "/status")
    await cast.see(person, "", button="Delete")
    await cast.tap(person, "Delete")
    await cast.see(person, bot.username)
    await person.send(cast.manager, bot.username)
    name = cast.box(person.name).name

    async def gone() -> bool:
        return not await containers(name)

    await cast.stage.prove_soon(gone, f"{person.name} deletes the agent again: its container is gone")
