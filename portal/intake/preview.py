"""What an upload would tell, before it is read: its columns with their values, first events, first rejected lines."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from itertools import islice
from typing import Any, BinaryIO

from portal.branches.models import BranchProfile
from portal.intake.models import Upload
from portal.intake.opening import beginning_of, events_of, judge_of, last_time_of, rejected_from
from portal.maillog.importers import TABLES
from portal.maillog.importers.columns import FIELDS, Columns, field_of, forms_of, likely_forms, meaning_of, unique
from portal.maillog.importers.csv import MOST_COLUMNS, table_of
from portal.maillog.importers.event import LogEvent, Passed, Rejected, RejectedLine, broken_off
from portal.maillog.importers.jsonl import flat
from portal.maillog.importers.packed import DamagedError
from portal.maillog.placing import only_known
from portal.maillog.services import Zones

#: So many of each are shown.
SHOWN = 20
#: So many lines are tried for it.
MOST_TRIED = 5000
MOST_SAMPLED = 500
MOST_WORDS = 24
#: So much of a column must look like addresses for it to be one of addresses.
MOSTLY = 0.7
#: The names of our own JSON lines, under which nothing has to be said.
OWN_NAMES = {*FIELDS, "status"} - {"status_code"}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its name, and a few different values that stand in it."""

    name: str
    values: tuple[str, ...] = ()

    @property
    def sample(self) -> str:
        """The values as one short line."""
        return ", ".join(value[:40] for value in self.values[:3])


@dataclass(frozen=True, slots=True)
class Table:
    """The columns of a table. ``is_own``: they have our own names, and nothing has to be said of them.

    ``left_out``: so many more there are than can be offered.
    """

    columns: tuple[Column, ...] = ()
    is_own: bool = False
    left_out: int = 0

    @property
    def header(self) -> str:
        """A digest by which the same table is known again."""
        names = "\x1f".join(column.name.lower() for column in self.columns)
        return sha256(names.encode("utf-8", "replace")).hexdigest()

    def values_of(self, fields: dict[str, str], wanted: str) -> list[str]:
        """The values under the columns that are ``wanted``."""
        return [value for column in self.columns if fields.get(column.name) == wanted for value in column.values]


@dataclass(frozen=True, slots=True)
class Preview:
    """The first of what would be read. ``lines`` were tried; ``is_all``: the file has no more.

    ``first`` and ``last`` are the earliest and the latest time; ``last`` is None where the end was not looked at.
    ``damage``: why there are no more lines, where the file breaks off, as the code that ``DamagedError`` has.
    """

    events: tuple[LogEvent, ...] = ()
    rejected: tuple[RejectedLine, ...] = ()
    lines: int = 0
    good: int = 0
    bad: int = 0
    is_all: bool = False
    first: datetime | None = None
    last: datetime | None = None
    damage: str = ""

    @property
    def is_hopeless(self) -> bool:
        """Nothing at all could be read: it is another kind of file, or its columns are others."""
        return not self.good and bool(self.lines)


@dataclass(slots=True)
class _Seen:
    """The different values that were seen in a column."""

    values: dict[str, None] = field(default_factory=dict)

    def see(self, value: Any) -> None:
        if isinstance(value, list):
            value = value[0] if value else ""
        text = "" if value is None else str(value).strip()[:200]
        if text and len(self.values) < MOST_WORDS * 4:
            self.values[text] = None


def table_in(upload: Upload) -> Table:
    """The columns of ``upload``; none where it is a server's log, or no table can be found in it."""
    if upload.source not in TABLES:
        return Table()
    try:
        file = beginning_of(upload).file
        return _table_of_json(file) if upload.source == "jsonl" else _table_of_csv(file)
    except DamagedError:
        return Table()


def _table_of_csv(file: BinaryIO) -> Table:
    table = table_of(file)
    if table.is_wide:
        return Table()
    seen = {name: _Seen() for name in table.columns}
    for row in islice(table.rows, MOST_SAMPLED):
        for name, cell in zip(seen, row.cells, strict=False):
            seen[name].see(cell)
    return Table(tuple(Column(name, tuple(item.values)) for name, item in seen.items()))


def _table_of_json(file: BinaryIO) -> Table:
    seen: dict[str, _Seen] = {}
    names: set[str] = set()
    others: set[str] = set()
    for line in islice(file, MOST_SAMPLED):
        try:
            values = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if not isinstance(values, dict):
            continue
        names |= values.keys()
        for name, value in flat(values).items():
            if name in seen or len(seen) < MOST_COLUMNS or (field_of(name) in FIELDS and len(seen) < 2 * MOST_COLUMNS):
                seen.setdefault(name, _Seen()).see(value)
            else:
                others.add(name)
    is_own = bool(names) and names <= OWN_NAMES
    told = unique(seen)
    columns = tuple(Column(name, tuple(item.values)) for name, item in zip(told, seen.values(), strict=True))
    return Table(columns, is_own, len(others))


