"""The large tables by the month, on PostgreSQL: made ahead, and dropped whole when their time is over.

A month that has no partition yet goes into the table ``…_other``, so that nothing is ever refused; a reading of a log
makes the months it needs first. On SQLite there is one table, and :func:`drop_before` deletes from it in pieces.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial

from django.db import connection, models, transaction
from django.utils import timezone

from portal.maillog.models import Delivery, DeliveryEvent, MessageLog

#: The partitioned tables, the one that is pointed at first.
TABLES: tuple[type[models.Model], ...] = (MessageLog, Delivery, DeliveryEvent)
#: So many months before now get a partition of their own when a log brings them; older ones share one.
MONTHS_BACK = 36
#: So many months are made ahead.
MONTHS_AHEAD = 3
#: On SQLite so many rows are deleted at once, so that others get their turn.
PIECE = 5000

_made: set[tuple[int, int]] = set()


@dataclass(frozen=True, slots=True)
class Partition:
    """One month of one table: its name, and the first moment after it."""

    table: str
    name: str
    ends: datetime


def is_partitioned() -> bool:
    return connection.vendor == "postgresql"


def ensure(moments: Iterable[datetime]) -> None:
    """Make the partitions that rows of these ``moments`` go into. Call it inside the transaction that writes them."""
    if not is_partitioned():
        return
    now = timezone.now()
    latest = now.year * 12 + now.month - 1
    for number in sorted({at.year * 12 + at.month - 1 for at in moments}):
        if latest - MONTHS_BACK <= number <= latest + MONTHS_AHEAD:
            month = (number // 12, number % 12 + 1)
            if month not in _made:
                for model in TABLES:
                    _make(model._meta.db_table, month)
                # Only what is committed is there for the next transaction.
                transaction.on_commit(partial(_made.add, month))


def ensure_ahead() -> None:
    """Make the partitions of this month and the next ones."""
    now = timezone.now()
    first = now.year * 12 + now.month - 1
    with transaction.atomic():
        ensure(datetime(number // 12, number % 12 + 1, 1, tzinfo=UTC) for number in range(first, first + MONTHS_AHEAD))


def _make(table: str, month: tuple[int, int]) -> None:
    begins, ends = _span(*month)
    name = f"{table}_{month[0]}_{month[1]:02}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [name])
        if cursor.fetchone()[0] is not None:
            return
        # Rows that came before the partition stay where they are: a partition cannot overlap them. The names are the
        # models' own.
        cursor.execute(
            f'SELECT 1 FROM "{table}_other" WHERE at >= %s AND at < %s LIMIT 1',  # noqa: S608
            [begins, ends],
        )
        if cursor.fetchone() is None:
            cursor.execute(f'CREATE TABLE "{name}" PARTITION OF "{table}" FOR VALUES FROM (%s) TO (%s)', [begins, ends])


def _span(year: int, month: int) -> tuple[datetime, datetime]:
    begins = datetime(year, month, 1, tzinfo=UTC)
    return begins, datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)


def partitions_of(model: type[models.Model]) -> list[Partition]:
    """The months that ``model`` has partitions for, the oldest first; none on SQLite."""
    if not is_partitioned():
        return []
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
            "WHERE i.inhparent = %s::regclass ORDER BY c.relname",
            [table],
        )
        names = [name for (name,) in cursor.fetchall()]
    found = []
    for name in names:
        year, _, month = name.removeprefix(table + "_").partition("_")
        if year.isdecimal() and month.isdecimal():
            found.append(Partition(table, name, _span(int(year), int(month))[1]))
    return found


def count_before(model: type[models.Model], day: date) -> int:
    """How many rows :func:`drop_before` would take: an exact count, for a dry run."""
    return model._default_manager.filter(at__lt=_cut(model, day)).count()


def drop_before(model: type[models.Model], day: date) -> int:
    """Take what lies before ``day`` out of ``model``; returns how many rows were deleted one by one.

    Whole months go by dropping their partition, and a month that ``day`` cuts through stays whole. What shares a table
    (``…_other``, and all on SQLite) is deleted in pieces, each a transaction of its own.
    """
    cut = _cut(model, day)
    for partition in partitions_of(model):
        if partition.ends <= cut:
            with transaction.atomic(), connection.cursor() as cursor:
                # A table that a constraint is still to be checked for cannot be dropped.
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                cursor.execute(f'DROP TABLE "{partition.name}"')
            year, _, month = partition.name.removeprefix(partition.table + "_").partition("_")
            _made.discard((int(year), int(month)))
    deleted = 0
    rows = model._default_manager.filter(at__lt=cut).order_by("at")
    while numbers := list(rows.values_list("pk", flat=True)[:PIECE]):
        # What hangs on these rows is older than they are kept, or goes by its own call; nothing is cascaded.
        deleted += model._default_manager.filter(pk__in=numbers)._raw_delete(using="default")
    return deleted


def _cut(model: type[models.Model], day: date) -> datetime:
    """The moment before which rows go: the first of ``day``'s month where whole months are dropped."""
    return datetime(day.year, day.month, 1 if is_partitioned() else day.day, tzinfo=UTC)
