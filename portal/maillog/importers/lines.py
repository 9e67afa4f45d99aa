"""Lines of a file of any size and any common encoding, one at a time and never longer than a bound."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import BinaryIO

#: A log line is never longer; what is, is rejected without being held in memory.
MOST_OCTETS = 256 * 1024


def lines_of(file: BinaryIO) -> Iterator[tuple[int, str | None]]:
    """Each line with its number, from 1, without its end; None for a line that is too long or not in the encoding.

    The encoding is UTF-8, or UTF-16 where a byte order mark at the beginning says so.
    """
    first = file.readline(MOST_OCTETS + 1)
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if first.startswith(mark):
            yield from _decoded_lines(file, first[len(mark) :], encoding)
            return
    yield from _utf8_lines(file, first.removeprefix(codecs.BOM_UTF8))


def _utf8_lines(file: BinaryIO, line: bytes) -> Iterator[tuple[int, str | None]]:
    number = 0
    while line:
        number += 1
        if len(line) > MOST_OCTETS and not line.endswith(b"\n"):
            while (rest := file.readline(MOST_OCTETS)) and not rest.endswith(b"\n"):
                pass
            yield number, None
        else:
            try:
                yield number, line.rstrip(b"\r\n").decode("utf-8")
            except UnicodeDecodeError:
                yield number, None
        line = file.readline(MOST_OCTETS + 1)


def _decoded_lines(file: BinaryIO, head: bytes, encoding: str) -> Iterator[tuple[int, str | None]]:
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    kept, number, is_too_long = "", 0, False
    chunk = head
    while chunk:
        *whole, kept = (kept + decoder.decode(chunk)).split("\n")
        for line in whole:
            number += 1
            yield number, None if is_too_long or len(line) > MOST_OCTETS else line.rstrip("\r")
            is_too_long = False
        if len(kept) > MOST_OCTETS:
            is_too_long, kept = True, ""
        chunk = file.read(65536)
    if kept or is_too_long:
        yield number + 1, None if is_too_long else kept.rstrip("\r")