def guessed(table: Table) -> Columns:
    """What can be told of the columns from their names, or from what stands in them. What is not sure is left open."""
    columns = _with_values(table, Columns.recognised(column.name for column in table.columns))
    times = table.values_of(columns.fields, "at")
    # A day and an hour in columns of their own are put together in the order in which they stand.
    ways = [name for name, known in columns.fields.items() if known == "at"]
    forms = likely_forms(times) if len(ways) == 1 else []
    words = {word.lower(): told for word in words_in(table, columns) if (told := meaning_of(word))}
    return replace(columns, form=forms[0] if forms else "iso", words=words, is_alone=not columns.has_id)


def _with_values(table: Table, columns: Columns) -> Columns:
    """``columns`` with a recipient and a time that their names do not tell, where one column alone can be it."""
    fields = dict(columns.fields)
    others = [column for column in table.columns if column.values and column.name not in fields]
    looks: dict[str, Callable[[str], bool]] = {
        "recipient": lambda value: re.fullmatch(r"\S+@\S+\.\S+", value) is not None,
        # A bare number may be anything.
        "at": lambda value: not value.isdigit() and bool(forms_of([value])),
    }
    for known, look in looks.items():
        if known in fields.values():
            continue
        # A cell or two that are wrong must not hand the place to a column that only looks tidier.
        near = [column for column in others if sum(map(look, column.values)) >= MOSTLY * len(column.values)]
        found = _varied(near) if known == "recipient" else [column for column in near if all(map(look, column.values))]
        if len(found) == 1:
            fields[found[0].name] = known
    return replace(columns, fields=fields)


def _varied(columns: list[Column]) -> list[Column]:
    """Of several columns of addresses those that hold many: one sender writes to many recipients."""
    many = [column for column in columns if len(column.values) > 1]
    return many if many and len(columns) > 1 else columns


def words_in(table: Table, columns: Columns) -> list[str]:
    """The different words in the column of the state, each once whatever its case."""
    found = {value.lower(): value for value in table.values_of(columns.fields, "kind")}
    return list(found.values())[:MOST_WORDS]


def is_sure(table: Table, columns: Columns) -> bool:
    """Whether ``columns`` leave nothing open: enough is named, times can be read in one way only, words are known."""
    is_one_way = likely_forms(table.values_of(columns.fields, "at")) == [columns.form]
    is_named = Columns.recognised(column.name for column in table.columns).is_enough
    are_known = all(word.lower() in columns.words or meaning_of(word) for word in words_in(table, columns))
    return is_named and columns.is_enough and is_one_way and are_known


def preview_of(upload: Upload) -> Preview:
    """The first events and the first rejected lines of ``upload``, as they would be read now."""
    try:
        beginning = beginning_of(upload)
    except DamagedError as error:
        return Preview(rejected=(broken_off(1, error),), lines=1, bad=1, is_all=True, damage=error.code)
    zones = Zones()
    codes = set(BranchProfile.objects.values_list("code", flat=True))
    items, judge = only_known(events_of(upload, beginning.file, zones), codes), judge_of(upload)
    tried = _tried(iter(judge(items)) if judge else items, beginning.is_all)
    if beginning.damage is not None and tried.is_all:
        end = broken_off(beginning.file.getvalue().count(b"\n") + 1, beginning.damage)
        return replace(tried, rejected=(*tried.rejected, end), bad=tried.bad + 1, damage=beginning.damage.code)
    return tried if tried.is_all else replace(tried, last=last_time_of(upload, zones))


def _tried(items: Iterator[Any], is_all: bool) -> Preview:
    events: list[LogEvent] = []
    rejected: list[RejectedLine] = []
    times: list[datetime] = []
    lines = good = bad = last = 0
    for item in items:
        if isinstance(item, Passed):
            lines += item.lines
            continue
        lines, last = lines + (item.line != last), item.line
        if isinstance(item, Rejected):
            bad += 1
            if len(rejected) < SHOWN:
                rejected.append(rejected_from(item))
        else:
            good += 1
            times.append(item.at)
            if len(events) < SHOWN:
                events.append(item)
        if good + bad >= MOST_TRIED:
            is_all = False
            break
    first, latest = (min(times), max(times)) if times else (None, None)
    return Preview(tuple(events), tuple(rejected), lines, good, bad, is_all, first, latest)
