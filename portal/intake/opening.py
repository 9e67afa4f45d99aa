"""An upload as what it tells: events and rejected lines, by what was said of its columns, of no branch but its own."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import BinaryIO, cast
from zoneinfo import ZoneInfo

from portal.intake.models import Upload
from portal.intake.wording import worded
from portal.maillog.importers import IMPORTERS, SERVER_LOGS, TABLES
from portal.maillog.importers.columns import Columns
from portal.maillog.importers.csv import table_of
from portal.maillog.importers.event import EventProblem, Item, LogEvent, Rejected, RejectedLine, ZoneOf
from portal.maillog.importers.lines import utf16_of
from portal.maillog.importers.packed import DamagedError, unpacked
from portal.maillog.placing import Owners, only_of, only_placed
from portal.maillog.reading import Judge

#: So much of a file is looked at before it is read.
BEGINNING = 2 << 20
GONE = "The stored file cannot be read. Bring it in again."
#: So much of its end, to tell the time of its last lines.
TAIL = 64 << 10
#: A log may hold some of these that a program let slip; in what is no text they are one octet in nine.
_NOT_OF_TEXT = bytes(item for item in range(32) if item not in b"\t\n\v\f\r\x1b")
MOST_SIGNS = 0.03
#: And so much to find out what kind of log it is.
LOOKED_AT = 256 << 10


def events_of(upload: Upload, file: BinaryIO, zone_of: ZoneOf) -> Iterator[Item]:
    """What ``file``, which is the upload's or its beginning, tells."""
    code = upload.branch.code if upload.branch else ""
    if upload.source in TABLES:
        columns = Columns.from_json(upload.columns) if upload.columns else None
        items: Iterable[Item] = worded(TABLES[upload.source](file, code, zone_of, columns), columns)
    else:
        items = IMPORTERS[upload.source](file, code, _zone_of(upload))
    # Who is no longer here may have been anybody: then only the branch that was named is theirs.
    is_free = upload.by is not None and upload.by.is_support
    return iter(items) if is_free else _of_branch(items, code)


def judge_of(upload: Upload) -> Judge | None:
    """What says which lines of a server's log may come in: for staff those of their branch's mail, for support all.

    Of all those whose branch somebody can tell, where none was chosen. It asks the database.
    """
    if upload.source not in SERVER_LOGS:
        return None
    if upload.by is not None and upload.by.is_support:
        return None if upload.branch else partial(only_placed, owners=Owners())
    return partial(only_of, code=upload.branch.code if upload.branch else "", owners=Owners())


def _zone_of(upload: Upload) -> ZoneOf:
    """A server writes its log in its own time zone, whichever branch the mail is of."""
    zone = ZoneInfo(upload.time_zone or "UTC")
    return lambda _: zone


def _of_branch(items: Iterable[Item], code: str) -> Iterator[Item]:
    for item in items:
        if isinstance(item, LogEvent) and item.branch != code:
            why = f"The line is of the branch {item.branch!r}. Only lines of {code!r} can be brought in here."
            problem = EventProblem(why, code="other_branch", value=item.branch)
            yield RejectedLine(item.line, why, item.raw, problem)
        else:
            yield item


@dataclass(frozen=True, slots=True)
class Beginning:
    """The first lines of an upload. ``is_all``: there are no more; ``damage``: since it cannot be read on."""

    file: io.BytesIO
    is_all: bool
    damage: DamagedError | None = None


def beginning_of(upload: Upload) -> Beginning:
    """The first lines of an upload. DamagedError where not one line can be read."""
    damage = None
    try:
        with upload.file.open("rb") as stored:
            file = unpacked(cast(BinaryIO, stored.file))
            encoding = utf16_of(file)
            octets = file.read(BEGINNING)
            try:
                is_all = not file.read(1)
            except DamagedError as error:
                is_all, damage = True, error
    except OSError as error:
        raise DamagedError(GONE) from error
    if encoding:
        octets = octets.decode(encoding, "ignore").encode()
    if damage is not None:
        octets = octets[: octets.rfind(b"\n") + 1]
        if not octets:
            raise damage
    elif not is_all:
        octets = octets[: octets.rfind(b"\n") + 1] or octets
    return Beginning(io.BytesIO(octets), is_all, damage)


def is_no_text(octets: bytes) -> bool:
    """Whether this is the beginning of a picture, a program or the like: signs that no log has stand all over it."""
    return sum(octets.count(item) for item in _NOT_OF_TEXT) > len(octets) * MOST_SIGNS


def server_of(upload: Upload) -> str:
    """The first host that a server's log names; empty where it names none."""
    if upload.source not in SERVER_LOGS:
        return ""
    try:
        octets = beginning_of(upload).file.read(LOOKED_AT)
    except DamagedError:
        return ""
    items = SERVER_LOGS[upload.source](io.BytesIO(octets), "", _zone_of(upload))
    return next((item.server for item in items if isinstance(item, LogEvent)), "")


def last_time_of(upload: Upload, zone_of: ZoneOf) -> datetime | None:
    """The latest time that the last lines of an upload tell; None where only the beginning can be looked at at once."""
    try:
        with upload.file.open("rb") as stored:
            plain = cast(BinaryIO, stored.file)
            if unpacked(plain) is not plain or utf16_of(plain) or upload.source == "csv":
                return None
            plain.seek(max(0, upload.size - TAIL))
            octets = plain.read(TAIL)
    except (OSError, DamagedError):
        return None
    lines = io.BytesIO(octets[octets.find(b"\n") + 1 :])
    return max((item.at for item in events_of(upload, lines, zone_of) if isinstance(item, LogEvent)), default=None)


def header_of(upload: Upload) -> str:
    """The line above a table's rows, without which they are none; empty for other files."""
    if upload.source != "csv":
        return ""
    try:
        return table_of(beginning_of(upload).file).header
    except DamagedError:
        return ""


def kind_of(upload: Upload) -> str:
    """What kind of log a file seems to be."""
    try:
        octets = beginning_of(upload).file.read(LOOKED_AT)
    except DamagedError:
        return "csv"
    if octets.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"{"):
        return "jsonl"
    for name, read in SERVER_LOGS.items():
        if any(isinstance(item, LogEvent) for item in read(io.BytesIO(octets), "", lambda _: UTC)):
            return name
    return "csv"


def rejected_from(item: Rejected) -> RejectedLine:
    """The same with its line, where it is known."""
    return item if isinstance(item, RejectedLine) else RejectedLine(item.line, item.why, "")
