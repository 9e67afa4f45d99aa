"""Pages of rows by keyset: no OFFSET and no exact count, so page 1,000 costs what page 1 costs.

A page is asked for with ``?after=<key>`` (older rows) or ``?before=<key>`` (newer rows), where the key is the pair of
values the rows are ordered by: a time and the primary key, newest first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from django.db.models import Model, Q, QuerySet

Row = TypeVar("Row", bound=Model)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows of one page, and the keys of its neighbours (empty where there is none)."""

    rows: list[Row]
    newer: str
    older: str

    def __bool__(self) -> bool:
        return bool(self.rows)


def page_of(rows: QuerySet[Row], parameters: Any, *, by: str, size: int = 50, oldest_first: bool = False) -> Page[Row]:
    """The page of ``rows`` that ``parameters`` (a request's GET) ask for, ordered by ``-by, -pk``; one query.

    A key that cannot be read asks for the first page: an old link shows the list rather than an error. With
    ``oldest_first`` the list begins with the oldest row and is ordered by ``by, pk``; the keys mean the same.
    """
    if oldest_first:
        return _oldest_first(rows, parameters, by=by, size=size)
    after, before = read_key(parameters.get("after", "")), read_key(parameters.get("before", ""))
    if before and not after:
        at, pk = before
        # The first condition says nothing that the second does not, but it is one an index can start at.
        newer = rows.filter(Q(**{f"{by}__gte": at}), Q(**{f"{by}__gt": at}) | Q(pk__gt=pk))
        found = list(newer.order_by(by, "pk")[: size + 1])
        has_newer, found = len(found) > size, found[:size][::-1]
        has_older = True
    else:
        if after:
            at, pk = after
            rows = rows.filter(Q(**{f"{by}__lte": at}), Q(**{f"{by}__lt": at}) | Q(pk__lt=pk))
        found = list(rows.order_by(f"-{by}", "-pk")[: size + 1])
        has_older, found = len(found) > size, found[:size]
        has_newer = after is not None
    return Page(
        rows=found,
        newer=key_of(found[0], by) if found and has_newer else "",
        older=key_of(found[-1], by) if found and has_older else "",
    )


def _oldest_first(rows: QuerySet[Row], parameters: Any, *, by: str, size: int) -> Page[Row]:
    after, before = read_key(parameters.get("after", "")), read_key(parameters.get("before", ""))
    if after and not before:
        at, pk = after
        older = rows.filter(Q(**{f"{by}__lte": at}), Q(**{f"{by}__lt": at}) | Q(pk__lt=pk))
        found = list(older.order_by(f"-{by}", "-pk")[: size + 1])
        has_older, found = len(found) > size, found[:size][::-1]
        has_newer = True
    else:
        if before:
            at, pk = before
            rows = rows.filter(Q(**{f"{by}__gte": at}), Q(**{f"{by}__gt": at}) | Q(pk__gt=pk))
        found = list(rows.order_by(by, "pk")[: size + 1])
        has_newer, found = len(found) > size, found[:size]
        has_older = before is not None
    return Page(
        rows=found,
        newer=key_of(found[-1], by) if found and has_newer else "",
        older=key_of(found[0], by) if found and has_older else "",
    )


def key_of(row: Model, by: str) -> str:
    """The key of the page that ends with ``row``."""
    at: datetime = getattr(row, by)
    return f"{(at - EPOCH) // timedelta(microseconds=1)}-{row.pk}"


def read_key(key: str) -> tuple[datetime, int] | None:
    """The time and number a key stands for; None where it cannot be read."""
    at, _, pk = key.partition("-")
    try:
        return EPOCH + timedelta(microseconds=int(at)), int(pk)
    except (ValueError, OverflowError):
        return None
