"""Watching a sleeping agent's bot in its place."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Final

from manager_bot.gateway.callers import Caller
from manager_bot.gateway.parts import Parts
from manager_bot.gateway.telegram.polls import BATCH, LONGEST
from manager_bot.gateway.telegram.replies import Refused
from manager_bot.gateway.telegram.updates import Json, is_for_agent, last_id
from manager_bot.gateway.telegram.upstream import Telegram

TYPING_EVERY: Final = 4.5
"""Telegram shows "typing" for five seconds."""
TYPING_FOR: Final = 30.0
"""Seconds after which an agent that has not come is not on its way."""
_PAUSES: Final = (1.0, 2.0, 5.0, 15.0)


@dataclass(frozen=True, slots=True)
class Sentry:
    """Waits for the first update that an agent should have. Nothing of the agent's is confirmed."""

    parts: Parts
    telegram: Telegram
    _typing: set[asyncio.Task[None]] = field(default_factory=set)

    async def wait(self, agent_id: int) -> None:
        """Return when something waits for the agent, the person already seeing that it is typing."""
        failures = 0
        while True:
            caller = await self.parts.callers.reload(agent_id)
            if caller is None:
                await asyncio.sleep(_PAUSES[-1])
                continue
            try:
                update = await self._next(caller)
            except Refused:
                await asyncio.sleep(_PAUSES[min(failures, len(_PAUSES) - 1)])
                failures += 1
                continue
            failures = 0
            if update is not None:
                typing = asyncio.create_task(self._show_typing(caller, update), name=f"typing-{agent_id}")
                self._typing.add(typing)
                typing.add_done_callback(self._typing.discard)
                return

    def end(self) -> None:
        """The gateway goes down: nobody is shown as typing any more."""
        for task in self._typing:
            task.cancel()

    async def _next(self, caller: Caller) -> Json | None:
        """The first update for the agent, or nothing this time; raises :class:`Refused` where Telegram refuses.

        Confirms only what precedes it and is for nobody, like the agent's own poll. The kinds are those that the last
        poll of the agent asked for: Telegram keeps them for a request that names none.
        """
        offset = 0
        while True:
            asked: dict[str, object] = {"timeout": LONGEST, "limit": BATCH, **({"offset": offset} if offset else {})}
            answer = await self.telegram.call(caller.bot_token, "getUpdates", asked, within=LONGEST + 20.0)
            if answer.status != 200 or not isinstance(answer.result, list):
                await self._note(caller, answer.status)
                raise Refused(answer.status, "Telegram refused a poll")
            await self.parts.sightings.accepted(caller.agent_id)
            for update in answer.result:
                if is_for_agent(update, caller.people):
                    return update
            if not answer.result:
                return None
            offset = last_id(answer.result) + 1

    async def _note(self, caller: Caller, status: int) -> None:
        """What the refusal says of the bot is known while its agent sleeps, not when it is wanted."""
        if status == 401:
            await self.parts.sightings.revoked(caller.agent_id)
        elif status == 409:
            await self.parts.sightings.conflicted(caller.agent_id)

    async def _show_typing(self, caller: Caller, update: Json) -> None:
        """At once, and until the agent says something itself."""
        chat = _chat_of(update)
        ends = asyncio.get_running_loop().time() + TYPING_FOR
        called = self.parts.presence.calls(caller.agent_id)
        while chat is not None and asyncio.get_running_loop().time() < ends:
            try:
                await self.telegram.call(caller.bot_token, "sendChatAction", {"chat_id": chat, "action": "typing"})
            except Refused:
                return
            await asyncio.sleep(TYPING_EVERY)
            if self.parts.presence.calls(caller.agent_id) > called:
                return


def _chat_of(update: Json) -> int | None:
    """The private chat that an update for an agent is about, where somebody waits for words."""
    if not isinstance(update, dict):
        return None
    for kind in ("message", "callback_query"):
        payload = update.get(kind)
        person = payload.get("from") if isinstance(payload, dict) else None
        number = person.get("id") if isinstance(person, dict) else None
        if isinstance(number, int):
            return number
    return None
