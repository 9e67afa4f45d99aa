"""Lines of a server's log, many at a time: plain or packed (gzip, bzip2, xz), and never held in memory whole."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, cast

from portal.maillog.importers.lines import MOST_OCTETS, lines_of

CHUNK = 1 << 20
#: What reading a damaged packed file raises.
DAMAGE = (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile)


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that follow each other, the first with the number ``first``; None stands for one that cannot be read.

    ``is_pause`` says that the file has no more for now. ``damage`` says why reading had to end here.
    """

    first: int
    lines: list[str | None]
    is_pause: bool = False
    damage: str = ""


def blocks_of(file: BinaryIO) -> Iterator[Block]:
    """The lines of ``file`` without their ends. A file that gives None (nothing now, perhaps later) makes a pause."""
    head, file = _peek(file)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        for number, line in lines_of(file):
            yield Block(number, [line])
        return
    number = 1
    try:
        for lines in _lines(_unpacked(head, file)):
            yield Block(number, lines, is_pause=not lines)
            number += len(lines)
    except DAMAGE as error:
        yield Block(number, [], damage=f"The packed file is damaged after this line: {error}.")
    except OSError as error:
        if error.errno is not None:
            raise
        yield Block(number, [], damage=f"The packed file is damaged after this line: {error}.")


def _peek(file: BinaryIO) -> tuple[bytes, BinaryIO]:
    if isinstance(file, io.BufferedReader):
        return file.peek(8)[:8], file
    if not file.seekable():
        return b"", file
    head = file.read(8)
    file.seek(0)
    return head, file


def _unpacked(head: bytes, file: BinaryIO) -> BinaryIO:
    if head.startswith(b"\x1f\x8b"):
        return cast(BinaryIO, gzip.GzipFile(fileobj=file))
    if head.startswith(b"BZh"):
        return cast(BinaryIO, bz2.BZ2File(file))
    if head.startswith(b"\xfd7zXZ"):
        return cast(BinaryIO, lzma.LZMAFile(file))
    return file


def _lines(file: BinaryIO) -> Iterator[list[str | None]]:
    """Lists of lines; an empty one where there is nothing for now."""
    kept, is_too_long = b"", False
    while (chunk := file.read(CHUNK)) != b"":
        if chunk is None:
            yield []
            continue
        octets = kept + chunk
        end = octets.rfind(b"\n") + 1
        kept = octets[end:]
        if end:
            lines = _decoded(octets[: end - 1])
            if is_too_long:
                lines[0], is_too_long = None, False
            yield lines
        if len(kept) > MOST_OCTETS:
            kept, is_too_long = b"", True
    if kept or is_too_long:
        yield [None] if is_too_long else _decoded(kept)


def _decoded(octets: bytes) -> list[str | None]:
    try:
        lines: list[str | None] = list(octets.decode("utf-8").replace("\x00", "\ufffd").split("\n"))
    except UnicodeDecodeError:
        lines = [_line(line) for line in octets.split(b"\n")]
    if b"\r" in octets:
        lines = [line and line.rstrip("\r") for line in lines]
    if len(octets) > MOST_OCTETS and max(len(line or "") for line in lines) > MOST_OCTETS:
        lines = [line if line is None or len(line) <= MOST_OCTETS else None for line in lines]
    return lines


def _line(octets: bytes) -> str | None:
    try:
        return octets.decode("utf-8").replace("\x00", "\ufffd")
    except UnicodeDecodeError:
        return None
