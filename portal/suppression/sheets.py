"""Suppression lists as files: CSV and JSON, with the columns ``address, reason, since, until, source``.

Lists of other programs are read too: other names of the columns and reasons are known, and a bare list of addresses is
one. What cannot be used is told with its line, and the rest is read on. Cells that a spreadsheet would run as a formula
are neutralised on their way out, and given back what they were on their way in.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

from django.conf import settings
from django.utils import timezone

from portal.maillog.addresses import normal
from portal.suppression.models import Reason, Suppression

COLUMNS = ("address", "reason", "since", "until", "source")
#: A longer list is read in parts.
MOST_LINES = 50_000
_NAMES = {
    "address": ("address", "email", "e-mail", "email address", "recipient", "to"),
    "reason": ("reason", "type", "cause"),
    "since": ("since", "at", "created", "created_at", "date", "timestamp", "time"),
    "until": ("until", "expires", "expires_at"),
    "source": ("source", "note", "description"),
}
_REASONS = {
    **{reason.value: reason for reason in Reason},
    **dict.fromkeys(("unsubscribe", "unsubscribed", "optout", "opted_out"), Reason.OPT_OUT),
    **dict.fromkeys(("bounce", "bounced", "hardbounce", "hard"), Reason.HARD_BOUNCE),
    **dict.fromkeys(("spam", "complained", "abuse", "spam_complaint"), Reason.COMPLAINT),
    "": Reason.MANUAL,
}
#: So many names of columns that are not read are told.
MOST_LEFT_OUT = 20
#: What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a list, judged. ``address`` is as it was written."""

    line: int
    address: str
    reason: str
    since: datetime
    until: datetime | None
    source: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """A line that could not be used, and why."""

    line: int
    why: str


class SheetProblem(ValueError):
    """The file as a whole cannot be read; the message says what is wrong and what would be right."""


def neutral(cell: str) -> str:
    """``cell`` so that no spreadsheet runs it."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def plain(cell: str) -> str:
    """What :func:`neutral` was given."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell


