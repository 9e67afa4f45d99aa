"""The sources a log is read from. A source is one module with ``read``, and one line here."""

from collections.abc import Iterator
from typing import BinaryIO, Protocol

from portal.maillog.importers import csv, exim, jsonl, postfix
from portal.maillog.importers.columns import Columns
from portal.maillog.importers.event import Importer, Item, ZoneOf
from portal.maillog.importers.server_log import Queue


class ServerLog(Protocol):
    """Reads a mail server's log; ``queue`` carries what is on its way from one file to the next."""

    def __call__(self, file: BinaryIO, branch: str, zone_of: ZoneOf, queue: Queue | None = None) -> Iterator[Item]: ...


class TableReader(Protocol):
    """Reads rows of named columns; ``columns`` say what they mean where their names do not."""

    def __call__(
        self, file: BinaryIO, branch: str, zone_of: ZoneOf, columns: Columns | None = None
    ) -> Iterator[Item]: ...


SERVER_LOGS: dict[str, ServerLog] = {"exim": exim.read, "postfix": postfix.read}
TABLES: dict[str, TableReader] = {"csv": csv.read, "jsonl": jsonl.read}
IMPORTERS: dict[str, Importer] = {
    "csv": csv.read,
    "exim": exim.read,
    "jsonl": jsonl.read,
    "postfix": postfix.read,
}
#: Logs that grow while they are read, and so can be followed.
GROWING = ("exim", "jsonl", "postfix")
