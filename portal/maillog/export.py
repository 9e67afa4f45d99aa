"""Deliveries as a file: CSV for spreadsheets, JSON lines for programs, line by line and never whole in memory."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, tzinfo
from typing import Any

from portal.maillog.models import Delivery

#: What a spreadsheet takes for a formula, or for the way to one.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


class _Echo:
    """What the CSV writer writes to: it hands each line back."""

    def write(self, line: str) -> str:
        return line


def neutral(cell: object) -> str:
    """``cell`` as text that no spreadsheet computes: an apostrophe goes before what would begin a formula."""
    text = str(cell)
    return f"'{text}" if text.startswith(FORMULA) else text


def _moment(at: datetime | None, zone: tzinfo) -> str:
    return at.astimezone(zone).isoformat(timespec="seconds") if at else ""


def _columns(zone: tzinfo, codes: dict[int, str]) -> dict[str, Callable[[Delivery], Any]]:
    """The columns by name, and what each tells of a delivery. ``codes``: the code of each branch by its number."""
    return {
        "at": lambda row: _moment(row.at, zone),
        "branch": lambda row: codes.get(row.branch_id, ""),
        "recipient": lambda row: row.recipient,
        "recipient_domain": lambda row: row.recipient_domain,
        "state": lambda row: row.state,
        "state_at": lambda row: _moment(row.state_at, zone),
        "cause": lambda row: row.cause,
        "reply_code": lambda row: row.reply_code,
        "status": lambda row: row.status,
        "reply": lambda row: row.reply,
        "remote_host": lambda row: row.remote_host,
        "attempts": lambda row: row.attempts,
        "complained_at": lambda row: _moment(row.complained_at, zone),
        "provider": lambda row: row.provider,
        "sending_server": lambda row: row.server,
        "module": lambda row: row.module,
        "function": lambda row: row.message.function,
        "subject": lambda row: row.message.subject,
        "from_address": lambda row: row.message.from_address,
        "envelope_from": lambda row: row.message.envelope_from,
        "message_id": lambda row: row.message.message_id,
        "queue_id": lambda row: row.message.queue_id,
        "leg": lambda row: row.leg,
    }


def csv_lines(rows: Iterable[Delivery], *, zone: tzinfo, codes: dict[int, str]) -> Iterator[str]:
    """A head and one line a delivery; cells that a spreadsheet would compute are made text."""
    columns = _columns(zone, codes)
    writer = csv.writer(_Echo())
    yield writer.writerow(columns)
    for row in rows:
        yield writer.writerow([neutral(tell(row)) for tell in columns.values()])


def json_lines(rows: Iterable[Delivery], *, zone: tzinfo, codes: dict[int, str]) -> Iterator[str]:
    """One object a line and delivery, with the names of the CSV's columns; texts stand as they are."""
    columns = _columns(zone, codes)
    for row in rows:
        yield json.dumps({name: tell(row) for name, tell in columns.items()}, ensure_ascii=False) + "\n"


#: The forms of a file: its lines, its content type.
FORMS: dict[str, tuple[Callable[..., Iterator[str]], str]] = {
    "csv": (csv_lines, "text/csv; charset=utf-8"),
    "jsonl": (json_lines, "application/x-ndjson; charset=utf-8"),
}
