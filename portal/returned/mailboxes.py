"""Mails out of files: a single one (eml), an mbox (RFC 4155), or a folder of them, a Maildir above all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from portal.returned.facts import MOST_READ

#: What an mbox has between two mails: who sent it, and when. Text may begin with the same word.
SEPARATOR: Final = re.compile(rb"From \S{0,320} {1,3}.{0,30}\d{1,2}:\d{2}")
#: A line longer than this is read in pieces.
PIECE: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Found:
    """One mail of a file or folder: its number from 1, where it stood, and its beginning, mostly all of it."""

    number: int
    name: str
    octets: bytes


def mails_in(path: Path) -> Iterator[Found]:
    """The mails of a file or folder, in the order of their names. OSError where it cannot be read."""
    number = 0
    for file in _files(path):
        with file.open("rb") as opened:
            for octets in mails_of(opened):
                number += 1
                yield Found(number, file.name, octets)


def _files(path: Path) -> list[Path]:
    """A Maildir keeps mails in ``new`` and ``cur``; what stands in ``tmp`` is not whole yet."""
    if not path.is_dir():
        return [path]
    folders = [path / name for name in ("new", "cur") if (path / name).is_dir()] or [path]
    found = [item for folder in folders for item in folder.iterdir() if item.is_file()]
    return sorted(item for item in found if not item.name.startswith("."))


def mails_of(file: BinaryIO) -> Iterator[bytes]:
    """The mails of one file: all of an mbox, or the one that the file is. Of each the beginning is held in memory."""
    line = file.readline(PIECE)
    if not SEPARATOR.match(line):
        yield line + file.read(MOST_READ)
        return
    kept = bytearray()
    is_after_blank = False
    while line := file.readline(PIECE):
        if is_after_blank and SEPARATOR.match(line):
            yield bytes(kept)
            kept.clear()
        elif len(kept) < MOST_READ:
            kept += line
        is_after_blank = not line.strip()
    yield bytes(kept)
