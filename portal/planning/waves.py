"""The plan: how many recipients an hour at each receiving server, how long that takes, and which part goes when.

A number comes from what is known, and says from what: what the server said today, a limit that somebody publishes or
tells, or the best hour this sending server had there without being put off. Where none of these is known the plan
goes at a pace that is rarely put off, and says so.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

#: Where nothing is known: providers watch a sender they do not know, and this many an hour has rarely been put off.
UNKNOWN_PACE = 200
RARELY = f"{UNKNOWN_PACE} an hour are rarely too many"
#: A limit is an upper edge; whoever stays below it is put off less often.
CAREFUL = 0.8
HOUR = timedelta(hours=1)
#: What stands for all servers with few recipients each.
FEW_EACH = ("", "")
#: A provider's id, or "" and what a receiving server without a known provider is told by.
To = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a receiving server: its limit an hour with its source, and the most that went through freely.

    ``freely`` is the best hour in which nothing was put off. ``is_slow``: it puts off mail now; then ``pushing`` is the
    most it took in an hour today, and ``said`` what most of those that wait were told, without the addresses in it.
    """

    limit: int | None = None
    source: str = ""
    freely: int | None = None
    is_slow: bool = False
    pushing: int | None = None
    said: str = ""


@dataclass(frozen=True, slots=True)
class Wave:
    """One receiving server's share: recipients, the pace an hour, how many hours that takes, and why that pace.

    ``name`` is set where the provider is not known; both are empty for all with few recipients each. ``is_slow``: it
    puts off mail now.
    """

    provider: str
    recipients: int
    per_hour: int
    hours: int
    why: str
    name: str = ""
    is_slow: bool = False

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def together(recipients: Mapping[To, int], *, apart: Iterable[To], most: int) -> dict[To, To]:
    """To which wave each belongs: one of its own, or that of all with few recipients each.

    Providers stand alone, and so do those in ``apart`` (what they said is known) and the ``most`` with more recipients
    than anybody may be sent in an hour.
    """
    large = sorted((to for to, count in recipients.items() if not to[0] and count > UNKNOWN_PACE), key=_by(recipients))
    alone = {*apart, *large[:most], *(to for to in recipients if to[0])}
    return {to: to if to in alone else FEW_EACH for to in recipients}


def _by(recipients: Mapping[To, int]) -> Any:
    return lambda to: (-recipients[to], to)


def waves(recipients: Mapping[To, int], known: Mapping[To, Known], belongs: Mapping[To, To]) -> list[Wave]:
    """The plan for ``recipients`` by receiving server, the longest first."""
    found = [
        _wave(to, count, known.get(to, Known())) for to, count in recipients.items() if count and belongs[to] == to
    ]
    few = [count for to, count in recipients.items() if count and belongs[to] == FEW_EACH]
    if few:
        found.append(_few(few))
    return sorted(found, key=lambda wave: (-wave.hours, -wave.recipients, wave.provider, wave.name))


def _few(counts: Sequence[int]) -> Wave:
    hours = math.ceil(max(counts) / UNKNOWN_PACE)
    why = f"{len(counts):,} servers with at most {max(counts):,} recipients each"
    if len(counts) == 1:
        why = f"one server, and {RARELY}"
    return Wave("", sum(counts), math.ceil(sum(counts) / hours), hours, why)


def _wave(to: To, count: int, known: Known) -> Wave:
    pace, why = _pace(known)
    if not known.is_slow and known.limit is None and (known.freely or 0) < UNKNOWN_PACE and count > pace:
        why += "; look at how the first hour went before the rest goes out"
    pace = max(1, min(pace, count))
    return Wave(to[0], count, pace, math.ceil(count / pace), why, to[1], known.is_slow)


def _pace(known: Known) -> tuple[int, str]:
    pace, why = _usual_pace(known)
    if not known.is_slow:
        return pace, why
    says = f"it puts off mail now{f' (“{known.said}”)' if known.said else ''}"
    slow = int(known.pushing * CAREFUL) if known.pushing else UNKNOWN_PACE // 4
    if slow >= pace:
        return pace, f"{why}; {says}"
    took = f"in its best hour today it took {known.pushing:,}" if known.pushing else "it took nothing today"
    return max(1, slow), f"{says}; {took}: {'stay below that' if known.pushing else 'begin small'}"


def _usual_pace(known: Known) -> tuple[int, str]:
    if known.limit is not None:
        careful = max(1, int(known.limit * CAREFUL))
        return careful, f"four fifths of the limit of {known.limit:,} an hour ({known.source})"
    if known.freely is not None and known.freely >= UNKNOWN_PACE:
        return known.freely, f"the best hour without being put off had {known.freely:,} recipients"
    if known.freely:
        had = f"the best hour had only {known.freely:,} recipient{'' if known.freely == 1 else 's'}"
        return UNKNOWN_PACE, f"no limit is known, and {had}, which tells nothing of more: {RARELY}"
    return UNKNOWN_PACE, f"nothing is known of a limit, and nothing was sent there lately: {RARELY}"


@dataclass(frozen=True, slots=True)
class Stage:
    """Hours in which the same servers get the same: from when until when, and how many recipients each in an hour."""

    begins: datetime
    ends: datetime
    hours: int
    shares: tuple[tuple[str, int], ...]

    @property
    def per_hour(self) -> int:
        return sum(count for _, count in self.shares)


def timetable(plan: Sequence[tuple[str, int, int]], start: datetime) -> list[Stage]:
    """Which part goes when from ``start`` on. ``plan`` holds the name, the pace an hour and the hours of each wave.

    All begin at once; whenever one is through, the next stage begins without it.
    """
    found: list[Stage] = []
    through = 0
    for end in sorted({hours for _, _, hours in plan}):
        shares = tuple((name, pace) for name, pace, hours in plan if hours >= end)
        found.append(Stage(start + HOUR * through, start + HOUR * end, end - through, shares))
        through = end
    return found
