"""A server's log read by a process of its own, so that reading goes on while what was read is stored.

Reading a log takes the interpreter nearly as long as making rows of it, and one process runs one interpreter. So a
large log is read beside: ``python -m portal.maillog.importers.apart`` writes what it reads to a pipe, block by block,
each a list of plain tuples as :mod:`marshal` writes it, behind its length. It needs the log, the branch and the time
zone, and neither settings nor a database.

The process ends with the last file, or when nobody reads its pipe any more: it never outlives the one that started it,
however that ended. Where it ends before its work is done, :class:`ApartError` is raised.
"""

from __future__ import annotations

import gc
import marshal
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast
from zoneinfo import ZoneInfo

from portal.maillog.importers import SERVER_LOGS
from portal.maillog.importers.event import Item, Kind, LogEvent, Passed, Rejected, RejectedLine
from portal.maillog.importers.packed import DamagedError, unpacked
from portal.maillog.importers.server_log import Queue

#: From so many octets on, all files together, a process pays for its start; a packed file counts so many times.
LARGE, PACKED = 16 << 20, 10
#: Octets that tell how long a block is, and those that wait in the pipe.
LENGTH, PIPE = 8, 1 << 20

#: What is written: some items as plain values, why a file cannot be read, or None at the end of a file.
Block = list[tuple[Any, ...]] | tuple[int, str, str] | None

_ROOT = Path(__file__).resolve().parents[3]
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
        path = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH")]))
        self._process = subprocess.Popen(  # noqa: S603 - the program is our own.
            [sys.executable, "-m", __name__, source, branch, str(zone), *names],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
            pipesize=PIPE,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process.kill()
        self._process.wait()

    @property
    def pid(self) -> int:
        return self._process.pid

    def read(self) -> Iterator[Item]:
        """What the next file tells. OSError where it cannot be read, ApartError where the process is no more."""
        while (block := self._block()) is not None:
            if isinstance(block, tuple):
                raise OSError(*block)
            yield from map(_item, block)

    def _block(self) -> Block:
        assert self._process.stdout is not None
        head = self._process.stdout.read(LENGTH)
        size = int.from_bytes(head, "big")
        octets = self._process.stdout.read(size)
        if len(head) < LENGTH or len(octets) < size:
            raise ApartError(f"The process that read the log ended ({self._process.wait()}) before the log did.")
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


def main(source: str, branch: str, zone: str, *names: str) -> None:
    """Read the files and write what they tell to standard output."""
    # Ctrl-C is for the one who reads the pipe, and ends this process with it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What is read makes no cycles, and is gone with its block.
    gc.disable()
    queue, read, of_log = Queue(), SERVER_LOGS[source], ZoneInfo(zone)
    try:
        for name in names:
            try:
                with open(name, "rb") as file:
                    for block in _blocks(read(file, branch, lambda _: of_log, queue)):
                        _write(block)
            except BrokenPipeError:
                raise
            except OSError as error:
                _write((error.errno or 0, error.strerror or str(error), error.filename or name))
                return
            _write(None)
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


def _write(block: Block) -> None:
    # The format that does not look for what was written before: these are texts, nearly all of them different.
    octets = marshal.dumps(block, 2)
    left = memoryview(len(octets).to_bytes(LENGTH, "big") + octets)
    while left:
        left = left[os.write(sys.stdout.fileno(), left) :]


if __name__ == "__main__":
    main(*sys.argv[1:])
