"""The counts that pages read in place of the log: moved by differences, in the transaction that moves the deliveries.

What a delivery counts for is known from its own row alone. So what it counted for before is taken away and what it
counts for now is added, and the counts are right in whatever order the events of a log arrive.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db import connection, models

from portal.branches.models import BranchProfile
from portal.maillog.bulk import array
from portal.maillog.models import AttemptCount, DayCount, DayPart, DomainCount, HourCount, MissingCount, State

#: So many rows go into one statement, where each of their values is a parameter.
CHUNK = 500
#: What a day is counted by, in the order of the rows of :func:`move_days`.
DAY_KEYS = ("branch_id", "day", "state", "cause", "provider", "module", "server")
#: The parts that a day is told in: as a whole, and by each thing that a history is broken down by.
PARTS = ("", *DAY_KEYS[3:])
#: The states a delivery can stand in; a day's part has a column for each.
STANDS = tuple(str(state) for state in State if state is not State.COMPLAINED)
DOMAIN_COLUMNS = ("recipients", "accepted", "deferred", "refused", "complaints")
#: Which of them counts what stands in a state, beside the first.
_DOMAIN_COLUMN: dict[str, int] = {State.ACCEPTED: 1, State.DEFERRED: 2, State.REFUSED: 3, State.EXPIRED: 3}


class Counted(NamedTuple):
    """What one delivery is counted by."""

    branch: int
    at: datetime
    state: str
    cause: str
    provider: str
    module: str
    server: str
    domain: str
    is_complained: bool


class Counts:
    """Differences gathered over one transaction, and written at its end."""

    def __init__(self, zones: Mapping[int, tzinfo] | None = None) -> None:
        """``zones``: the time zone of each branch by its number; read from the database where not given."""
        self._zones = zones
        self._hours: defaultdict[tuple[int, datetime, str], int] = defaultdict(int)
        self._days: defaultdict[tuple[Any, ...], int] = defaultdict(int)
        self._complaints: defaultdict[tuple[Any, ...], int] = defaultdict(int)
        self._domains: defaultdict[tuple[int, date, str], list[int]] = defaultdict(lambda: [0] * len(DOMAIN_COLUMNS))
        self._attempts: Counter[tuple[datetime, str, str, str]] = Counter()
        self._times: dict[tuple[int, datetime], tuple[datetime, date, date]] = {}

    def add(self, items: Iterable[tuple[int, datetime, str, str, str, str, str, str, bool]], by: int) -> None:
        """Count each of ``items``, which hold what a :class:`Counted` does, ``by`` more (or, below zero, less)."""
        hours, days, domains, times = self._hours, self._days, self._domains, self._times
        for branch, at, state, cause, provider, module, server, domain, is_complained in items:
            # No zone's day begins within a quarter of an hour.
            quarter = quarter_of(at)
            hour, day, month = times.get((branch, quarter)) or self._time(branch, quarter)
            hours[branch, hour, state] += by
            key = (branch, day, state, cause, provider, module, server)
            days[key] += by
            if is_complained:
                self._complaints[key] += by
            if state == State.ERROR:
                continue
            row = domains[branch, month, domain]
            row[0] += by
            if state in _DOMAIN_COLUMN:
                row[_DOMAIN_COLUMN[state]] += by
            if is_complained:
                row[-1] += by

    def add_attempts(self, attempts: Iterable[tuple[datetime, str, str, str]]) -> None:
        """Count one recipient more that was tried for each hour, server, provider and state in ``attempts``."""
        self._attempts.update(attempts)

    def move_attempts(self, hour: datetime, server: str, provider: str, state: str, by: int) -> None:
        """Count so many recipients more (or, below zero, less) that were tried in ``hour``."""
        self._attempts[hour, server, provider, state] += by

    def write(self) -> None:
        """Move the stored counts by what was gathered. Rows are taken in one order, so that two writers never wait."""
        _add(HourCount, ("branch_id", "hour", "state"), ("recipients",), [(*key, n) for key, n in self._hours.items()])
        move_days([(*key, n, self._complaints.get(key, 0)) for key, n in self._days.items()])
        _add(
            DomainCount,
            ("branch_id", "month", "domain"),
            DOMAIN_COLUMNS,
            [(*key, *row) for key, row in self._domains.items()],
        )
        _add(
            AttemptCount,
            ("hour", "server", "provider", "state"),
            ("recipients",),
            [(*key, n) for key, n in self._attempts.items()],
        )

    def _time(self, branch: int, quarter: datetime) -> tuple[datetime, date, date]:
        """The hour in UTC, and the day and the first of the month where the branch is; remembered."""
        day = quarter.astimezone(self._zone(branch)).date()
        found = self._times[branch, quarter] = hour_of(quarter), day, day.replace(day=1)
        return found

    def _zone(self, branch: int) -> tzinfo:
        if self._zones is None:
            self._zones = {pk: ZoneInfo(zone) for pk, zone in BranchProfile.objects.values_list("pk", "time_zone")}
        return self._zones.get(branch, UTC)


def move_days(rows: list[tuple[Any, ...]]) -> None:
    """Move the counts of days, and the parts that they are read in with them.

    A row holds the values of :data:`DAY_KEYS`, and how many recipients and complaints more (or less) there are.
    """
    _add(DayCount, DAY_KEYS, ("recipients", "complaints"), rows)
    columns = {state: number for number, state in enumerate(STANDS)}
    parts: dict[tuple[Any, ...], list[int]] = {}
    for branch, day, state, *values, recipients, complaints in rows:
        for part, value in zip(PARTS, ("", *values), strict=True):
            counts = parts.setdefault((branch, part, day, value), [0] * (len(STANDS) + 1))
            counts[columns[state]] += recipients
            counts[-1] += complaints
    moved = [(*key, *counts) for key, counts in parts.items()]
    _add(DayPart, ("branch_id", "part", "day", "value"), (*STANDS, "complaints"), moved)


def count_missing(branch: BranchProfile, at: datetime) -> None:
    """Count one e-mail of ``branch`` more that was reported missing at ``at``."""
    day = at.astimezone(ZoneInfo(branch.time_zone)).date()
    _add(MissingCount, ("branch_id", "day"), ("reports",), [(branch.pk, day, 1)])


@lru_cache(maxsize=100_000)
def hour_of(at: datetime) -> datetime:
    """The hour that ``at``, in UTC, is in. A log tells many things of one second."""
    return at.replace(minute=0, second=0, microsecond=0)


@lru_cache(maxsize=100_000)
def quarter_of(at: datetime) -> datetime:
    """The quarter of an hour that ``at``, in UTC, is in."""
    return at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)


def _add(model: type[models.Model], keys: Sequence[str], columns: Sequence[str], rows: list[tuple[Any, ...]]) -> None:
    """Add to the ``columns`` of the rows with these ``keys``; a row that is not there is made."""
    width = len(keys)
    rows = sorted((row for row in rows if any(row[width:])), key=lambda row: row[:width])
    quote = connection.ops.quote_name
    table, names = quote(model._meta.db_table), [quote(name) for name in (*keys, *columns)]
    moved = ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in names[width:])
    places = f"({', '.join(['%s'] * len(names))})"
    onto = f"ON CONFLICT ({', '.join(names[:width])}) DO UPDATE SET {moved}"
    with connection.cursor() as cursor:
        if rows and connection.vendor == "postgresql":
            fields = [model._meta.get_field(name.removesuffix("_id")) for name in (*keys, *columns)]
            arrays = ", ".join(f"%s::{field.rel_db_type(connection)}[]" for field in fields)  # type: ignore[union-attr]
            # The names are the model's own, the arrays are parameters.
            cursor.execute(
                f"INSERT INTO {table} ({', '.join(names)}) SELECT * FROM unnest({arrays}) {onto}",  # noqa: S608
                [array(column) for column in zip(*rows, strict=True)],
            )
            return
        for at in range(0, len(rows), CHUNK):
            piece = rows[at : at + CHUNK]
            # The names are the model's own, the values are parameters.
            cursor.execute(
                f"INSERT INTO {table} ({', '.join(names)}) VALUES {', '.join([places] * len(piece))} {onto}",  # noqa: S608
                [_adapted(value) for row in piece for value in row],
            )


def _adapted(value: Any) -> Any:
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return connection.ops.adapt_datefield_value(value) if isinstance(value, date) else value
