"""Many rows into a table the quickest way the database has: COPY on PostgreSQL, one prepared INSERT elsewhere.

Rows are plain tuples with their own numbers, so nothing has to be read back. That is safe because only one reading of a
log writes at a time: call :func:`wait_for_turn` first in the transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from io import StringIO
from typing import Any, TypeVar

from django.db import connection, models
from django.db.models import QuerySet

#: Any number that no other lock of this program has.
LOCK = 0x6D61696C
_CELL = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
Row = tuple[Any, ...]
M = TypeVar("M", bound=models.Model)


def wait_for_turn() -> None:
    """Wait until no other reading of a log is in the midst of a batch; held until the transaction ends.

    SQLite needs nothing: its writers queue at BEGIN.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def among(rows: QuerySet[M], name: str, values: Iterable[Any]) -> QuerySet[M]:
    """Those of ``rows`` whose column ``name`` has one of ``values``, of which there may be thousands."""
    if connection.vendor != "postgresql":
        return rows.filter(**{f"{name}__in": values})
    # One array instead of thousands of parameters: the column is the model's own, the array is a parameter.
    field = rows.model._meta.get_field(name)
    assert isinstance(field, models.Field)  # A relation from elsewhere has no column.
    assert field.column is not None  # Nor has a relation to many.
    table, column = (connection.ops.quote_name(part) for part in (rows.model._meta.db_table, field.column))
    kind = field.rel_db_type(connection) if isinstance(field, models.AutoField) else field.db_type(connection)
    return rows.extra(where=[f"{table}.{column} = ANY(%s::{kind}[])"], params=[list(values)])  # noqa: S610


def numbers(model: type[models.Model], count: int) -> Sequence[int]:
    """``count`` primary keys of ``model`` that nothing else gets."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')::regclass) FROM generate_series(1, %s)", [table, count]
            )
            return [number for (number,) in cursor.fetchall()]
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        row = cursor.fetchone()
    last = int(row[0]) if row else 0
    return range(last + 1, last + 1 + count)


def insert(model: type[models.Model], names: Sequence[str], rows: list[Row]) -> None:
    """Write ``rows``, whose values stand for the columns ``names``. Whatever else the table has must have a default."""
    if not rows:
        return
    if None in rows[0]:
        # A column that says nothing in any row is left out; the others need no look at every cell.
        told = [at for at in range(len(names)) if any(row[at] is not None for row in rows)]
        names, rows = [names[at] for at in told], [tuple(row[at] for at in told) for row in rows]
    quote = connection.ops.quote_name
    table, columns = quote(model._meta.db_table), ", ".join(map(quote, names))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            text = StringIO(_text(rows, len(names)))
            cursor.copy_expert(f"COPY {table} ({columns}) FROM STDIN", text, 1 << 20)
            return
        places = ", ".join(["%s"] * len(names))
        # The names are the model's own, the values are parameters.
        cursor.executemany(
            f"INSERT INTO {table} ({columns}) VALUES ({places})",  # noqa: S608
            [tuple(map(_adapted, row)) for row in rows],
        )


def _text(rows: list[Row], width: int) -> str:
    """The rows in COPY's text format."""
    join = "\t".join
    if not any(None in row for row in rows):
        # Hardly ever is there a character that has to be escaped, and then these counts do not come out.
        text = "\n".join([join(map(str, row)) for row in rows]) + "\n"
        is_plain = "\\" not in text and "\r" not in text and text.count("\n") == len(rows)
        if is_plain and text.count("\t") == len(rows) * (width - 1):
            return text
    return "".join(map(_line, rows))


def _line(row: Row) -> str:
    line = "\t".join(map(str, row))
    if None not in row and "\\" not in line and "\n" not in line and "\r" not in line and line.count("\t") < len(row):
        return line + "\n"
    return "\t".join("\\N" if cell is None else str(cell).translate(_CELL) for cell in row) + "\n"


def _adapted(value: Any) -> Any:
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value
