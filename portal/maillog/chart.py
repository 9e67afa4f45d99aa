"""The bars of a history, worked out here so that the template only draws them: plain SVG, no script and no style.

The table beside it holds the same numbers; the chart is a picture of it and not the only way to read it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from portal.maillog.selectors import Day

WIDTH, HEIGHT, GAP = 720, 120, 2
#: From the bottom of a bar to its top.
PARTS = ("accepted", "on_the_way", "deferred", "refused", "errors")


@dataclass(frozen=True, slots=True)
class Part:
    """One coloured piece of a bar, in the units of the view box."""

    kind: str
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One day."""

    day: date
    x: float
    width: float
    parts: tuple[Part, ...]
    title: str


@dataclass(frozen=True, slots=True)
class Chart:
    """All days, oldest first; ``most`` is the highest number of recipients in a day."""

    bars: tuple[Bar, ...]
    most: int
    width: int = WIDTH
    height: int = HEIGHT


def chart_of(days: Sequence[Day]) -> Chart | None:
    """The chart of ``days`` (newest first); None where nothing was sent."""
    oldest_first = list(reversed(days))
    most = max((item.sent + item.errors for item in oldest_first), default=0)
    if not most:
        return None
    step = WIDTH / len(oldest_first)
    bars = (_bar(item, round(index * step, 2), step, most) for index, item in enumerate(oldest_first))
    return Chart(tuple(bars), most)


def _bar(item: Day, x: float, step: float, most: int) -> Bar:
    parts: list[Part] = []
    top = float(HEIGHT)
    for kind in PARTS:
        count: int = getattr(item, kind)
        if count:
            height = count / most * HEIGHT
            top -= height
            parts.append(Part(kind, round(top, 2), round(height, 2)))
    title = f"{item.day:%d %b}: {item.sent} recipients, {item.accepted} accepted, {item.refused} refused"
    return Bar(item.day, x, round(max(step - GAP, 1), 2), tuple(parts), title)
