"""JSON lines: one JSON object a line, with the names of ``docs/importing.md``. ``recipient`` may be a list."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import BinaryIO

from portal.maillog.importers.event import EventProblem, LogEvent, Rejected, ZoneOf, event_from
from portal.maillog.importers.lines import lines_of

#: One message to more recipients than this is no message but a broken file.
MOST_RECIPIENTS = 10_000


def read(file: BinaryIO, branch: str, zone_of: ZoneOf) -> Iterator[LogEvent | Rejected]:
    """The events of ``file``; empty lines are passed over."""
    for number, line in lines_of(file):
        if line is None:
            yield Rejected(number, "The line is too long, or is not UTF-8.")
        elif line.strip():
            yield from _read_line(number, line, branch, zone_of)


def _read_line(number: int, line: str, branch: str, zone_of: ZoneOf) -> Iterator[LogEvent | Rejected]:
    try:
        values = json.loads(line)
    except (ValueError, RecursionError) as error:
        yield Rejected(number, f"The line is not JSON: {error}.")
        return
    if not isinstance(values, dict):
        yield Rejected(number, "The line is JSON but not an object: it must begin with { and end with }.")
        return
    recipients = values.get("recipient")
    if not isinstance(recipients, list):
        recipients = [recipients]
    if not 1 <= len(recipients) <= MOST_RECIPIENTS:
        yield Rejected(number, f"recipient must hold from 1 to {MOST_RECIPIENTS} addresses.")
        return
    for recipient in recipients:
        try:
            values["recipient"] = recipient
            yield event_from(values, branch=branch, zone_of=zone_of, line=number, raw=line[:4000].replace("\x00", ""))
        except EventProblem as error:
            yield Rejected(number, str(error))
