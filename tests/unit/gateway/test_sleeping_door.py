"""Any order of messages, sleep, waking, hang-ups and restarts: the agent takes each update once and in order."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import orjson
from fixtures.settings import MakeSettings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from tortoise.context import tortoise_test_context

from manager_bot.clock import SystemClock
from manager_bot.gateway.callers import Caller
from manager_bot.gateway.parts import ManagerName, Parts, gateway_parts
from manager_bot.gateway.presence import QUIET, Presence, ToolSign
from manager_bot.gateway.telegram.polls import Polls
from manager_bot.gateway.telegram.sentry import Sentry
from manager_bot.gateway.telegram.sleepers import Sleepers
from manager_bot.gateway.telegram.upstream import Answer, Telegram
from manager_bot.services.outbox import Outbox
from manager_bot.vault import Vault
from models import Agent, Rest, User

OWNER, STRANGER = 4242, 777
ACTIONS = st.sampled_from(
    [
        "message",
        "message",
        "edit",
        "press",
        "stranger",
        "tire",
        "tire",
        "freeze",
        "freeze",
        "thaw",
        "thaw",
        "poke",
        "hang-up",
        "restart",
        "call",
        "pause",
    ]
)


@dataclass
class Wire:
    """Telegram's queue of one bot: what is confirmed is gone, and two pollers at once are a conflict."""

    queue: list[dict[str, Any]] = field(default_factory=list)
    typed: int = 0
    conflicts: int = 0
    confirmed: int = 0
    last: int = 0
    polls: int = 0
    """Open just now."""
    idle: asyncio.Event = field(default_factory=asyncio.Event)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def put(self, kind: str, sender: int) -> int:
        self.last += 1
        payload: dict[str, Any] = {"from": {"id": sender}, "chat": {"id": sender}}
        self.queue.append({"update_id": self.last, kind: payload})
        self._news.set()
        return self.last

    async def call(self, _: SecretStr, method: str, body: Any = None, **__: object) -> Answer:
        if method == "getUpdates":
            return await self._updates(int(body.get("offset", 0)), float(body["timeout"]))
        self.typed += method == "sendChatAction"
        return _answer(result=True)

    async def _updates(self, offset: int, patience: float) -> Answer:
        self.polls += 1
        self.idle.clear()
        try:
            self.conflicts += self.polls > 1
            if offset:
                self.confirmed = max(self.confirmed, offset - 1)
                self.queue = [update for update in self.queue if update["update_id"] >= offset]
            if not self.queue and patience:
                self._news.clear()
                await self._news.wait()
            await asyncio.sleep(0)
            return _answer(result=self.queue[:100])
        finally:
            self.polls -= 1
            if not self.polls:
                self.idle.set()


def _answer(result: object) -> Answer:
    document = {"ok": True, "result": result}
    return Answer(200, orjson.dumps(document), cast("Any", document))


