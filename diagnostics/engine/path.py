"""The causal critical path: the longest chain of questions each of which had to wait for the one before.

A run that asks forty questions at once is as fast as one, and one that asks four in a row is as slow as four. So every
coroutine carries how long the chain behind it is (a context variable, which asyncio hands to each task). A question
lengthens the chain by its own time; :func:`together` runs several coroutines from the same point and goes on from the
end of the longest. Use it wherever ``asyncio.gather`` would stand, else what the children did is forgotten.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextvars import ContextVar
from typing import TypeVar, overload

T = TypeVar("T")
T1 = TypeVar("T1")
T2 = TypeVar("T2")
T3 = TypeVar("T3")
T4 = TypeVar("T4")

_behind: ContextVar[float] = ContextVar("critical_path_ms", default=0.0)


def path_ms() -> float:
    """How many milliseconds of dependent questions lie behind this coroutine."""
    return _behind.get()


def begin(at_ms: float = 0.0) -> None:
    """Let this coroutine's chain start at ``at_ms``."""
    _behind.set(at_ms)


def reached(at_ms: float) -> None:
    """This coroutine has waited for something that was known only at ``at_ms``."""
    _behind.set(max(_behind.get(), at_ms))


@overload
async def together(a: Awaitable[T1], b: Awaitable[T2], /) -> tuple[T1, T2]: ...
@overload
async def together(a: Awaitable[T1], b: Awaitable[T2], c: Awaitable[T3], /) -> tuple[T1, T2, T3]: ...
@overload
async def together(
    a: Awaitable[T1], b: Awaitable[T2], c: Awaitable[T3], d: Awaitable[T4], /
) -> tuple[T1, T2, T3, T4]: ...
@overload
async def together(*awaitables: Awaitable[T]) -> tuple[T, ...]: ...
async def together(*awaitables: Awaitable[object]) -> tuple[object, ...]:
    """What each of ``awaitables`` returns, in their order, all run concurrently.

    The first exception is raised once the others have been cancelled and have ended, so that nothing is left behind.
    """
    tasks = [asyncio.ensure_future(_alone(awaitable)) for awaitable in awaitables]
    try:
        ends = await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
    for _, end in ends:
        reached(end)
    return tuple(result for result, _ in ends)


async def _alone(awaitable: Awaitable[T]) -> tuple[T, float]:
    """The result, and the length of the chain at its end; runs in a task and so in a context of its own."""
    result = await awaitable
    return result, _behind.get()
