"""JSON lines: one JSON object a line, with the names of ``docs/importing.md``. ``recipient`` may be a list."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from portal.maillog.importers.blocks import blocks_of
from portal.maillog.importers.columns import Columns
from portal.maillog.importers.event import (
    MOST_RAW,
    EventProblem,
    Item,
    Passed,
    RejectedLine,
    ZoneOf,
    broken_off,
    event_from,
)

#: One message to more recipients than this is no message but a broken file.
MOST_RECIPIENTS = 10_000


def read(file: BinaryIO, branch: str, zone_of: ZoneOf, columns: Columns | None = None) -> Iterator[Item]:
    """The events of ``file``; empty lines are passed over. ``columns`` tell what its names are, where not ours."""
    for block in blocks_of(file):
        for number, line in enumerate(block.lines, block.first):
            if not isinstance(line, str):
                yield RejectedLine(number, line.why, line.raw)
            elif line.strip():
                yield from _read_line(number, line, branch, zone_of, columns)
        if block.damage:
            yield broken_off(block.first, block.damage)
        if block.is_pause:
            yield Passed(0, is_pause=True)


def flat(values: Mapping[str, Any]) -> dict[str, Any]:
    """The names and values of an object, those of an object within it after its name and a dot."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            found |= {f"{name}.{inner}": item for inner, item in value.items()}
        else:
            found[name] = value
    return found


def _read_line(number: int, line: str, branch: str, zone_of: ZoneOf, columns: Columns | None) -> Iterator[Item]:
    try:
        values = json.loads(line)
    except (ValueError, RecursionError) as error:
        yield RejectedLine(number, f"The line is not JSON: {error}.", line)
        return
    if not isinstance(values, dict):
        yield RejectedLine(number, "The line is JSON but not an object: it must begin with { and end with }.", line)
        return
    try:
        told = columns.values(flat(values)) if columns else values
    except EventProblem as error:
        yield RejectedLine(number, str(error), line, error)
        return
    if told is None:
        yield Passed(1)
        return
    recipients = told.get("recipient")
    if not isinstance(recipients, list):
        recipients = [recipients]
    if not 1 <= len(recipients) <= MOST_RECIPIENTS:
        why = f"recipient must hold from 1 to {MOST_RECIPIENTS} addresses."
        yield RejectedLine(number, why, line, EventProblem(why, code="recipients", value=str(MOST_RECIPIENTS)))
        return
    for recipient in recipients:
        told["recipient"] = recipient
        try:
            yield event_from(told, branch=branch, zone_of=zone_of, line=number, raw=line[:MOST_RAW])
        except EventProblem as error:
            yield RejectedLine(number, str(error), line, error)
