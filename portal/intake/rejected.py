"""Every line that could not be used, with its number and the reason: kept beside the upload, given back to be mended.

They are kept packed, one JSON list a line, since there may be a million of them and nobody searches among them. People
get them as a table (a spreadsheet computes none of its cells), or as the lines alone, as they were, under the header
they stood under: mended, those can be brought in again.
"""

from __future__ import annotations

import csv
import gzip
import json
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import IO, cast

from portal.intake.cap import incoming
from portal.intake.models import Upload
from portal.maillog.export import neutral
from portal.maillog.importers.event import RejectedLine


class Rejections:
    """What is written down while a file is read."""

    def __init__(self, file: IO[bytes], header: str) -> None:
        self._file = file
        self._packed = gzip.GzipFile(fileobj=file, mode="wb", compresslevel=3, mtime=0)
        self._write(RejectedLine(0, "", header))

    def add(self, items: Iterable[RejectedLine]) -> None:
        for item in items:
            self._write(item)

    def ended(self) -> IO[bytes]:
        """The file with all of them, at its beginning."""
        self._packed.close()
        self._file.seek(0)
        return self._file

    def _write(self, item: RejectedLine) -> None:
        text = json.dumps([item.line, item.why, item.raw]) + "\n"
        self._packed.write(text.encode("utf-8", "replace"))


@contextmanager
def rejections(header: str) -> Iterator[Rejections]:
    """Somewhere to write them down, which is gone after the block; ``header`` is what stands above a table's rows."""
    incoming().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=incoming()) as file:
        yield Rejections(file, header)


def rejected_in(upload: Upload) -> Iterator[RejectedLine]:
    """The rejected lines of ``upload``, the first of which (number 0) is the header."""
    if not upload.rejected:
        return
    with upload.rejected.open("rb") as stored, gzip.open(cast(IO[bytes], stored), "rt", encoding="utf-8") as lines:
        for line in lines:
            number, why, raw = json.loads(line)
            yield RejectedLine(number, why, raw)


def first_rejected(upload: Upload, most: int = 20) -> list[RejectedLine]:
    return list(islice(rejected_in(upload), 1, most + 1))


class _Echo:
    """What the CSV writer writes to: it hands each line back."""

    def write(self, line: str) -> str:
        return line


def csv_of(upload: Upload) -> Iterator[str]:
    """A table of the rejected lines."""
    writer = csv.writer(_Echo())
    yield writer.writerow(["line", "why", "raw"])
    for item in islice(rejected_in(upload), 1, None):
        yield writer.writerow([item.line, neutral(item.why), neutral(item.raw)])


def lines_of(upload: Upload) -> Iterator[str]:
    """The lines alone, under their header. What is no line (the file broke off there) is left out."""
    for item in rejected_in(upload):
        if item.raw:
            yield f"{item.raw}\n"
