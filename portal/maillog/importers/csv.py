"""CSV: one row a recipient and event, under a header. Separated by comma, semicolon or tab, as the header shows."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from portal.maillog.importers.columns import Columns, unique
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
from portal.maillog.importers.lines import Line, lines_of
from portal.maillog.importers.packed import DamagedError

#: A quoted cell may go on over so many lines. Beyond that its quote was never closed.
MOST_ROW_LINES = 100
#: A wider table is refused as a whole: of columns that are not looked at nobody would know.
MOST_COLUMNS = 200
#: Spreadsheets write the separator into a first line of its own, and PowerShell the type of what it wrote.
_SEP = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
_TYPE = "#TYPE "


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the number of its first line, the text as it stands in the file, its cells, or why it has none."""

    line: int
    raw: str
    cells: list[str]
    why: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A file's columns, and the rows under them. Of more than :data:`MOST_COLUMNS` (``is_wide``) only the first.

    An empty file has no columns; every other one has, if only one without a name.
    """

    columns: list[str]
    header: str
    separator: str
    rows: Iterator[Row]
    is_wide: bool = False


def read(file: BinaryIO, branch: str, zone_of: ZoneOf, columns: Columns | None = None) -> Iterator[Item]:
    """The events of ``file``, whose columns are as ``columns`` say or as their names tell.

    A row without a kind is taken for a message that was handed over.
    """
    number = 1
    try:
        table = table_of(file)
        if not table.columns:
            why = "The file is empty."
            yield RejectedLine(0, why, "", EventProblem(why, code="empty"))
            return
        if table.is_wide:
            why = f"The table has more than {MOST_COLUMNS} columns. Take out what is not needed, and read it again."
            yield RejectedLine(1, why, table.header[:MOST_RAW], EventProblem(why, code="wide", value=str(MOST_COLUMNS)))
            return
        known = columns or Columns.recognised(table.columns)
        if not known.is_enough:
            why = "The header must name the columns, at least at and recipient (see docs/importing.md)."
            yield RejectedLine(1, why, table.header, EventProblem(why, code="header"))
            return
        for row in table.rows:
            number = row.line + 1
            if row.why or any(cell.strip() for cell in row.cells):
                yield _read_row(row, table, known, branch, zone_of)
    except DamagedError as error:
        yield broken_off(number, error)


def table_of(file: BinaryIO) -> Table:
    """The columns and rows of ``file``; DamagedError (now, or while rows are read) where it cannot be read."""
    lines = deque[tuple[int, Line]]()
    source = lines_of(file)
    first = next(source, None)
    if first is None:
        return Table([], "", ",", iter(()))
    separator = ""
    if isinstance(first[1], str) and first[1].startswith(_TYPE):
        first = next(source, (2, ""))
    if isinstance(first[1], str) and (match := _SEP.fullmatch(first[1])) is not None:
        separator, first = match[1], next(source, (2, ""))
    header = first[1] if isinstance(first[1], str) else ""
    separator = separator or max(",;\t", key=header.count)
    lines.append((first[0], header))
    rows = _rows(lines, source, separator)
    head = next(rows)
    is_wide = len(head.cells) > MOST_COLUMNS
    return Table(unique(head.cells[:MOST_COLUMNS]), head.raw, separator, rows, is_wide)


def _rows(pending: deque[tuple[int, Line]], source: Iterator[tuple[int, Line]], separator: str) -> Iterator[Row]:
    """Each row; one that cannot be read costs no line but its first."""

    def take() -> tuple[int, Line] | None:
        return pending.popleft() if pending else next(source, None)

    def goes_on(taken: list[tuple[int, Line]]) -> Iterator[str]:
        """The text of the row's lines, taken one after the other as the quotes need them."""
        yield f"{taken[0][1]}\n"
        while len(taken) < MOST_ROW_LINES and (following := take()) is not None:
            taken.append(following)
            if not isinstance(following[1], str):
                return
            yield f"{following[1]}\n"

    while (item := take()) is not None:
        number, line = item
        if not isinstance(line, str):
            yield Row(number, line.raw, [], line.why)
        elif '"' not in line:
            yield Row(number, line, line.split(separator))
        else:
            taken = [item]
            try:
                cells = next(csv.reader(goes_on(taken), delimiter=separator, strict=True))
            except (csv.Error, StopIteration) as error:
                pending.extendleft(reversed(taken[1:]))
                why = "a quote is not closed" if "unexpected end" in str(error) else error
                yield Row(number, line, [], f"The row cannot be read as CSV: {why}.")
            else:
                yield Row(number, "\n".join(str(text) for _, text in taken), cells)


def _read_row(row: Row, table: Table, columns: Columns, branch: str, zone_of: ZoneOf) -> Item:
    if row.why:
        return RejectedLine(row.line, row.why, row.raw)
    if len(row.cells) > len(table.columns) and any(row.cells[len(table.columns) :]):
        why = f"The row has {len(row.cells)} cells, the header names {len(table.columns)} columns."
        told = EventProblem(why, code="cells", name=str(len(table.columns)), value=str(len(row.cells)))
        return RejectedLine(row.line, why, row.raw, told)
    try:
        values = columns.values(dict(zip(table.columns, row.cells, strict=False)))
        if values is None:
            return Passed(1)
        return event_from(values, branch=branch, zone_of=zone_of, line=row.line, raw=row.raw[:MOST_RAW])
    except EventProblem as error:
        return RejectedLine(row.line, str(error), row.raw, error)
