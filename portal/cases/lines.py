"""A case's lines of a Postfix log, made whole: a year where there is none, and what was left out in writing it down.

Times are UTC. A line without a year takes the latest year that does not lie after the case's ``now``, whatever the
clock of this machine says; so each line goes on with its year, and the importer has nothing to guess.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from portal.maillog.importers.event import AHEAD

#: Two clocks are never quite the same: so far a line without a year may lie after now.
SKEW = timedelta(minutes=10)
MONTHS = {
    name: at
    for at, name in enumerate(["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"], 1)
}
_YEARLESS = re.compile(r"([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d\d):(\d\d):(\d\d)(\.\d{1,6})? ")
_ZONELESS = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d(?:\.\d{1,6})?)Z? ")
_QUEUE_ID = re.compile(r"(\]: )([0-9A-Za-z]{1,4})(?=: )")
_RELAY = re.compile(r"(: to=<[^>]*>, (?:orig_to=<[^>]*>, )?)(relay=[^,\s]+, )?((?:delays?=[\d./]+, )*)(?=dsn=|status=)")


def whole(lines: Iterable[str], *, now: datetime) -> list[str]:
    """``lines`` as a server writes them, each with its year, in UTC; empty in the place of what lies days after now."""
    dated = (_dated(line.rstrip("\r\n"), now) for line in lines)
    return ["" if _is_to_come(line, now) else _completed(line) for line in dated]


def _is_to_come(line: str, now: datetime) -> bool:
    try:
        at = datetime.fromisoformat(line.partition(" ")[0])
    except ValueError:
        return False
    return at.tzinfo is not None and at >= now + AHEAD


def _dated(line: str, now: datetime) -> str:
    if (match := _ZONELESS.match(line)) is not None:
        return f"{match[1]}T{match[2]}+00:00 {line[match.end() :]}"
    match = _YEARLESS.match(line)
    if match is None or match[1] not in MONTHS:
        return line
    month, day, hour, minute, second = MONTHS[match[1]], *(int(match[at]) for at in range(2, 6))
    # 29 February comes every four years, but for 1900 and 2100 every eight.
    for year in range(now.year + 1, now.year - 9, -1):
        try:
            at = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
        except ValueError:
            continue
        if at <= now + SKEW:
            return f"{at:%Y-%m-%dT%H:%M:%S}{match[6] or ''}+00:00 {line[match.end() :]}"
    return line


def _completed(line: str) -> str:
    """The line with what Postfix always writes and a person leaves out: a whole queue id, relay and delay."""
    line = _QUEUE_ID.sub(lambda match: match[1] + match[2].ljust(5, "0"), line, count=1)
    return _RELAY.sub(_fields, line, count=1)


def _fields(match: re.Match[str]) -> str:
    delay = match[3] if "delay=" in match[3] else f"delay=0, {match[3]}"
    return f"{match[1]}{match[2] or 'relay=none, '}{delay}"
