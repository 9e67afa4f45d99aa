"""The clock that times in a log are judged by: that of the machine, or that of the world a log belongs to.

A log without years means the latest year that is not yet to come, and a line of next year is of no clock at all. What
is told of another time (``portal.cases``) brings that time along.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_moment: ContextVar[datetime | None] = ContextVar("moment", default=None)


def now() -> datetime:
    """The time it is, in UTC."""
    return _moment.get() or datetime.now(UTC)


@contextmanager
def as_of(moment: datetime) -> Iterator[None]:
    """Everything inside is read as if it were ``moment``."""
    token = _moment.set(moment)
    try:
        yield
    finally:
        _moment.reset(token)
