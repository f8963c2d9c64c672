"""getUpdates: one poll per bot at a time, and only the updates of the agent's own people."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from manager_bot.gateway.callers import Caller
from manager_bot.gateway.presence import Presence
from manager_bot.gateway.sightings import Sightings
from manager_bot.gateway.telegram.replies import Refused
from manager_bot.gateway.telegram.updates import Json, is_for_agent, last_id, wanted_kinds
from manager_bot.gateway.telegram.upstream import Answer, Telegram

LONGEST: Final = 50
"""Seconds a poll may last: Telegram's own limit."""
BATCH: Final = 100
_MOST_ROUNDS: Final = 50
RIVAL: Final = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"


@dataclass(slots=True)
class _Held:
    """The poll of an agent that sleeps or is about to: kept open, without an answer, while Telegram is not asked."""

    parked: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True)
class Polls:
    """The open polls, by agent."""

    telegram: Telegram
    sightings: Sightings
    presence: Presence
    closing: bool = False
    _open: dict[int, asyncio.Task[bytes]] = field(default_factory=dict)
    _held: dict[int, _Held] = field(default_factory=dict)
    _asking: dict[int, asyncio.Event] = field(default_factory=dict)
    """Of each poll that is with Telegram: set to call it back."""
    _ended: dict[int, float] = field(default_factory=dict)

    def is_open(self, agent_id: int) -> bool:
        """Whether the agent polls right now."""
        return agent_id in self._open

    async def hold(self, agent_id: int) -> bool:
        """Hold the agent's open poll; false where it has none, or where that brings it an update just now."""
        task = self._open.get(agent_id)
        if task is None:
            return False
        held = self.keep(agent_id)
        parked = asyncio.ensure_future(held.parked.wait())
        await asyncio.wait({task, parked}, return_when=asyncio.FIRST_COMPLETED)
        parked.cancel()
        if task.done() or not held.parked.is_set():
            self.release(agent_id)
            return False
        return True

    def keep(self, agent_id: int) -> _Held:
        """From now on the agent's poll, open or to come, gets no answer and asks Telegram for nothing."""
        if agent_id in self._asking:
            self._asking[agent_id].set()
        return self._held.setdefault(agent_id, _Held())

    def is_held(self, agent_id: int) -> bool:
        """Whether the agent's polls are held, open or not."""
        return agent_id in self._held

    def release(self, agent_id: int) -> None:
        """The agent's poll goes on where it was."""
        held = self._held.pop(agent_id, None)
        if held is not None:
            held.released.set()

    def quiet_for(self, agent_id: int) -> float | None:
        """Seconds since its last poll ended; nothing where it has not polled in this process."""
        ended = self._ended.get(agent_id)
        return None if ended is None else time.monotonic() - ended

    async def poll(self, caller: Caller, params: Mapping[str, object]) -> bytes:
        """The body of the answer. A second poll of the same agent ends the first with 409, as at Telegram.

        The first one's connection to Telegram is closed before the second opens its own, so that no 409 is ever
        our own doing; the same holds when the agent hangs up.
        """
        if self.closing:
            raise Refused(502, "Bad Gateway: the gateway is restarting")
        while (older := self._open.get(caller.agent_id)) is not None:
            older.cancel()
            await asyncio.wait({older})
        return await self._run(caller.agent_id, self._ask(caller, params))

    async def _run(self, agent_id: int, work: Coroutine[Any, Any, bytes]) -> bytes:
        task = self._open[agent_id] = asyncio.ensure_future(work)
        task.add_done_callback(lambda done: self._forget(agent_id, done))
        try:
            return await task
        except asyncio.CancelledError:
            me = asyncio.current_task()
            if me is not None and me.cancelling():
                raise
            if self.closing:
                return orjson.dumps({"ok": True, "result": []})
            raise Refused(409, RIVAL) from None

    def _forget(self, agent_id: int, task: asyncio.Task[bytes]) -> None:
        self._ended[agent_id] = time.monotonic()
        if self._open.get(agent_id) is task:
            del self._open[agent_id]

    def end_all(self) -> None:
        """The gateway goes down: each agent gets an empty batch and comes back."""
        self.closing = True
        for task in list(self._open.values()):
            task.cancel()

    async def _ask(self, caller: Caller, params: Mapping[str, object]) -> bytes:
        """Poll until something is for the agent or its time is up; what is for nobody is confirmed at once.

        Confirming past the strangers is safe only while nothing before them is for the agent: an update for
        the agent is confirmed by the agent alone.
        """
        wait = min(max(_whole(params.get("timeout"), 0), 0), LONGEST)
        limit = min(max(_whole(params.get("limit"), BATCH), 1), BATCH)
        offset = _whole(params.get("offset"), 0)
        ends = time.monotonic() + wait
        for _ in range(_MOST_ROUNDS):
            await self._stand_by(caller.agent_id)
            left = max(0, round(ends - time.monotonic()))
            answer = await self._fetch(caller, _request(offset, left, params))
            if answer is None:
                continue
            if answer.status != 200 or not isinstance(answer.result, list):
                raise PassedError(answer)
            mine = [update for update in answer.result if is_for_agent(update, caller.people)]
            if mine:
                self.presence.touch(caller.agent_id)
                await self.sightings.active(caller.agent_id)
                return orjson.dumps({"ok": True, "result": mine[:limit]})
            if not answer.result and (left == 0 or time.monotonic() >= ends - 0.5):
                break
            offset = last_id(answer.result) + 1 if answer.result else offset
        return orjson.dumps({"ok": True, "result": []})

    async def _stand_by(self, agent_id: int) -> None:
        """Wait while the agent is held."""
        while (held := self._held.get(agent_id)) is not None:
            held.parked.set()
            await held.released.wait()

    async def _unless_held(self, agent_id: int, fetch: Coroutine[Any, Any, Answer]) -> Answer | None:
        """What *fetch* brings, ended early where the agent is held: no update is lost, for none was confirmed."""
        called_back = self._asking[agent_id] = asyncio.Event()
        if agent_id in self._held:
            called_back.set()
        asking, back = asyncio.ensure_future(fetch), asyncio.ensure_future(called_back.wait())
        try:
            await asyncio.wait({asking, back}, return_when=asyncio.FIRST_COMPLETED)
            return asking.result() if asking.done() else None
        finally:
            back.cancel()
            self._asking.pop(agent_id, None)
            if not asking.done():
                asking.cancel()
                await asyncio.wait({asking})

    async def _fetch(self, caller: Caller, params: Mapping[str, object]) -> Answer | None:
        """Telegram's answer; nothing where the agent is held before it comes."""
        await self.sightings.polled(caller.agent_id)
        within = float(str(params["timeout"])) + 20
        asking = self.telegram.call(caller.bot_token, "getUpdates", params, within=within)
        answer = await self._unless_held(caller.agent_id, asking)
        if answer is None:
            return None
        if answer.status == 409:
            await self.sightings.conflicted(caller.agent_id)
        elif answer.status == 200:
            await self.sightings.accepted(caller.agent_id)
        return answer


class PassedError(Exception):
    """Telegram refused the poll; its own answer goes to the agent as it is."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"Telegram answered {answer.status}")
        self.answer = answer


def _request(offset: int, wait: int, params: Mapping[str, object]) -> dict[str, object]:
    """Always whole batches: a crowd of strangers must not cost a round each."""
    asked: dict[str, object] = {"timeout": wait, "limit": BATCH}
    if offset:
        asked["offset"] = offset
    kinds = params.get("allowed_updates")
    if isinstance(kinds, str):
        kinds = _kinds(kinds)
    if isinstance(kinds, list):
        asked["allowed_updates"] = wanted_kinds(kinds)
    return asked


def _kinds(text: str) -> Json:
    try:
        kinds: Json = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise Refused(400, "Bad Request: can't parse allowed updates JSON object") from None
    return kinds


def _whole(value: object, default: int) -> int:
    """A number as the Bot API reads one: a number or its text."""
    try:
        return int(str(value)) if value is not None and value != "" else default
    except ValueError:
        raise Refused(400, "Bad Request: can't parse a number") from None
