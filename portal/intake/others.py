"""Files that are no logs, though people bring them in as such: returned mail, and the reports of receivers.

They are known by how they begin, and read by the rooms that know them, as ``manage.py ingest`` does. Support brings
them in: a report may be about any branch, and a mail that came back is evidence that anybody could have written.
"""

from __future__ import annotations

import re
import zlib
from typing import BinaryIO, cast

from django.core.files.base import File

from portal.accounts.models import User
from portal.maillog.models import IngestBatch
from portal.maillog.sources import sources

#: So much of a file tells what it is.
LOOKED_AT = 8192
#: Such files are read while somebody waits; larger ones by the command.
MOST_OCTETS = 10 << 20
WORDS = {"dsn": "returned mail", "dmarc": "a DMARC report", "tlsrpt": "a TLS report"}
_FIELD = re.compile(
    rb"(?:Return-Path|Received|Delivered-To|From|To|Subject|Date|Message-ID|MIME-Version|Content-Type|X-[a-z-]+):[ \t]",
    re.IGNORECASE,
)


def other_kind(file: BinaryIO) -> str:
    """The source that reads ``file``, which is no log; empty where it may be a log. The file stands as it stood."""
    head = file.read(LOOKED_AT)
    file.seek(-len(head), 1)
    if head.startswith(b"PK\x03\x04"):
        name = head[30 : 30 + int.from_bytes(head[26:28], "little")]
        return "dmarc" if name.lower().endswith(b".xml") and b"[Content_Types]" not in name else ""
    if head.startswith(b"\x1f\x8b"):
        try:
            head = zlib.decompressobj(wbits=31).decompress(head, LOOKED_AT)
        except zlib.error:
            return ""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"<") and b"<feedback" in text:
        return "dmarc"
    if text.startswith(b"{") and b'"policies"' in text and b'"date-range"' in text:
        return "tlsrpt"
    lines = text.splitlines()
    if text.startswith(b"From ") and any(map(_FIELD.match, lines[1:3])):
        return "dsn"
    return (
        "dsn"
        if len(lines) > 1 and _FIELD.match(lines[0]) and sum(bool(_FIELD.match(line)) for line in lines) > 2
        else ""
    )


def take_other(file: File[bytes], kind: str, *, branch: str, name: str, by: User) -> IngestBatch:
    """Have the room that knows such files read ``file``; what it holds of it is told by the batch."""
    take = sources()[kind].take
    assert take is not None  # What is no log has a room of its own.
    batch = take(cast(BinaryIO, file), branch=branch, name=name)
    batch.by = by
    batch.save(update_fields=["by"])
    return batch
