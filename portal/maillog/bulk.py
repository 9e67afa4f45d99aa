"""Many rows into a table the quickest way the database has: COPY on PostgreSQL, one prepared INSERT elsewhere.

Rows come as columns of plain values, with numbers of their own, so nothing has to be read back. That is safe because
only one reading of a log writes at a time: call :func:`wait_for_turn` first in the transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from io import BytesIO
from itertools import compress
from typing import Any, TypeVar

from django.db import connection, models
from django.db.models import QuerySet

#: Any number that no other lock of this program has.
LOCK = 0x6D61696C
_CELL = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
#: What stands in COPY's text format for a cell that says nothing.
_NOTHING = "\\N"
#: What the one database is, for what is asked millions of times.
_IS_POSTGRESQL = connection.vendor == "postgresql"
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
        params=[array(column) for column in columns],
    )


class Question:
    """What rows of a table are looked up by, made ready where the database may not be asked."""

    def __init__(self, model: type[models.Model], names: Sequence[str], values: Iterable[tuple[Any, ...]]) -> None:
        """``values`` of the columns ``names``: numbers and texts, each row of them once however often it comes."""
        self._model, self._names = model, names
        # In order each is near the one before, and is found in two thirds of the time.
        self._values = sorted(set(values))
        self._arrays = [*map(array, zip(*self._values, strict=True))] if connection.vendor == "postgresql" else []

    def found(self, *columns: str) -> list[tuple[Any, ...]]:
        """These columns of the rows that have such values. Call :func:`look_up_by_index` first.

        Of several columns SQLite gives more: each has one of the values that are wanted of it.
        """
        if not self._values:
            return []
        if connection.vendor != "postgresql":
            wanted = zip(self._names, zip(*self._values, strict=True), strict=True)
            rows = self._model._base_manager.filter(**{f"{name}__in": set(column) for name, column in wanted})
            return [*rows.values_list(*columns)]
        quote, fields = connection.ops.quote_name, [self._model._meta.get_field(name) for name in self._names]
        arrays = ", ".join(f"%s::{field.rel_db_type(connection)}[]" for field in fields)  # type: ignore[union-attr]
        names = [quote(str(field.column)) for field in fields]  # type: ignore[union-attr]
        told = ", ".join(f"stored.{quote(str(self._model._meta.get_field(name).column))}" for name in columns)  # type: ignore[union-attr]
        alike = " AND ".join(f"stored.{name} = sought.{name}" for name in names)
        with connection.cursor() as cursor:
            # The names are the model's own, the arrays are parameters.
            cursor.execute(
                f"SELECT {told} FROM unnest({arrays}) AS sought ({', '.join(names)}) "  # noqa: S608
                f"JOIN {quote(self._model._meta.db_table)} AS stored ON {alike}",
                self._arrays,
            )
            return cursor.fetchall()


def array(values: Iterable[Any]) -> str:
    """``values`` (texts, numbers, times, never None) as PostgreSQL writes an array, for a parameter cast to one.

    The driver would write an expression of thousands of constants, which takes the database longer to parse and plan
    than to carry out; this is one constant.
    """
    cells = [*map(str, values)]
    text = '","'.join(cells)
    if "\\" in text or text.count('"') != 2 * max(len(cells) - 1, 0):
        text = '","'.join([cell.replace("\\", "\\\\").replace('"', '\\"') for cell in cells])
    return f'{{"{text}"}}' if cells else "{}"


def numbers(model: type[models.Model], count: int) -> Sequence[int]:
    """``count`` primary keys of ``model`` that nothing else gets."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # The sequence is named once: a function of the table's name would look it up for every number. As a rule
            # nobody else takes of it meanwhile, and then two numbers tell all of them.
            cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [table])
            (sequence,) = cursor.fetchone()
            cursor.execute(
                "SELECT min(n), max(n), CASE WHEN max(n) - min(n) >= count(*) THEN array_agg(n) END "
                "FROM (SELECT nextval(%s::regclass) AS n FROM generate_series(1, %s)) AS taken",
                [sequence, count],
            )
            first, last, scattered = cursor.fetchone()
            return scattered or (range(first, last + 1) if count else ())
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        row = cursor.fetchone()
    last = int(row[0]) if row else 0
    return range(last + 1, last + 1 + count)


