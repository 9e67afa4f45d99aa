"""CSV: one row a recipient and event, under a header. Separated by comma, semicolon or tab, as the header shows."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import BinaryIO

from portal.maillog.importers.event import LIMITS, EventProblem, LogEvent, Rejected, ZoneOf, event_from
from portal.maillog.importers.lines import lines_of

#: Columns are known by these names too, in any case, with spaces or hyphens for underscores.
ALIASES = {
    "event": "kind", "status": "kind", "state": "kind", "time": "at", "date": "at", "timestamp": "at",
    "sent_at": "at", "to": "recipient", "rcpt": "recipient", "recipient_address": "recipient", "sender": "from",
    "messageid": "message_id", "id": "key", "diagnostic": "reply", "response": "reply", "dsn": "status_code",
    "enhanced_status": "status_code", "code": "reply_code", "host": "remote_host", "relay": "remote_host",
    "client": "name", "client_id": "reference", "method": "function",
}  # fmt: skip
KNOWN = {*LIMITS, "kind", "at", "until", "module", "status_code"}


def read(file: BinaryIO, branch: str, zone_of: ZoneOf) -> Iterator[LogEvent | Rejected]:
    """The events of ``file``. A row without ``kind`` is taken for a message that was handed over."""
    lines = lines_of(file)
    bad: list[Rejected] = []
    last = 0

    def texts() -> Iterator[str]:
        nonlocal last
        for number, line in lines:
            last = number
            if line is None:
                bad.append(Rejected(number, "The line is too long, or is not UTF-8."))
            else:
                yield line.replace("\x00", "\ufffd") + "\n"

    source = texts()
    header = next(source, "")
    separator = max(",;\t", key=header.count)
    columns = [_column(name) for name in next(csv.reader([header], delimiter=separator), [])]
    if not {"at", "recipient"} <= set(columns) and not {"reference", "email"} <= set(columns):
        yield Rejected(1, "The header must name the columns, at least at and recipient (see docs/importing.md).")
        return
    rows = csv.reader(source, delimiter=separator)
    while True:
        began = last + 1
        try:
            row = next(rows, None)
        except csv.Error as error:
            yield Rejected(began, f"The row cannot be read as CSV: {error}.")
            continue
        yield from bad
        bad.clear()
        if row is None:
            return
        if any(cell.strip() for cell in row):
            yield _read_row(began, row, columns, branch, zone_of, separator)


def _column(name: str) -> str:
    word = name.strip().lower().replace(" ", "_").replace("-", "_")
    return word if word in KNOWN and word != "status" else ALIASES.get(word, word)


def _read_row(
    number: int, row: list[str], columns: list[str], branch: str, zone_of: ZoneOf, separator: str
) -> LogEvent | Rejected:
    if len(row) > len(columns):
        return Rejected(number, f"The row has {len(row)} cells, the header names {len(columns)} columns.")
    values = dict(zip(columns, row, strict=False))
    values["status"] = values.pop("status_code", "")
    if not values.get("kind"):
        values["kind"] = "message"
    try:
        return event_from(values, branch=branch, zone_of=zone_of, line=number, raw=separator.join(row)[:4000])
    except EventProblem as error:
        return Rejected(number, str(error))
