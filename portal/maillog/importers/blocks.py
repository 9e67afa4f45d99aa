"""Lines of a server's log, many at a time: plain or packed (gzip, bzip2, xz), and never held in memory whole."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from portal.maillog.importers.lines import MOST_OCTETS, TOO_LONG, Line, decoded, lines_of, utf16_of
from portal.maillog.importers.packed import DamagedError, unpacked

CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that follow each other, the first with the number ``first``.

    ``is_pause`` says that the file has no more for now. ``is_open`` says that its one line has no end: a server may be
    in the midst of writing it. ``damage`` says why reading had to end here.
    """

    first: int
    lines: list[Line]
    is_pause: bool = False
    is_open: bool = False
    damage: DamagedError | None = None


def blocks_of(file: BinaryIO) -> Iterator[Block]:
    """The lines of ``file`` without their ends. A file that gives None (nothing now, perhaps later) makes a pause."""
    number = 1
    try:
        file = unpacked(file)
        if utf16_of(file):
            for at, line in lines_of(file):
                yield Block(at, [line])
                number = at + 1
            return
        for block in _blocks(file):
            yield block
            number = block.first + len(block.lines)
    except DamagedError as error:
        yield Block(number, [], damage=error)


def _blocks(file: BinaryIO) -> Iterator[Block]:
    kept, is_too_long, number = b"", False, 1
    while (chunk := file.read(CHUNK)) != b"":
        if chunk is None:
            yield Block(number, [], is_pause=True)
            continue
        octets = kept + chunk
        if number == 1 and not kept:
            octets = octets.removeprefix(codecs.BOM_UTF8)
        end = octets.rfind(b"\n") + 1
        kept = octets[end:]
        if end:
            lines = _decoded(octets[: end - 1])
            if is_too_long:
                lines[0], is_too_long = TOO_LONG, False
            yield Block(number, lines)
            number += len(lines)
        if len(kept) > MOST_OCTETS:
            kept, is_too_long = b"", True
    if kept or is_too_long:
        yield Block(number, [TOO_LONG] if is_too_long else _decoded(kept), is_open=True)


def _decoded(octets: bytes) -> list[Line]:
    try:
        lines: list[Line] = list(octets.decode("utf-8").replace("\x00", "\ufffd").split("\n"))
    except UnicodeDecodeError:
        lines = [decoded(line) for line in octets.split(b"\n")]
    if b"\r" in octets:
        lines = [line.rstrip("\r") if isinstance(line, str) else line for line in lines]
    if len(octets) > MOST_OCTETS:
        lines = [TOO_LONG if isinstance(line, str) and len(line) > MOST_OCTETS else line for line in lines]
    return lines
