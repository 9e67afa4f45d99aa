"""Addresses out of an uploaded list: one a line, or a table with a column of addresses. Read line by line."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import BinaryIO

from portal.maillog.importers.lines import lines_of

#: What a column of addresses is called.
COLUMNS = frozenset(["email", "e-mail", "email address", "e-mail address", "mail", "address", "recipient", "to"])
MOST_LINES = 250_000


class ListProblem(ValueError):
    """The list cannot be read; the message says what would be right."""


def addresses_in(file: BinaryIO) -> Iterator[tuple[int, str]]:
    """The addresses of ``file`` with the numbers of their lines. ListProblem where there is no column of addresses."""
    lines = ((number, line) for number, line in lines_of(file) if not isinstance(line, str) or line.strip())
    first = next(lines, None)
    if first is None:
        raise ListProblem("The list is empty.")
    number, head = first
    if not isinstance(head, str):
        raise ListProblem("The list is not text in UTF-8. Save it as CSV (UTF-8) and upload it again.")
    separator = max(",;\t", key=head.count)
    column, is_header = _column(head, separator)
    if not is_header:
        yield number, _cell(head, separator, column)
    for count, (number, line) in enumerate(lines, 1):
        if count >= MOST_LINES:
            raise ListProblem(f"The list has more than {MOST_LINES:,} lines. Split it.")
        yield number, _cell(line, separator, column) if isinstance(line, str) else ""


def _column(head: str, separator: str) -> tuple[int, bool]:
    cells = [cell.strip().strip('"').lower() for cell in _cells(head, separator)]
    named = next((at for at, cell in enumerate(cells) if cell in COLUMNS), None)
    if named is not None:
        return named, True
    holding = next((at for at, cell in enumerate(cells) if "@" in cell), None)
    if holding is not None:
        return holding, False
    if len(cells) == 1:
        return 0, False
    raise ListProblem("No column of the list is called email. Name it so in the first line and upload it again.")


def _cells(line: str, separator: str) -> list[str]:
    return next(csv.reader([line], delimiter=separator), [])


def _cell(line: str, separator: str, column: int) -> str:
    if separator not in line:
        return line.strip().strip('"') if column == 0 else ""
    try:
        cells = _cells(line, separator)
    except csv.Error:
        return ""
    return cells[column].strip() if column < len(cells) else ""