@dataclass
class World:
    """One agent between the door and its own freezing."""

    parts: Parts
    caller: Caller
    wire: Wire = field(default_factory=Wire)
    runs: asyncio.Event = field(default_factory=asyncio.Event)
    taken: list[int] = field(default_factory=list)
    meant: list[int] = field(default_factory=list)
    now: float = 0
    polls: Polls = field(init=False)
    sleepers: Sleepers = field(init=False)
    life: asyncio.Task[None] = field(init=False)
    open: asyncio.Future[bytes] | None = None

    def __post_init__(self) -> None:
        self.runs.set()
        self.begin()
        self.life = asyncio.create_task(self.live())

    def begin(self) -> None:
        """A gateway's start."""
        telegram, presence = cast("Telegram", self.wire), self.parts.presence
        presence.now = lambda: self.now
        self.polls = Polls(telegram, self.parts.sightings, presence)
        self.sleepers = Sleepers(self.parts, self.polls, Sentry(self.parts, telegram))
        presence.stirred = self.sleepers.stirred

    async def live(self) -> None:
        """Poll, take, confirm by the next poll; a frozen agent does nothing, whatever lies in its socket."""
        offset = 0
        while True:
            await self.runs.wait()
            updates = await self._poll(offset)
            await self.runs.wait()
            for update in updates:
                self.taken.append(update["update_id"])
                offset = update["update_id"] + 1
            await asyncio.sleep(0)

    async def _poll(self, offset: int) -> list[dict[str, Any]]:
        self.open = asyncio.ensure_future(self.polls.poll(self.caller, {"timeout": 30, "offset": offset}))
        try:
            body = await self.open
        except Exception:
            return []
        except asyncio.CancelledError:
            current = asyncio.current_task()
            if current is not None and current.cancelling():
                raise
            return []
        found: list[dict[str, Any]] = orjson.loads(body)["result"]
        return found

    async def rest(self) -> Rest:
        return (await Agent.get(id=self.caller.agent_id)).rest

    async def turn(self, before: Rest, after: Rest) -> bool:
        return bool(await Agent.filter(id=self.caller.agent_id, rest=before).update(rest=after))

    async def act(self, action: str) -> None:
        """One of :data:`ACTIONS`; what does not fit the moment does nothing."""
        kinds = {"message": "message", "edit": "edited_message", "press": "callback_query"}
        if action in kinds:
            self.meant.append(self.wire.put(kinds[action], OWNER))
        elif action == "stranger":
            self.wire.put("message", STRANGER)
        elif action != "pause":
            await getattr(self, action.replace("-", "_"))()
        await asyncio.sleep(0.001)

    async def tire(self) -> None:
        """The watchdog finds it idle."""
        self.now += QUIET + 1
        await self.turn(Rest.AWAKE, Rest.DROWSY)
        await self.sleepers.look()

    async def freeze(self) -> None:
        """The watchdog freezes one that is held; whoever was faster than its row has it thawed again."""
        if await self.rest() is Rest.HELD:
            self.runs.clear()
            if not await self.turn(Rest.HELD, Rest.ASLEEP):
                self.runs.set()

    async def thaw(self) -> None:
        """The watchdog thaws one that is wanted."""
        if await self.turn(Rest.WAKING, Rest.AWAKE):
            self.runs.set()

    async def poke(self) -> None:
        """A person or a timer wakes it."""
        await self.turn(Rest.ASLEEP, Rest.WAKING)
        await self.sleepers.look()
        await self.thaw()

    async def hang_up(self) -> None:
        """Its own time for a poll is over."""
        if self.runs.is_set() and self.open is not None:
            self.open.cancel()

    async def call(self) -> None:
        """It does something by itself."""
        if self.runs.is_set():
            with self.parts.presence.at_door(self.caller.agent_id):
                await asyncio.sleep(0)

    async def restart(self) -> None:
        """The manager dies: its polls break off, and a new gateway finds the rows."""
        old, open_ones = self.sleepers, list(self.polls._open.values())
        self.polls.end_all()
        await old.end_all()
        if open_ones:
            await asyncio.wait(open_ones)  # one may be on its way to Telegram
        if self.wire.polls:
            await self.wire.idle.wait()
        self.begin()
        await self.sleepers.look()

    async def settle(self) -> None:
        """It is spoken to once more, and has time to come."""
        self.meant.append(self.wire.put("message", OWNER))
        for _ in range(200):
            await self.sleepers.look()
            if await self.rest() in (Rest.WAKING, Rest.AWAKE, Rest.DROWSY):
                await self.turn(Rest.WAKING, Rest.AWAKE)
                self.runs.set()
            if self.taken == self.meant:
                break
            await asyncio.sleep(0.005)

    async def end(self) -> None:
        self.life.cancel()
        await asyncio.gather(self.life, return_exceptions=True)
        self.polls.end_all()
        await self.sleepers.end_all()
        for task in self.parts.closing.tasks:
            task.cancel()
        await self.parts.closing.wait()


def test_every_update_is_taken_once_and_in_order(make_settings: MakeSettings) -> None:
    made = make_settings()

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(ACTIONS, min_size=1, max_size=25))
    def check(actions: list[str]) -> None:
        asyncio.run(_play(made, actions))

    check()


async def _play(made: Any, actions: list[str]) -> None:
    async with tortoise_test_context(["models"], db_url="sqlite://:memory:"):
        vault, clock = Vault(made.secret_keys), SystemClock()
        parts = gateway_parts(
            made, vault, clock, Outbox(clock, ()), cast("Any", SimpleNamespace()), manager=ManagerName()
        )
        user = await User.create(telegram_id=OWNER, name="Owner", plan="free")
        agent = await Agent.create(
            user=user,
            bot_id=1,
            bot_username="b",
            bot_name="b",
            bot_token=vault.seal(SecretStr("1:t")),
            bot_token_fingerprint="t",
            gateway_key=vault.seal(SecretStr("k")),
            gateway_key_fingerprint="k",
            container_name="c",
            container_port=9000,
        )
        caller = await parts.callers.reload(agent.id)
        assert caller is not None
        world = World(parts, caller)
        try:
            for action in actions:
                await world.act(action)
            await world.settle()
        finally:
            await world.end()
        assert world.taken == world.meant
        assert world.wire.conflicts == 0
        assert all(update in world.taken for update in world.meant if update <= world.wire.confirmed)


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_an_agent_is_quiet_ten_seconds_after_its_last_call() -> None:
    time = Time()
    presence = Presence(now=time)
    assert not presence.is_quiet(1)
    time.now = QUIET
    assert presence.is_quiet(1)
    with presence.at_door(1):
        time.now += 100
        assert not presence.is_quiet(1)
    assert not presence.is_quiet(1)
    time.now += QUIET
    assert presence.is_quiet(1)


def test_an_agent_in_a_tool_loop_is_not_quiet_until_its_next_answer() -> None:
    time = Time()
    presence = Presence(now=time)
    presence.answered(1, calls_tool=True)
    time.now = 800
    assert not presence.is_quiet(1)
    presence.answered(1, calls_tool=False)
    assert presence.is_quiet(1)


@given(st.integers(0, 40), st.integers(0, 40))
def test_a_tool_call_is_seen_wherever_the_pieces_are_cut(first: int, second: int) -> None:
    answer = b'data: {"parts":[{"functionCall":{"name":"read"}}]}'
    low, high = sorted((first, second))
    sign = ToolSign()
    for piece in (answer[:low], answer[low:high], answer[high:]):
        sign.feed(piece)
    assert sign.found
