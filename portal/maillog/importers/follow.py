"""Following a log that grows: what is written to it is read as it comes, through rotation, until somebody says stop.

A server goes on writing to a file that was renamed, until it opens the new one; so the old is read to its end once more
after the new one has appeared. A file that was cut off (logrotate's ``copytruncate``) begins again at its beginning.
Where reading was after what is stored for good, a :class:`Position` says; a later start goes on there, in the file that
was meant, wherever rotation has moved it. It goes back a little first, so that the messages still on their way are
known: reading lines twice changes nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, cast

from portal.maillog.importers.lines import MOST_OCTETS
from portal.maillog.importers.packed import DamagedError, unpacked

#: Seconds between two looks at a file that has nothing new.
INTERVAL = 1.0
#: So far back a later start begins.
LOOK_BACK = 1 << 20
#: So many octets tell one log from another.
HEAD = 256

Wait = Callable[[float], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """How far a log was read: the file as the system knows it, how it begins, and the octets up to the last line."""

    device: int
    inode: int
    head: str
    head_size: int
    offset: int

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Position:
        """ValueError where it is none."""
        try:
            return cls(**{name: told[name] for name in cls.__dataclass_fields__})
        except (KeyError, TypeError) as error:
            raise ValueError("No position of a log.") from error

    def is_of(self, file: BinaryIO) -> bool:
        """Whether ``file``, which stands at its beginning, begins as the log did."""
        head = file.read(self.head_size)
        return len(head) == self.head_size and sha256(head).hexdigest() == self.head


class Following:
    """The octets of a growing log as a file; ``read`` gives None once whenever there is nothing for now.

    ``wait`` waits so many seconds and tells whether to stop; then what was read so far is the end of the file.
    ``tell`` is told what whoever follows should know. OSError where the log is not there to begin with.
    """

    def __init__(
        self,
        path: Path,
        *,
        wait: Wait,
        since: Position | None = None,
        tell: Callable[[str], None] = lambda words: None,
    ) -> None:
        self._path, self._wait, self._tell = path, wait, tell
        #: Files that rotation put away before ours, the oldest first; then ours.
        self._coming = [path]
        self._is_quiet = self._is_over = self._is_put_away = False
        self._ended = b"\n"
        self._begin(since)

    def seekable(self) -> bool:
        return False

    def close(self) -> None:
        self._file.close()

    @property
    def position(self) -> Position | None:
        """Where the last whole line that was handed out ends; None for a file that was packed meanwhile."""
        if self._inode is None:
            return None
        device, inode = self._inode
        head = os.pread(self._plain.fileno(), min(HEAD, self._line_end), 0)
        return Position(
            device=device, inode=inode, head=sha256(head).hexdigest(), head_size=len(head), offset=self._line_end
        )

    def stop(self) -> None:
        """Let what was read so far be the end; the next ``read`` says so."""
        self._is_over = True

    def read(self, size: int) -> bytes | None:
        """Some octets; None where there are none for now, empty when it is over."""
        while not self._is_over:
            if self._is_cut_off() and (end := self._line_ended()):
                return end
            if chunk := self._file.read(size):
                self._is_quiet = self._is_put_away = False
                self._note(chunk)
                return chunk
            if self._next_file():
                if end := self._line_ended():
                    return end
                continue
            if not self._is_quiet:
                self._is_quiet = True
                return None
            self._is_over = self._wait(INTERVAL) or self._is_over
        return b""

    def _line_ended(self) -> bytes:
        """The end of a last line that will never have its own, since the file it stood in is gone."""
        is_open, self._ended = self._ended != b"\n", b"\n"
        return b"\n" if is_open else b""

    def _begin(self, since: Position | None) -> None:
        found = self._file_of(since) if since is not None else None
        if since is None or found is None:
            if since is not None:
                self._tell(
                    f"{self._path.name} is not the log that was read before, and what became of that was not found. "
                    "Read the part that rotation put away once by itself: manage.py ingest SOURCE FILE."
                )
            self._open(self._coming.pop(0))
            return
        self._coming = [] if found == self._path else [*self._newer(found.stat()), self._path]
        self._open(found)
        self._skip(max(0, since.offset - LOOK_BACK))

    def _file_of(self, since: Position) -> Path | None:
        """The file that was read: ours, or one beside it that rotation renamed or packed."""
        same = sorted(
            [self._path, *self._siblings()],
            key=lambda item: (item.stat().st_dev, item.stat().st_ino) != (since.device, since.inode),
        )
        for path in same:
            try:
                with path.open("rb") as plain, unpacked(plain) as file:
                    is_ours = since.is_of(file)
            except (OSError, DamagedError):
                continue
            # Ours may be the one that was cut off and is written anew: then it is shorter than it was.
            is_packed = file is not plain
            if is_ours and (is_packed or path.stat().st_size >= since.offset):
                return path
        return None

    def _siblings(self) -> list[Path]:
        """Files that rotation put beside ours: mail.log.1, mail.log.2.gz, mail.log-20260304."""
        names = (f"{self._path.name}.", f"{self._path.name}-")
        beside = [item for item in self._path.parent.iterdir() if item.name.startswith(names) and item.is_file()]
        return sorted(beside, key=lambda item: item.stat().st_mtime, reverse=True)[:60]

    def _newer(self, old: os.stat_result) -> list[Path]:
        """What rotation put away after ``old``, the oldest first."""
        beside = [(item, item.stat()) for item in reversed(self._siblings())]
        return [item for item, now in beside if now.st_mtime > old.st_mtime and now.st_ino != old.st_ino]

    def _open(self, path: Path) -> None:
        buffered = path.open("rb")
        file = unpacked(buffered)
        self._inode: tuple[int, int] | None = None
        if file is buffered:
            # What is buffered would hide what is written meanwhile.
            self._plain = path.open("rb", buffering=0)
            buffered.close()
            status = os.fstat(self._plain.fileno())
            self._inode = (status.st_dev, status.st_ino)
            self._file: BinaryIO = cast(BinaryIO, self._plain)
        else:
            self._file = file
        self._line_end = self._offset = 0
        self._head = b""
        self._ended = b"\n"

    def _skip(self, offset: int) -> None:
        """Go on at the first line that begins at ``offset`` or behind it."""
        if not offset:
            return
        before = offset - 1
        if self._inode is not None:
            following = os.pread(self._plain.fileno(), MOST_OCTETS + 1, before)
            self._offset = self._line_end = before + following.find(b"\n") + 1
            self._plain.seek(self._offset)
            return
        while self._offset < before and (chunk := self._file.read(min(before - self._offset, 1 << 20))):
            self._offset += len(chunk)
        while self._file.read(1) not in (b"", b"\n"):
            self._offset += 1
        self._line_end = self._offset

    def _note(self, chunk: bytes) -> None:
        if (end := chunk.rfind(b"\n")) >= 0:
            self._line_end = self._offset + end + 1
        self._offset += len(chunk)
        self._ended = chunk[-1:]

    def _is_cut_off(self) -> bool:
        """Whether the file was cut off and is written anew; then it begins again."""
        if self._inode is None or not self._offset:
            return False
        size = os.fstat(self._plain.fileno()).st_size
        is_cut = size < self._offset or os.pread(self._plain.fileno(), len(self._head), 0) != self._head
        if is_cut:
            self._plain.seek(0)
            self._offset = self._line_end = 0
            self._head = b""
        elif len(self._head) < HEAD:
            self._head = os.pread(self._plain.fileno(), min(HEAD, self._offset), 0)
        return is_cut

    def _next_file(self) -> bool:
        """Open the file that comes after this one, if this one is at its end for good."""
        if self._coming:
            self._change(self._coming.pop(0))
            return True
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return False
        if (status.st_dev, status.st_ino) == self._inode:
            return False
        if not self._is_put_away:
            # Seen for the first time: the server may write to the old one until it opens the new.
            self._is_put_away = True
            return False
        self._is_put_away = False
        self._coming = [*self._newer(os.fstat(self._plain.fileno())), self._path]
        self._change(self._coming.pop(0))
        return True

    def _change(self, path: Path) -> None:
        ended = self._ended
        self._file.close()
        self._open(path)
        self._ended = ended
