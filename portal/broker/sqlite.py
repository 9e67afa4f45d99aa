"""A Celery broker in one SQLite file, for a desk on one machine.

Kombu's own transports without a server do not hold: the filesystem one loses messages when two consumers meet, and the
SQLAlchemy one never deletes what was delivered. Here a message is a row. A worker claims the oldest free row for a
time, and deletes it when the task is done; what a killed worker had claimed is free again when that time is over. A
warm shutdown gives its claims back at once, without a second copy. There is no fanout, so no remote control: workers
tell that they live through the database.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import threading
import time
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, virtual

logger = logging.getLogger(__name__)

ALIAS = "sqlite-queue"
#: A claim that no ack has ended after so many seconds is free again. Longer than any task may take.
VISIBILITY_SECONDS = 60.0
#: How long an idle worker looks away. Looking costs one pragma, not a query.
POLL_SECONDS = 0.02
#: Even when nothing was written, a claim may have run out; so often that is looked for.
EXPIRY_SECONDS = 1.0

SCHEMA = """
CREATE TABLE IF NOT EXISTS message (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    queue TEXT NOT NULL,
    claimed_until REAL NOT NULL DEFAULT 0,
    claims INTEGER NOT NULL DEFAULT 0,
    payload TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS message_free ON message (queue, claimed_until, id);
CREATE TABLE IF NOT EXISTS set_aside (id INTEGER PRIMARY KEY, queue TEXT NOT NULL, payload TEXT NOT NULL);
"""


class Store:
    """The file. One connection a process, used by one thread at a time; reopened after a fork."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._pid = 0
        #: For each queue that was found empty: the version of the file then, and when that was.
        self._empty: dict[str, tuple[int, float]] = {}

    def _open(self) -> sqlite3.Connection:
        if self._connection is None or self._pid != os.getpid():
            Path(self.path).parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self.path, timeout=20, isolation_level=None, check_same_thread=False)
            connection.execute("PRAGMA journal_mode=WAL")
            # A power cut may cost the last bells; the sweep rings them again.
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.executescript(SCHEMA)
            self._connection, self._pid = connection, os.getpid()
            self._empty.clear()
        return self._connection

    def put(self, queue: str, payload: str) -> None:
        with self._lock:
            self._open().execute("INSERT INTO message (queue, payload) VALUES (?, ?)", (queue, payload))
            # Another connection's write changes the version; our own must be noticed too.
            self._empty.clear()

    def claim(self, queue: str) -> tuple[int, str, int] | None:
        """The oldest free message of ``queue`` as (id, payload, claims before), now ours; None when there is none."""
        with self._lock:
            connection, now = self._open(), time.time()
            version = connection.execute("PRAGMA data_version").fetchone()[0]
            seen_version, looked_at = self._empty.get(queue, (-1, 0.0))
            if version == seen_version and now - looked_at < EXPIRY_SECONDS:
                return None
            row = connection.execute(
                "UPDATE message SET claimed_until = ?, claims = claims + 1 WHERE id = ("
                "SELECT id FROM message WHERE queue = ? AND claimed_until < ? ORDER BY id LIMIT 1"
                ") RETURNING id, payload, claims - 1",
                (now + VISIBILITY_SECONDS, queue, now),
            ).fetchone()
            if row is None:
                self._empty[queue] = (version, now)
            return row

    def free(self, message: int) -> None:
        """Give a claim back: the message is the next to be delivered, and is not doubled."""
        with self._lock:
            self._open().execute("UPDATE message SET claimed_until = 0 WHERE id = ?", (message,))
            self._empty.clear()

    def delete(self, message: int) -> None:
        with self._lock:
            self._open().execute("DELETE FROM message WHERE id = ?", (message,))

    def put_aside(self, message: int) -> None:
        """Keep a message that cannot be read where it stops nobody."""
        with self._lock:
            connection = self._open()
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(
                "INSERT OR REPLACE INTO set_aside SELECT id, queue, payload FROM message WHERE id = ?", (message,)
            )
            connection.execute("DELETE FROM message WHERE id = ?", (message,))
            connection.execute("COMMIT")

    def size(self, queue: str) -> int:
        with self._lock:
            return int(self._open().execute("SELECT count(*) FROM message WHERE queue = ?", (queue,)).fetchone()[0])

    def purge(self, queue: str) -> int:
        with self._lock:
            return self._open().execute("DELETE FROM message WHERE queue = ?", (queue,)).rowcount

    def close(self) -> None:
        with self._lock:
            if self._connection is not None and self._pid == os.getpid():
                self._connection.close()
            self._connection = None


class Channel(virtual.Channel):
    """Kombu's view of the file: one message is got at a time, and ended by its row."""

    def __init__(self, connection: Any, **kwargs: Any) -> None:
        super().__init__(connection, **kwargs)
        self.store = Store(connection.client.transport_options["path"])
        self._rows: dict[str, int] = {}

    def _put(self, queue: str, message: dict[str, Any], **kwargs: Any) -> None:
        self.store.put(queue, json.dumps(message))

    def _get(self, queue: str, timeout: float | None = None) -> dict[str, Any]:
        while (claimed := self.store.claim(queue)) is not None:
            row, payload, claims = claimed
            try:
                message: dict[str, Any] = json.loads(payload)
                tag = message["properties"]["delivery_tag"]
                message["properties"]["delivery_info"]["redelivered"] = claims > 0
            except (ValueError, KeyError, TypeError):
                logger.exception("Message %s of the queue %s cannot be read; it is set aside.", row, queue)
                self.store.put_aside(row)
                continue
            self._rows[tag] = row
            return message
        raise Empty

    def basic_ack(self, delivery_tag: str, multiple: bool = False) -> None:
        """The task is done: its message goes. Called from the thread that ran it."""
        row = self._rows.pop(delivery_tag, None)
        if row is not None:
            self.store.delete(row)
        super().basic_ack(delivery_tag, multiple)

    def basic_reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """Give the message back, or let it go."""
        row = self._rows.pop(delivery_tag, None)
        if row is not None:
            (self.store.free if requeue else self.store.delete)(row)
        self.qos.ack(delivery_tag)

    def _restore(self, message: Any) -> None:
        """A shutdown: the claim is given back. Putting a copy would run the task twice."""
        row = self._rows.pop(message.delivery_tag, None)
        if row is not None:
            self.store.free(row)

    def _size(self, queue: str) -> int:
        return self.store.size(queue)

    def _purge(self, queue: str) -> int:
        return self.store.purge(queue)

    def close(self) -> None:
        super().close()
        self.store.close()


class Transport(virtual.Transport):
    """The transport that ``broker_url = "sqlite-queue://"`` names; the file is the option ``path``."""

    Channel = Channel
    polling_interval = POLL_SECONDS
    driver_type = "sqlite"
    driver_name = "sqlite3"

    def driver_version(self) -> str:
        return sqlite3.sqlite_version


def register() -> None:
    """Make kombu know the transport by its name."""
    TRANSPORT_ALIASES[ALIAS] = f"{__name__}:Transport"
