"""A server's log read by a process of its own, so that reading goes on while what was read is stored.

Reading a log takes the interpreter nearly as long as making rows of it, and one process runs one interpreter. So a
large log is read beside: a child process writes what it reads to a pipe, block by block, each a list of plain tuples as
:mod:`marshal` writes it. It needs the log, the branch and the time zone, and neither settings nor a database.

The process ends with the last file, or when nobody reads its pipe any more: it never outlives the one that started it,
however that ended. Where it ends before its work is done, :class:`ApartError` is raised.
"""

from __future__ import annotations

import gc
import marshal
import multiprocessing
import os
import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self, cast
from zoneinfo import ZoneInfo

from portal.maillog.importers import SERVER_LOGS
from portal.maillog.importers.event import Item, Kind, LogEvent, Passed, Rejected, RejectedLine
from portal.maillog.importers.packed import DamagedError, unpacked
from portal.maillog.importers.server_log import Queue

#: From so many octets on, all files together, a process pays for its start; a packed file counts so many times.
LARGE, PACKED = 16 << 20, 10
#: Octets that wait in the pipe.
PIPE = 1 << 20
if sys.platform == "linux":
    from fcntl import F_SETPIPE_SZ, fcntl

    # A copy of this process, which has nothing to load any more; elsewhere copies are not safe.
    _processes = multiprocessing.get_context("fork")
else:
    _processes = multiprocessing.get_context("spawn")

#: What is written: some items as plain values, why a file cannot be read, or None at the end of a file.
Block = list[tuple[Any, ...]] | tuple[int, str, str] | None

_KINDS = {kind.value: kind for kind in Kind}
_at = lru_cache(maxsize=10_000)(datetime.fromisoformat)
_iso = lru_cache(maxsize=10_000)(datetime.isoformat)


class ApartError(Exception):
    """The process that read the log ended before its work was done; the message says how."""


def is_worthwhile(names: Sequence[str]) -> bool:
    """Whether these files are large enough, and there is a second processor to read them on.

    What cannot be looked into beforehand, such as standard input, is never read apart.
    """
    return (os.cpu_count() or 1) > 1 and "-" not in names and sum(map(_size, names)) >= LARGE


def _size(name: str) -> int:
    try:
        with open(name, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            return size * PACKED if unpacked(file) is not file else size
    except (OSError, DamagedError):
        return 0  # Whoever reads it will say so.


class Apart:
    """A process that reads files of a server's log one after the other, as one log. Use it in a ``with`` statement."""

    def __init__(self, source: str, names: Sequence[str], branch: str, zone: ZoneInfo) -> None:
        """Start it. On Linux that is safe as long as this process runs one thread."""
        #: What it reads comes out here.
        self.pipe, theirs = _processes.Pipe(duplex=False)
        if sys.platform == "linux":
            fcntl(theirs.fileno(), F_SETPIPE_SZ, PIPE)
        # A daemon is ended with this process where nobody else ends it.
        self._process = _processes.Process(
            target=main, args=(self.pipe, theirs, source, branch, str(zone), *names), daemon=True
        )
        self._process.start()
        theirs.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.pipe.close()
        self._process.kill()
        self.ended()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None  # It was started.
        return self._process.pid

    def ended(self, seconds: float | None = None) -> int | None:
        """How it ended, as a process does (below zero: by that signal); None where it has not after so long."""
        self._process.join(seconds)
        return self._process.exitcode

    def read(self) -> Iterator[Item]:
        """What the next file tells. OSError where it cannot be read, ApartError where the process is no more."""
        while (block := self._block()) is not None:
            if isinstance(block, tuple):
                raise OSError(*block)
            yield from map(_item, block)

    def _block(self) -> Block:
        try:
            octets = self.pipe.recv_bytes()
        except (EOFError, OSError):
            raise ApartError(f"The process that read the log ended ({self.ended()}) before the log did.") from None
        return cast(Block, marshal.loads(octets))  # noqa: S302 - written by ourselves.


def _told(item: Item) -> tuple[Any, ...]:
    """``item`` as plain values; :func:`_item` makes it of them again. The number of values tells what it is."""
    if isinstance(item, LogEvent):
        return (
            item.kind.value, item.branch, item.line, item.raw, _iso(item.at), item.key, item.recipient,
            item.envelope_from, item.server, item.message_id, item.queue_id, item.reply, item.reply_code, item.status,
            item.remote_host, item.mark, item.address, item.log_name,
        )  # fmt: skip
    if isinstance(item, Rejected):
        return (item.line, item.why, item.raw if isinstance(item, RejectedLine) else "")
    return (item.lines, item.is_pause)


def _item(told: tuple[Any, ...]) -> Item:
    if len(told) == 2:
        return Passed(*told)
    if len(told) == 3:
        return RejectedLine(*told)
    (
        kind, branch, line, raw, at, key, recipient, envelope_from, server, message_id, queue_id, reply, reply_code,
        status, remote_host, mark, address, log_name,
    ) = told  # fmt: skip
    return LogEvent(
        kind=_KINDS[kind], branch=branch, line=line, raw=raw, at=_at(at), key=key, recipient=recipient,
        envelope_from=envelope_from, server=server, message_id=message_id, queue_id=queue_id, reply=reply,
        reply_code=reply_code, status=status, remote_host=remote_host, mark=mark, _address=address,
        log_name=log_name,
    )  # fmt: skip


def main(reads: Connection, writes: Connection, source: str, branch: str, zone: str, *names: str) -> None:
    """Read the files and write what they tell to ``writes``, until nobody reads that any more.

    ``reads`` is its other end, of which this process has a copy.
    """
    # Ctrl-C is for the one who reads the pipe, and ends this process with it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    reads.close()
    # What is read makes no cycles, and is gone with its block.
    gc.disable()
    queue, read, of_log = Queue(), SERVER_LOGS[source], ZoneInfo(zone)
    try:
        for name in names:
            try:
                with open(name, "rb") as file:
                    for block in _blocks(read(file, branch, lambda _: of_log, queue)):
                        _write(writes, block)
            except BrokenPipeError:
                raise
            except OSError as error:
                _write(writes, (error.errno or 0, error.strerror or str(error), error.filename or name))
                return
            _write(writes, None)
    except BrokenPipeError:
        return  # Nobody wants to know any more.


def _blocks(items: Iterable[Item]) -> Iterator[list[tuple[Any, ...]]]:
    """The items as plain values, up to where the log says how many lines told nothing."""
    block = []
    for item in items:
        block.append(_told(item))
        if isinstance(item, Passed):
            yield block
            block = []
    if block:
        yield block


def _write(writes: Connection, block: Block) -> None:
    # The format that does not look for what was written before: these are texts, nearly all of them different.
    writes.send_bytes(marshal.dumps(block, 2))
