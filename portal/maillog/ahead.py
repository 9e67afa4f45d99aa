"""Reading ahead: while the database stores one batch, the next is read from the log in a thread of its own."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

T = TypeVar("T")


def ahead(items: Iterator[T]) -> Iterator[T]:
    """The same ``items``, the next already being made while one is used. What making one raises is raised here.

    Whoever stops early waits until the one that is being made is done: a source that may wait for ever must be told to
    end first.
    """
    end, context = object(), copy_context()

    def made() -> object:
        return context.run(lambda: next(items, end))

    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as pool:
        waiting = pool.submit(made)
        while (item := waiting.result()) is not end:
            waiting = pool.submit(made)
            yield item  # type: ignore[misc]
