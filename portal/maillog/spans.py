"""Spans of days that a history is looked at for, and the days, weeks or months it is cut into. Pure dates.

A day is a day of the branch's own time zone; who needs moments asks :meth:`Span.moments` with that zone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum

DAY = timedelta(days=1)
#: A month by name: "2026-03".
MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")
DAY_NAME = re.compile(r"20\d\d-\d\d-\d\d")
#: What can be chosen, by its name in the URL.
DAYS = {"7-days": 7, "30-days": 30, "90-days": 90}
MONTHS = {"12-months": 12, "24-months": 24}
DEFAULT = "30-days"
#: From a day on until today: "since-2026-03-04".
SINCE = "since-"


class By(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Span:
    """Days from ``first`` to ``last``, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def label(self) -> str:
        """Such as "Wed 4 Mar 2026", "2 to 8 Mar 2026", "28 Feb to 6 Mar 2026", "Mar 2026" for a whole month."""
        first, last = self.first, self.last
        if first == last:
            return f"{first:%a} {first.day} {first:%b %Y}"
        if self == month_of(first):
            return f"{first:%b %Y}"
        if first.year != last.year:
            return f"{first.day} {first:%b %Y} to {last.day} {last:%b %Y}"
        begin = f"{first.day}" if first.month == last.month else f"{first.day} {first:%b}"
        return f"{begin} to {last.day} {last:%b %Y}"

    def moments(self, zone: tzinfo) -> tuple[datetime, datetime]:
        """The moment it begins, and the first moment after it."""
        return datetime.combine(self.first, time(), zone), datetime.combine(self.last + DAY, time(), zone)

    def cuts(self) -> tuple[By, ...]:
        """What it can be cut into: more than one piece, and not more than somebody reads."""
        if self.days <= 7:
            return (By.DAY,)
        if self.days <= 45:
            return (By.DAY, By.WEEK)
        return (By.DAY, By.WEEK, By.MONTH) if self.days <= 100 else (By.WEEK, By.MONTH)

    @property
    def fitting(self) -> By:
        """What it is best cut into."""
        if self.days <= 45:
            return By.DAY
        return By.WEEK if self.days <= 100 else By.MONTH

    def pieces(self, by: By) -> list[Span]:
        """The span cut into days, weeks (from Monday) or months, the latest first; those at its ends may be parts."""
        found: list[Span] = []
        first = self.first
        while first <= self.last:
            last = min(_last_of(first, by), self.last)
            found.append(Span(first, last))
            first = last + DAY
        return found[::-1]


def _last_of(day: date, by: By) -> date:
    if by is By.DAY:
        return day
    if by is By.WEEK:
        return day + timedelta(days=6 - day.weekday())
    return month_of(day).last


def begin_of(day: date, by: By) -> date:
    """The first day of the day, week or month that ``day`` belongs to."""
    if by is By.DAY:
        return day
    return day - timedelta(days=day.weekday()) if by is By.WEEK else day.replace(day=1)


def month_of(day: date) -> Span:
    """The whole month of ``day``."""
    following = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    return Span(day.replace(day=1), following - DAY)


def months_back(day: date, months: int) -> date:
    """The first day of the month that lies ``months`` before that of ``day``."""
    number = day.year * 12 + day.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)


def span_called(name: str, today: date) -> Span | None:
    """The span of that name as of ``today``: some days, whole months up to today, one month, one day, the days
    since one of the last 24 months; else None.
    """
    if name in DAYS:
        return Span(today - timedelta(days=DAYS[name] - 1), today)
    if name in MONTHS:
        return Span(months_back(today, MONTHS[name] - 1), today)
    if (day := day_called(name)) is not None:
        return Span(day, day)
    if name.startswith(SINCE):
        day = day_called(name.removeprefix(SINCE))
        earliest = months_back(today, MONTHS["24-months"] - 1)
        return Span(day, today) if day is not None and earliest <= day <= today else None
    found = MONTH.fullmatch(name)
    if found is None:
        return None
    month = month_of(date(int(found[1]), int(found[2]), 1))
    return Span(month.first, min(month.last, max(today, month.first)))


def day_called(name: str) -> date | None:
    """The day of that name, "2026-03-04"; None for another name."""
    if not DAY_NAME.fullmatch(name):
        return None
    try:
        return date.fromisoformat(name)
    except ValueError:
        return None