def read_sheet(octets: bytes, left_out: set[str] | None = None) -> Iterator[Entry | Rejected]:
    """The lines of a list in CSV or JSON. Raises SheetProblem where it is neither.

    The names of columns that are not read are added to ``left_out``, at most :data:`MOST_LEFT_OUT` of them.
    """
    try:
        text = octets.decode("utf-16" if octets[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise SheetProblem("The file is not UTF-8. Save it as CSV UTF-8, or as JSON.") from error
    text = text.replace("\x00", "")
    if not text.strip():
        raise SheetProblem("The file is empty.")
    rows = _json(text) if text.lstrip()[:1] in "[{" else _csv(text)
    return _judged(rows, set() if left_out is None else left_out)


def _judged(rows: Iterable[tuple[int, dict[str, Any]]], left_out: set[str]) -> Iterator[Entry | Rejected]:
    now = timezone.now()
    for count, (line, values) in enumerate(rows):
        if count >= MOST_LINES:
            yield Rejected(line, f"Only {MOST_LINES} lines are read at once. Give the rest in a file of its own.")
            return
        known, others = _renamed(values)
        left_out |= set(sorted(others - left_out)[: MOST_LEFT_OUT - len(left_out)])
        yield _entry(line, known, now)


def _json(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """A list of objects or addresses, an object that holds one, or one object a line."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        try:
            found = [json.loads(line) for line in text.splitlines() if line.strip()]
        except (ValueError, RecursionError) as error:
            raise SheetProblem(f"The file begins like JSON, and is not: {error}.") from error
    if isinstance(found, dict):
        found = next((value for value in found.values() if isinstance(value, list)), [found])
    for number, item in enumerate(found, 1):
        values = item if isinstance(item, dict) else {"address": item}
        yield number, values


def _csv(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """A table with a header, or bare addresses, one a line."""
    first = text.lstrip().partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    rows = csv.reader(StringIO(text, newline=""), delimiter=delimiter)
    header: list[str] = []
    try:
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            if not header:
                header = [cell.strip().lower() for cell in row]
                if not any(name in _NAMES["address"] for name in header):
                    if "@" not in row[0]:
                        raise SheetProblem("The file has no column address. Its first line names the columns.")
                    header = list(COLUMNS)
                    yield rows.line_num, dict(zip(header, row, strict=False))
                continue
            yield rows.line_num, dict(zip(header, map(plain, row), strict=False))
    except csv.Error as error:
        raise SheetProblem(f"Line {rows.line_num} cannot be read as CSV: {error}.") from error


def _renamed(values: dict[str, Any]) -> tuple[dict[str, Any], set[str]]:
    """The values under our names, and the names that are none of them. All that says where it is from is kept."""
    known = {str(name).strip().lower(): value for name, value in values.items()}
    told = {
        column: [known[name] for name in names if known.get(name) not in (None, "")] for column, names in _NAMES.items()
    }
    others = {name[:80] for name in known if name and not any(name in names for names in _NAMES.values())}
    source = ": ".join(str(value).strip() for value in told["source"] if not isinstance(value, dict | list))
    return {**{column: found[0] if found else "" for column, found in told.items()}, "source": source}, others


def _entry(line: int, values: dict[str, Any], now: datetime) -> Entry | Rejected:
    texts = {name: str(value).strip() for name, value in values.items() if not isinstance(value, dict | list)}
    address = texts.get("address", "")
    if "@" not in normal(address).strip("@") or len(address) > 320 or any(mark.isspace() for mark in address):
        return Rejected(line, f"{address[:80]!r} is no address." if address else "The address is missing.")
    word = texts.get("reason", "").lower().replace("-", "_").replace(" ", "_")
    reason = _REASONS.get(word)
    if reason is None:
        return Rejected(line, f"The reason {word[:40]!r} is none of {', '.join(Reason.values)}.")
    try:
        since = _time(texts.get("since", "")) or now
        until = _time(texts.get("until", ""))
    except (ValueError, OverflowError):
        return Rejected(line, "since and until must be times such as 2026-03-04T14:02:10Z.")
    if reason is Reason.HARD_BOUNCE and until is None:
        until = since + timedelta(days=settings.SUPPRESS_HARD_DAYS)
    if until is not None and until <= now:
        return Rejected(line, "The time until which it is to hold is over.")
    source = texts.get("source", "").encode("utf-8", "replace").decode()[:200]
    return Entry(line, address, reason, min(since, now), until, source)


def _time(text: str) -> datetime | None:
    """A time; one without a zone is taken in UTC, and a date is its beginning."""
    if not text:
        return None
    at = datetime.fromisoformat(text)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)


def csv_of(rows: Iterable[Suppression]) -> Iterator[str]:
    """The entries as CSV, line by line."""
    cell = StringIO(newline="")
    writer = csv.writer(cell)
    writer.writerow(COLUMNS)
    for row in rows:
        yield _taken(cell)
        writer.writerow([neutral(value) for value in _cells(row).values()])
    yield _taken(cell)


def _taken(cell: StringIO) -> str:
    text = cell.getvalue()
    cell.seek(0)
    cell.truncate()
    return text


def json_of(rows: Iterable[Suppression]) -> Iterator[str]:
    """The entries as one JSON list, an object a line."""
    mark = "[\n"
    for row in rows:
        yield mark + json.dumps(_cells(row))
        mark = ",\n"
    yield "[]\n" if mark == "[\n" else "\n]\n"


def _cells(row: Suppression) -> dict[str, str]:
    return {
        "address": row.address,
        "reason": row.reason,
        "since": row.since.astimezone(UTC).isoformat(),
        "until": row.until.astimezone(UTC).isoformat() if row.until else "",
        "source": row.source,
    }
