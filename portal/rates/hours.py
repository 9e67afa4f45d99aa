"""What one sending server and one provider did with each other hour by hour, and when the provider began to push back.

Pure: counts in, facts out. A limit depends on how wanted a sender's mail has been, so no table can tell it. What can be
told is what a provider took before it put mail off, and what it still took while it did.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

#: From this share of deferrals on, and this many of them, an hour is one in which the provider pushes back.
PUSHING_SHARE = 0.10
PUSHING_LEAST = 5


@dataclass(frozen=True, slots=True)
class Hour:
    """The recipients that were tried in one hour (UTC), by how the try ended. A second try counts like the first."""

    at: datetime
    accepted: int = 0
    deferred: int = 0
    refused: int = 0

    @property
    def tried(self) -> int:
        return self.accepted + self.deferred + self.refused

    @property
    def deferred_share(self) -> float:
        return self.deferred / self.tried if self.tried else 0.0

    @property
    def refused_share(self) -> float:
        return self.refused / self.tried if self.tried else 0.0

    @property
    def is_pushing(self) -> bool:
        """They put off so much in this hour that it is more than the odd first try."""
        return self.deferred >= PUSHING_LEAST and self.deferred_share >= PUSHING_SHARE


@dataclass(frozen=True, slots=True)
class Episode:
    """A time in which a provider pushed back: its first and its last hour, and what was tried in it.

    ``is_over``: something was tried after it, and was taken. Where nothing was, nobody knows: no try is no success.
    """

    begins: datetime
    ends: datetime
    tried: int
    deferred: int
    is_over: bool

    @property
    def share(self) -> float:
        return self.deferred / self.tried if self.tried else 0.0


def total_of(hours: Iterable[Hour]) -> Hour:
    """All of ``hours`` as one; its time is that of the first."""
    found = list(hours)
    return Hour(
        min(hour.at for hour in found),
        accepted=sum(hour.accepted for hour in found),
        deferred=sum(hour.deferred for hour in found),
        refused=sum(hour.refused for hour in found),
    )


def latest_episode(hours: Sequence[Hour]) -> Episode | None:
    """The latest time of pushing back among ``hours``, in any order.

    An hour without a try interrupts nothing, and neither does one in which nothing was taken: only what was taken does.
    """
    told = sorted((hour for hour in hours if hour.tried), key=lambda hour: hour.at)
    run: list[Hour] = []
    is_over = False
    for hour in reversed(told):
        if hour.is_pushing or not hour.accepted:
            run.append(hour)
        elif any(item.is_pushing for item in run):
            break
        else:
            run, is_over = [], True
    while run and not run[-1].is_pushing:
        # It begins with an hour of pushing back, not with a few that were refused before.
        run.pop()
    if not run:
        return None
    return Episode(
        begins=run[-1].at,
        ends=run[0].at,
        tried=sum(hour.tried for hour in run),
        deferred=sum(hour.deferred for hour in run),
        is_over=is_over,
    )


@dataclass(frozen=True, slots=True)
class Taken:
    """What a provider took in an hour: at most while it put nothing off, and at most while it pushed back.

    None where there was no such hour. Neither is a limit; both are what happened.
    """

    freely: int | None
    pushing: int | None


def taken(hours: Iterable[Hour]) -> Taken:
    """What was taken in the best hour of each kind."""
    free: list[int] = []
    pushed: list[int] = []
    for hour in hours:
        if hour.tried:
            (pushed if hour.is_pushing else free).append(hour.accepted)
    return Taken(max(free, default=None), max(pushed, default=None))
