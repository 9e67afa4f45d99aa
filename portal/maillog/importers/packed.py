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

#: Kinds of files that hold logs in a way that is not read here, by their first octets.
FOREIGN = {
    b"\x28\xb5\x2f\xfd": "a file packed by zstd: unpack it first (zstd -d)",
    b"PK\x03\x04": "a ZIP archive or a spreadsheet: unpack it, or save the sheet as CSV, first",
    b"\xd0\xcf\x11\xe0": "an Office file: save the sheet as CSV first",
    b"%PDF": "a PDF: bring in the text or CSV it was made from",
    b"SQLite f": "a database: export the table as CSV first",
}
_CODEC_ERRORS = (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile)
#: A log packs ten or twenty times smaller. So many times its own size a packed file may unpack to, and always so much.
MOST_TIMES = 200
ALWAYS = 1 << 30
#: xz at its strongest needs 65 MB to unpack.
XZ_MEMORY = 256 << 20


class DamagedError(Exception):
    """The file cannot be read any further; the message says why, and what to do."""


class Packed(io.RawIOBase):
    """What a packed file holds. DamagedError where it is cut off, spoilt, or holds more than any log does."""

    def __init__(self, inner: BinaryIO, outer: BinaryIO, *, most: int | None = None) -> None:
        self._inner, self._outer = inner, outer
        self._most = most
        self._given = 0

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
        try:
            octets = self._inner.read(size)
        except _CODEC_ERRORS as error:
            raise DamagedError(f"The packed file is damaged after this line: {error}.") from error
        except OSError as error:
            # bz2 says so of damaged data; an error of the disk has a number.
            if error.errno is not None:
                raise
            raise DamagedError(f"The packed file is damaged after this line: {error}.") from error
        self._given += len(octets)
        if self._most is not None and self._given > self._most:
            raise DamagedError(f"The packed file holds more than {MOST_TIMES} times its size: reading ended here.")
        return octets


class XZ:
    """xz with a bound on memory: a file of a few octets may ask for gigabytes, and the standard library's lets it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._codec = lzma.LZMADecompressor(memlimit=XZ_MEMORY)

    def read(self, size: int = -1) -> bytes:
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
        return _packed(cast(BinaryIO, gzip.GzipFile(fileobj=file)), file)
    if head.startswith(b"BZh"):
        return _packed(cast(BinaryIO, bz2.BZ2File(file)), file)
    if head.startswith(b"\xfd7zXZ"):
        return _packed(cast(BinaryIO, XZ(file)), file)
    for mark, what in FOREIGN.items():
        if head.startswith(mark):
            raise DamagedError(f"The file is {what}.")
    return file


def _packed(inner: BinaryIO, outer: BinaryIO) -> BinaryIO:
    most = None
    if outer.seekable():
        at = outer.tell()
        most = max(ALWAYS, MOST_TIMES * outer.seek(0, io.SEEK_END))
        outer.seek(at)
    return cast(BinaryIO, io.BufferedReader(Packed(inner, outer, most=most), 1 << 16))


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
