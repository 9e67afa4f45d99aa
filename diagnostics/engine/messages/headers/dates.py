"""Dates as servers write them: RFC 5322 §3.3, its old forms (§4.3), and what else is met.

A ``Received`` field ends with a date, and the difference of two is the delay between two servers. Many programs write
dates of their own: without a zone, with ``UTC`` for one, as Go prints its clock (nanoseconds and ``m=+0.12``), as C's
``ctime`` does. :func:`read_date` reads them all; what it cannot read is nothing, never a guess.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType
from typing import Final

#: More than this of a text is no date.
MAX_TEXT: Final = 300
#: What lies outside is a clock that was never set, or a forger's joke.
YEARS: Final = range(1971, 9999)

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = rf"(?P<month>{'|'.join(_MONTHS)})[a-z]{{0,6}}\.?"
_TIME = r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
_ZONE = r"(?:\s*(?P<zone>[+-]\d{2}:?\d{2}\b|[A-Z]{1,5}\b))?(?:\s*\((?P<comment>[A-Z]{1,5})\))?"
_GAP = r"[\s\-]{1,3}"
_FORMS = (
    # RFC 5322 §3.3: Tue, 3 Mar 2026 10:00:00 +0100 (CET)
    re.compile(
        rf"\b(?P<day>\d{{1,2}})[\s\-]{{1,3}}{_MONTH}[\s\-]{{1,3}}(?P<year>\d{{2,4}})[\s,]{{1,3}}{_TIME}{_ZONE}", re.I
    ),
    # Go's time.String() and ISO 8601: 2026-03-03 10:00:00.123456789 +0000 UTC m=+0.12
    re.compile(rf"\b(?P<year>\d{{4}})-(?P<month>\d{{2}})-(?P<day>\d{{2}})[T\s]{_TIME}{_ZONE}", re.I),
    # ctime: Tue Mar  3 10:00:00 2026
    re.compile(rf"\b{_MONTH}\s{{1,3}}(?P<day>\d{{1,2}})\s{{1,3}}{_TIME}{_ZONE}\s{{1,3}}(?P<year>\d{{4}})", re.I),
)
#: In hours. RFC 5322 §4.3 has the American ones; the others are met and mean one thing only in mail.
_NAMED = MappingProxyType(
    {
        **dict.fromkeys(("ut", "utc", "gmt", "z", "wet"), 0),
        **{"est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7},
        **{"bst": 1, "west": 1, "cet": 1, "met": 1, "cest": 2, "mest": 2, "eet": 2, "eest": 3, "msk": 3},
        **{"jst": 9, "kst": 9, "aest": 10, "aedt": 11, "nzst": 12, "nzdt": 13},
    }
)


@dataclass(frozen=True, slots=True)
class Stamp:
    """A time that somebody wrote down. ``is_zone_assumed``: no zone that we know stood there, so it is taken as UTC."""

    at: datetime
    is_zone_assumed: bool = False


def read_date(text: str) -> Stamp | None:
    """The date in ``text``; of what stands around it nothing is read."""
    text = text[-MAX_TEXT:]
    for form in _FORMS:
        if match := form.search(text):
            return _stamp(match.groupdict())
    return None


def _stamp(found: dict[str, str | None]) -> Stamp | None:
    year, month, fraction = found["year"] or "", found["month"] or "", found["fraction"] or "0"
    if (found["zone"] or "").lower() in ("am", "pm"):
        return None
    zone = _zone(found["zone"]) or _zone(found["comment"])
    try:
        at = datetime(
            _year(year),
            int(month) if month.isdecimal() else _MONTHS.index(month.lower()) + 1,
            int(found["day"] or 0),
            int(found["hour"] or 0),
            int(found["minute"] or 0),
            min(int(found["second"] or 0), 59),  # RFC 5322 §3.3 permits the leap second, and datetime has none.
            int(fraction[:6].ljust(6, "0")),
            tzinfo=zone or UTC,
        )
    except ValueError:
        return None
    return Stamp(at, zone is None) if at.year in YEARS else None


def _year(text: str) -> int:
    """RFC 5322 §4.3: two digits up to 49 are of this century, other two and all three of the last."""
    year = int(text)
    if len(text) == 2:
        return year + (2000 if year < 50 else 1900)
    return year + 1900 if len(text) == 3 else year


def _zone(text: str | None) -> timezone | None:
    if not text:
        return None
    if text[0] in "+-":
        digits = text[1:].replace(":", "")
        offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        if offset >= timedelta(hours=24):
            return None
        return timezone(-offset if text[0] == "-" else offset)
    hours = _NAMED.get(text.lower())
    return None if hours is None else timezone(timedelta(hours=hours))
