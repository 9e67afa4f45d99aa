"""Lines of a file of any size and any common encoding, one at a time and never longer than a bound."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from portal.maillog.importers.packed import head_of, unpacked

#: A log line is never longer; what is, is rejected without being held in memory.
MOST_OCTETS = 256 * 1024


@dataclass(frozen=True, slots=True)
class Unread:
    """A line that is none: why, and as much of it as can be shown."""

    why: str
    raw: str = ""


TOO_LONG = Unread(f"The line is longer than {MOST_OCTETS // 1024} KB.")
Line = str | Unread


def lines_of(file: BinaryIO) -> Iterator[tuple[int, Line]]:
    """Each line with its number, from 1, without its end; Unread for one that is too long or not in the encoding.

    The encoding is UTF-8, or UTF-16 where a byte order mark at the beginning says so. A packed file is unpacked;
    DamagedError where it cannot be read on.
    """
    file = unpacked(file)
    encoding = utf16_of(file)
    first = file.readline(MOST_OCTETS + 1)
    if encoding:
        yield from _decoded_lines(file, first[2:], encoding)
    else:
        yield from _utf8_lines(file, first.removeprefix(codecs.BOM_UTF8))


def utf16_of(file: BinaryIO) -> str:
    """The kind of UTF-16 that a byte order mark tells; empty for every other file."""
    head = head_of(file)
    if head.startswith(codecs.BOM_UTF16_LE):
        return "utf-16-le"
    return "utf-16-be" if head.startswith(codecs.BOM_UTF16_BE) else ""


def decoded(octets: bytes) -> Line:
    """One line of UTF-8; NUL, which no database keeps, is replaced."""
    try:
        return octets.decode("utf-8").replace("\x00", "\ufffd")
    except UnicodeDecodeError as error:
        why = f"The line is not UTF-8: octet {octets[error.start]:#04x} at place {error.start + 1}."
        return Unread(why, octets.decode("utf-8", "backslashreplace").replace("\x00", "\ufffd"))


def _utf8_lines(file: BinaryIO, line: bytes) -> Iterator[tuple[int, Line]]:
    number = 0
    while line:
        number += 1
        following = b""
        if len(line) > MOST_OCTETS and not line.endswith(b"\n"):
            while (rest := file.readline(MOST_OCTETS)) and not rest.endswith(b"\n"):
                pass
            yield number, TOO_LONG
        else:
            # A last line without an end is a line only where the file itself ends, which reading on shows.
            if not line.endswith(b"\n"):
                following = file.readline(MOST_OCTETS + 1)
            yield number, decoded(line.rstrip(b"\r\n"))
        line = following or file.readline(MOST_OCTETS + 1)


def _decoded_lines(file: BinaryIO, head: bytes, encoding: str) -> Iterator[tuple[int, Line]]:
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    kept, number, is_too_long = "", 0, False
    chunk = head
    while chunk:
        *whole, kept = (kept + decoder.decode(chunk)).split("\n")
        for line in whole:
            number += 1
            yield number, TOO_LONG if is_too_long or len(line) > MOST_OCTETS else _clean(line)
            is_too_long = False
        if len(kept) > MOST_OCTETS:
            is_too_long, kept = True, ""
        chunk = file.read(65536)
    if kept or is_too_long:
        yield number + 1, TOO_LONG if is_too_long else _clean(kept)


def _clean(line: str) -> str:
    return line.rstrip("\r").replace("\x00", "\ufffd")