@lru_cache(maxsize=100_000)
def moment(at: datetime) -> Any:
    """``at`` as :class:`Writer` writes it: made once for the many rows of one second."""
    return at.isoformat(" ") if _IS_POSTGRESQL else connection.ops.adapt_datetimefield_value(at)


class Rows:
    """Rows of one table in the form they are written in, but for numbers that are known only when they are.

    Making them needs no database, so that another thread can.
    """

    def __init__(self, model: type[models.Model], columns: Mapping[str, Sequence[Any]]) -> None:
        """``columns`` hold numbers, texts, None, and times as :func:`moment` gives them.

        Whatever else the table has must have a default; a column without a value in any row is left to it.
        """
        gaps = {name for name, values in columns.items() if model._meta.get_field(name).null and None in values}
        told = {name: values for name, values in columns.items() if name not in gaps or any(values)}
        self.model, self.names = model, [*told]
        self._is_text = connection.vendor == "postgresql"
        values = [*told.values()]
        self._rows: Sequence[Any] = (
            _texts(values, [name in gaps for name in told]) if self._is_text else [*zip(*values, strict=True)]
        )

    def __len__(self) -> int:
        return len(self._rows)

    def only(self, kept: Iterable[bool]) -> None:
        """Leave out the rows for which ``kept`` says no."""
        self._rows = [*compress(self._rows, kept)]

    def numbered(self, columns: Sequence[Sequence[int]]) -> Any:
        """The rows with these numbers before them: COPY's text, or tuples."""
        if not self._is_text:
            return [(*cells, *row) for *cells, row in zip(*columns, self._rows, strict=True)]
        texts = (map(str, column) for column in columns)
        return "\n".join(map("\t".join, zip(*texts, self._rows, strict=True))) + "\n"


class Writer:
    """Writes rows while the caller makes the next ones; :func:`writer` gives one, and waits for it in the end."""

    def __init__(self, pool: ThreadPoolExecutor | None) -> None:
        self._pool = pool
        self._writing: Future[None] | None = None

    def insert(self, rows: Rows, **numbers: Sequence[int]) -> None:
        """Write ``rows``, each with its number of every column in ``numbers``."""
        if not len(rows):
            return
        quote = connection.ops.quote_name
        names = [*numbers, *rows.names]
        table, columns = quote(rows.model._meta.db_table), ", ".join(map(quote, names))
        told = rows.numbered([*numbers.values()])
        if self._pool is None:
            with connection.cursor() as cursor:
                # The names are the model's own, the values are parameters.
                cursor.executemany(
                    f"INSERT INTO {table} ({columns}) VALUES ({', '.join(['%s'] * len(names))})",  # noqa: S608
                    told,
                )
            return
        self.wait()
        cursor = connection.cursor()
        # The thread is given the driver's own cursor, since Django's belongs to this thread. It works without holding
        # the interpreter, and every other query waits for it.
        self._writing = self._pool.submit(_copy, cursor.cursor, f"COPY {table} ({columns}) FROM STDIN", told)
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
    cursor.copy_expert(command, BytesIO(text.encode()), 1 << 20)


def _texts(columns: Sequence[Sequence[Any]], gaps: Sequence[bool]) -> list[str]:
    """The rows of these columns in COPY's text format; ``gaps`` says of each whether there is a None in it."""
    cells = [_cells(values, has_gaps) for values, has_gaps in zip(columns, gaps, strict=True)]
    rows = [*map("\t".join, zip(*cells, strict=True))]
    text = "\n".join(rows)
    # Hardly ever is there a character that has to be escaped, and then these counts do not come out.
    if (
        text.count("\\") == sum(values.count(None) for values, has_gaps in zip(columns, gaps, strict=True) if has_gaps)
        and text.count("\t") == len(rows) * (len(cells) - 1)
        and text.count("\n") == max(len(rows) - 1, 0)
        and "\r" not in text
    ):
        return rows
    escaped = [[_NOTHING if cell is None else str(cell).translate(_CELL) for cell in values] for values in columns]
    return [*map("\t".join, zip(*escaped, strict=True))]


def _cells(values: Sequence[Any], has_gaps: bool) -> Sequence[str]:
    """A column's values, which are all of one kind or None, as texts."""
    if has_gaps:
        return [_NOTHING if value is None else str(value) for value in values]
    return [*map(str, values)] if values and not isinstance(values[0], str) else values
