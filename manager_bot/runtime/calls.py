"""Calling the blocking docker SDK from the loop, and its many errors made two."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

import requests
from docker.errors import APIError, DockerException, NotFound

from manager_bot.errors import RuntimeUnavailable
from manager_bot.runtime.base import PortTaken, RuntimeRefused

P = ParamSpec("P")
T = TypeVar("T")

THREADS = 4
"""The knee on two cores: more threads start fifty containers no faster."""

_PORT_TAKEN = ("port is already allocated", "address already in use")
"""What the engine says of a port that a container, or another program of the host, was faster to take."""


class Gone(RuntimeRefused):
    """What was addressed does not exist (any more): success for a verb that wanted it away."""


class Conflict(RuntimeRefused):
    """Another call was faster (409)."""


class Calls:
    """A small bounded pool; nothing else in the process may block on the engine."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="docker")

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run *function* in the pool; raises RuntimeUnavailable or RuntimeRefused, nothing of the SDK's."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, lambda: translated(function, *args, **kwargs))

    def close(self) -> None:
        """Let running calls end; start no more."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def translated(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call *function*, its errors translated."""
    try:
        return function(*args, **kwargs)
    except NotFound as error:
        raise Gone(_reason(error)) from error
    except APIError as error:
        if error.status_code == 409:
            raise Conflict(_reason(error)) from error
        if error.status_code == 503:
            raise RuntimeUnavailable from error
        if any(words in str(error.explanation) for words in _PORT_TAKEN):
            raise PortTaken(_reason(error)) from error
        raise RuntimeRefused(_reason(error)) from error
    except (requests.RequestException, DockerException, OSError) as error:
        raise RuntimeUnavailable from error


def _reason(error: APIError) -> str:
    return str(error.explanation or error).strip()
