"""Files as people keep them: plain, or packed by gzip, bzip2 or xz. They are read bit by bit, never held as a whole.

What a file is shows in its first octets, not in its name. A packed file may be damaged, or be made to fill a disk; both
end the reading with a reason, and what was read before stays.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from typing import BinaryIO, cast

PICTURE = "a picture, no log: bring in the log itself, as text"
#: Kinds of files that hold logs in a way that is not read here, by their first octets.
FOREIGN = {
    b"\x28\xb5\x2f\xfd": "a file packed by zstd: unpack it first (zstd -d)",
    b"PK\x03\x04": "a ZIP archive or a spreadsheet: unpack it, or save the sheet as CSV, first",
    b"\xd0\xcf\x11\xe0": "an Office file: save the sheet as CSV first",
    b"%PDF": "a PDF: bring in the text or CSV it was made from",
    b"\x89PNG": PICTURE,
    b"\xff\xd8\xff": PICTURE,
    b"GIF8": PICTURE,
    b"RIFF": "a picture, a sound or a film, no log: bring in the log itself, as text",
    b"II*\x00": PICTURE,
    b"MM\x00*": PICTURE,
    b"SQLite f": "a database: export the table as CSV first",
}
_CODEC_ERRORS = (zlib.error, lzma.LZMAError, gzip.BadGzipFile)
AGAIN = "What stands before it is read. Bring the whole file in again: nothing is doubled."
CUT_OFF = f"The packed file ends in the midst of this line: it was not copied or uploaded to its end. {AGAIN}"
SPOILT = "The packed file is damaged from this line on"
#: A log packs ten or twenty times smaller. So many times its own size a packed file may unpack to, and always so much.
MOST_TIMES = 200
ALWAYS = 1 << 30
#: xz at its strongest needs 65 MB to unpack.
XZ_MEMORY = 256 << 20


class DamagedError(Exception):
    """The file cannot be read any further; the message says why, and what to do. ``code`` says it for programs."""

    def __init__(self, words: str, *, code: str = "damaged") -> None:
        super().__init__(words)
        self.code = code


class Packed(io.RawIOBase):
    """What a packed file holds. It ends where it is cut off, spoilt, or holds more than any log does.

    ``damage`` then says so. It is not raised here, since whoever collects octets would lose those collected so far.
    """

    def __init__(self, inner: io.BufferedIOBase, outer: BinaryIO, *, most: int | None = None) -> None:
        self._inner, self._outer = inner, outer
        self._most = most
        self._given = 0
        self.damage: DamagedError | None = None

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        super().close()
        self._outer.close()

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        octets = self.read(len(buffer))
        buffer[: len(octets)] = octets
        return len(octets)

    def read(self, size: int = -1) -> bytes:
        if self.damage is not None:
            return b""
        try:
            # No more than one step of unpacking: what a step before gave is not lost where this one fails.
            octets = self._inner.read1(size)
        except EOFError:
            self.damage = DamagedError(CUT_OFF, code="cut_off")
            return b""
        except _CODEC_ERRORS as error:
            self.damage = DamagedError(f"{SPOILT} ({error}). {AGAIN}")
            return b""
        except OSError as error:
            # bz2 says so of damaged data; an error of the disk has a number.
            if error.errno is not None:
                raise
            self.damage = DamagedError(f"{SPOILT} ({error}). {AGAIN}")
            return b""
        self._given += len(octets)
        if self._most is not None and self._given > self._most:
            self.damage = DamagedError(
                f"The packed file holds more than {MOST_TIMES} times its size: reading ended here.", code="too_much"
            )
            return b""
        return octets


class Unpacking(io.BufferedReader):
    """What a packed file holds, as far as it can be read; DamagedError only where nothing is left before the damage.

    The last line before the damage has no end, and is none: it may be half of what was written.
    """

    def __init__(self, packed: Packed) -> None:
        super().__init__(cast(io.RawIOBase, packed), 1 << 16)
        self._packed = packed

    def read(self, size: int | None = -1, /) -> bytes:
        return self._checked(super().read(size), size)

    def readline(self, size: int | None = -1, /) -> bytes:
        return self._checked(super().readline(size), size)

    def _checked(self, octets: bytes, size: int | None) -> bytes:
        if not octets and size != 0 and self._packed.damage is not None:
            raise self._packed.damage
        return octets


class XZ(io.BufferedIOBase):
    """xz with a bound on memory: a file of a few octets may ask for gigabytes, and the standard library's lets it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._codec = lzma.LZMADecompressor(memlimit=XZ_MEMORY)

    def read1(self, size: int = -1, /) -> bytes:
        while True:
            octets = b""
            if self._codec.eof:
                octets = self._codec.unused_data or self._file.read(1 << 16)
                octets = octets.lstrip(b"\x00")
                if not octets:
                    return b""
                self._codec = lzma.LZMADecompressor(memlimit=XZ_MEMORY)
            elif self._codec.needs_input:
                octets = self._file.read(1 << 16)
                if not octets:
                    raise EOFError("it ends before its end")
            if out := self._codec.decompress(octets, size):
                return out


def unpacked(file: BinaryIO) -> BinaryIO:
    """``file`` itself, or what it holds where it is packed. DamagedError for a kind of file that holds no lines.

    A file that gives None where there is nothing for now (one that is followed) is never packed.
    """
    head = head_of(file)
    if head.startswith(b"\x1f\x8b"):
        return _packed(gzip.GzipFile(fileobj=file), file)
    if head.startswith(b"BZh"):
        return _packed(bz2.BZ2File(file), file)
    if head.startswith(b"\xfd7zXZ"):
        return _packed(XZ(file), file)
    for mark, what in FOREIGN.items():
        if head.startswith(mark):
            raise DamagedError(f"The file is {what}.")
    return file


def _packed(inner: io.BufferedIOBase, outer: BinaryIO) -> BinaryIO:
    most = None
    if outer.seekable():
        at = outer.tell()
        most = max(ALWAYS, MOST_TIMES * outer.seek(0, io.SEEK_END))
        outer.seek(at)
    return cast(BinaryIO, Unpacking(Packed(inner, outer, most=most)))


def head_of(file: BinaryIO) -> bytes:
    """The first octets of ``file``, which is left where it is; nothing where it cannot be looked into beforehand."""
    if isinstance(file, io.BufferedReader):
        return file.peek(8)[:8]
    if not file.seekable():
        return b""
    at = file.tell()
    head = file.read(8)
    file.seek(at)
    return head
