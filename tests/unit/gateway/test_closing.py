"""What must not be lost when its request is: done at once where it can be, else to its end whoever leaves."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar

import pytest

from manager_bot.gateway.parts import Closing

_PLACE: ContextVar[str] = ContextVar("place", default="outside")


async def test_what_need_not_wait_is_done_without_a_task() -> None:
    closing, done = Closing(), []

    async def work() -> None:
        done.append(len(asyncio.all_tasks()))

    before = len(asyncio.all_tasks())
    await closing.finish(work())
    assert done == [before]
    assert not closing.tasks


async def test_what_waits_goes_to_its_end_though_its_caller_is_cancelled() -> None:
    closing, go, steps = Closing(), asyncio.Event(), []

    async def work() -> None:
        steps.append("begun")
        await go.wait()
        await asyncio.sleep(0)
        steps.append("ended")

    caller = asyncio.create_task(closing.finish(work()))
    await asyncio.sleep(0)
    assert steps == ["begun"]
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    go.set()
    await closing.wait()
    assert steps == ["begun", "ended"]


@pytest.mark.parametrize("after_a_wait", [False, True])
async def test_its_error_is_its_callers(after_a_wait: bool) -> None:
    async def work() -> None:
        if after_a_wait:
            await asyncio.sleep(0)
        raise ValueError("odd")

    closing = Closing()
    with pytest.raises(ValueError, match="odd"):
        await closing.finish(work())
    assert not closing.tasks


async def test_an_error_it_waits_for_is_its_own_to_handle() -> None:
    failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    caught = []

    async def work() -> None:
        try:
            await failed
        except ValueError as error:
            caught.append(str(error))
        await asyncio.sleep(0)
        caught.append("went on")

    asyncio.get_running_loop().call_soon(failed.set_exception, ValueError("odd"))
    await Closing().finish(work())
    assert caught == ["odd", "went on"]


async def test_what_it_sets_in_its_context_stays_there() -> None:
    """As Tortoise does with a transaction, which it gives back after a wait."""

    async def work() -> None:
        token = _PLACE.set("inside")
        await asyncio.sleep(0)
        assert _PLACE.get() == "inside"
        _PLACE.reset(token)

    await Closing().finish(work())
    assert _PLACE.get() == "outside"
