"""Pages of rows by keyset: no OFFSET and no exact count, so page 1,000 costs what page 1 costs.

A page is asked for with ``?after=<key>`` (older rows) or ``?before=<key>`` (newer rows), where the key is the pair of
values the rows are ordered by: a time and the primary key, newest first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from django.db.models import Model, Q, QuerySet

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows of one page, and the keys of its neighbours (empty where there is none)."""

    rows: list[Row]
    newer: str
    older: str

    def __bool__(self) -> bool:
        return bool(self.rows)


def page_of(rows: QuerySet[Row], parameters: Any, *, by: str, size: int = 50) -> Page[Row]:
    """The page of ``rows`` that ``parameters`` (a request's GET) ask for, ordered by ``-by, -pk``; one query.

    A key that cannot be read asks for the first page: an old link shows the list rather than an error.
    """
    after, before = _read(parameters.get("after", "")), _read(parameters.get("before", ""))
    if before and not after:
        at, pk = before
        newer = rows.filter(Q(**{f"{by}__gt": at}) | Q(**{by: at, "pk__gt": pk}))
        found = list(newer.order_by(by, "pk")[: size + 1])
        has_newer, found = len(found) > size, found[:size][::-1]
        has_older = True
    else:
        if after:
            at, pk = after
            rows = rows.filter(Q(**{f"{by}__lt": at}) | Q(**{by: at, "pk__lt": pk}))
        found = list(rows.order_by(f"-{by}", "-pk")[: size + 1])
        has_older, found = len(found) > size, found[:size]
        has_newer = after is not None
    return Page(
        rows=found,
        newer=_key(found[0], by) if found and has_newer else "",
        older=_key(found[-1], by) if found and has_older else "",
    )


def _key(row: Model, by: str) -> str:
    at: datetime = getattr(row, by)
    return f"{int(at.timestamp() * 1_000_000)}-{row.pk}"


def _read(key: str) -> tuple[datetime, int] | None:
    at, _, pk = key.partition("-")
    try:
        return datetime.fromtimestamp(int(at) / 1_000_000, UTC), int(pk)
    except (ValueError, OverflowError, OSError):
        return None
