"""Many rows into a table the quickest way the database has: COPY on PostgreSQL, one prepared INSERT elsewhere.

Rows are plain tuples with their own numbers, so nothing has to be read back. That is safe because only one reading of a
log writes at a time: call :func:`wait_for_turn` first in the transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
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


def look_up_by_index() -> None:
    """Have the planner use indexes for the rest of this transaction, whatever it takes the tables for.

    A table that is being filled has grown since it was last analysed, and looks small enough to be read whole for every
    batch. Not for what counts or joins whole tables.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off")
            cursor.execute("SET LOCAL enable_mergejoin = off; SET LOCAL jit = off")


def hasten() -> None:
    """Have this transaction's commit return before it is on the disk; whatever is committed later waits for it, too."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit = off")


def among(rows: QuerySet[M], names: Sequence[str], values: Iterable[Sequence[Any]]) -> QuerySet[M]:
    """Those of ``rows`` whose columns ``names`` have the values of one of ``values``, of which there may be thousands.

    Of several columns SQLite gives more: each has one of the values that are wanted of it.
    """
    columns = list(zip(*values, strict=True)) or [()] * len(names)
    if connection.vendor != "postgresql":
        return rows.filter(**{f"{name}__in": set(column) for name, column in zip(names, columns, strict=True)})
    # One array a column instead of thousands of parameters. As a list of rows they are looked up one by one, while for
    # "= ANY" the planner would read the whole of a table that it takes for small.
    quote = connection.ops.quote_name
    fields = [rows.model._meta.get_field(name) for name in names]
    wanted = ", ".join(f"{quote(rows.model._meta.db_table)}.{quote(str(field.column))}" for field in fields)  # type: ignore[union-attr]
    arrays = ", ".join(f"%s::{field.rel_db_type(connection)}[]" for field in fields)  # type: ignore[union-attr]
    # The columns are the model's own, the arrays are parameters.
    return rows.extra(  # noqa: S610
        where=[f"({wanted}) IN (SELECT * FROM unnest({arrays}))"],  # noqa: S608
        params=[list(column) for column in columns],
    )


def numbers(model: type[models.Model], count: int) -> Sequence[int]:
    """``count`` primary keys of ``model`` that nothing else gets."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # The sequence is named once: a function of the table's name would look it up for every number.
            cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [table])
            (sequence,) = cursor.fetchone()
            cursor.execute("SELECT nextval(%s::regclass) FROM generate_series(1, %s)", [sequence, count])
            return [number for (number,) in cursor.fetchall()]
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        row = cursor.fetchone()
    last = int(row[0]) if row else 0
    return range(last + 1, last + 1 + count)


@lru_cache(maxsize=100_000)
def moment(at: datetime) -> Any:
    """``at`` as :class:`Writer` writes it: made once for the many rows of one second."""
    if connection.vendor == "postgresql":
        return at.isoformat(" ")
    return connection.ops.adapt_datetimefield_value(at)


class Writer:
    """Writes rows while the caller makes the next ones; :func:`writer` gives one, and waits for it in the end."""

    def __init__(self, pool: ThreadPoolExecutor | None) -> None:
        self._pool = pool
        self._writing: Future[None] | None = None

    def insert(self, model: type[models.Model], names: Sequence[str], rows: list[Row]) -> None:
        """Write ``rows``, whose values stand for the columns ``names``: numbers, texts, None, and times as
        :func:`moment` gives them. Whatever else the table has must have a default.
        """
        if not rows:
            return
        quote = connection.ops.quote_name
        if self._pool is None:
            places = ", ".join(["%s"] * len(names))
            with connection.cursor() as cursor:
                # The names are the model's own, the values are parameters.
                cursor.executemany(
                    f"INSERT INTO {quote(model._meta.db_table)} ({', '.join(map(quote, names))}) VALUES ({places})",  # noqa: S608
                    rows,
                )
            return
        if None in rows[0]:
            # A column that says nothing in any row is left out; the others need no look at every cell.
            told = [at for at in range(len(names)) if any(row[at] is not None for row in rows)]
            names, rows = [names[at] for at in told], [tuple([row[at] for at in told]) for row in rows]
        command = f"COPY {quote(model._meta.db_table)} ({', '.join(map(quote, names))}) FROM STDIN"
        text = _text(rows, len(names))
        self.wait()
        cursor = connection.cursor()
        # The thread is given the driver's own cursor, since Django's belongs to this thread. It works without holding
        # the interpreter, and every other query waits for it.
        self._writing = self._pool.submit(_copy, cursor.cursor, command, text)
        self._writing.add_done_callback(lambda _: cursor.close())

    def wait(self) -> None:
        """Wait until the last rows are written; raises what went wrong with them."""
        if self._writing is not None:
            writing, self._writing = self._writing, None
            with connection.wrap_database_errors:
                writing.result()

    def wait_first(self, execute: Callable[..., Any], *query: Any) -> Any:
        """Run a query when the last rows are written: a connection can do one thing at a time."""
        self.wait()
        return execute(*query)


@contextmanager
def writer() -> Iterator[Writer]:
    """A :class:`Writer` for use inside one transaction. On SQLite it writes at once."""
    if connection.vendor != "postgresql":
        yield Writer(None)
        return
    with ThreadPoolExecutor(1, thread_name_prefix="copy") as pool:
        made = Writer(pool)
        with connection.execute_wrapper(made.wait_first):
            yield made
            made.wait()


def _copy(cursor: Any, command: str, text: str) -> None:
    cursor.copy_expert(command, StringIO(text), 1 << 20)


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
