"""Reports out of what they come in: a mail's attachment, a zip, a gzip, or the bare document.

A stranger packs these, so nothing is unpacked beyond :data:`MOST_OCTETS`, however small it is when it comes.
"""

from __future__ import annotations

import email
import email.policy
import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

#: A report of a large domain has some megabytes; more than this is no report.
MOST_OCTETS = 30 << 20
MOST_MEMBERS = 20
MOST_ATTACHMENTS = 20


class UnpackProblem(ValueError):
    """What came cannot be unpacked; the message says why."""


@dataclass(frozen=True, slots=True)
class Document:
    """One report as text in octets, and the name it came under."""

    name: str
    octets: bytes


def documents_in(octets: bytes, name: str = "") -> Iterator[Document]:
    """The documents in ``octets``. UnpackProblem where there is none, or one is damaged or too large."""
    if len(octets) > MOST_OCTETS:
        raise UnpackProblem(f"It is larger than {MOST_OCTETS >> 20} MB.")
    head = octets[:64].lstrip(b"\xef\xbb\xbf \t\r\n")
    if octets.startswith(b"\x1f\x8b"):
        yield Document(name.removesuffix(".gz"), _gunzipped(octets))
    elif octets.startswith(b"PK\x03\x04"):
        yield from _members(octets)
    elif head.startswith((b"<", b"{")):
        yield Document(name, octets)
    else:
        yield from _attachments(octets)


def _gunzipped(octets: bytes) -> bytes:
    reader = zlib.decompressobj(wbits=31)
    try:
        unpacked = reader.decompress(octets, MOST_OCTETS)
    except zlib.error as error:
        raise UnpackProblem(f"The gzip file is damaged: {error}.") from error
    if reader.unconsumed_tail:
        raise UnpackProblem(f"Unpacked it is larger than {MOST_OCTETS >> 20} MB.")
    if not reader.eof:
        raise UnpackProblem("The gzip file ends too early.")
    return unpacked


def _members(octets: bytes) -> Iterator[Document]:
    try:
        with zipfile.ZipFile(io.BytesIO(octets)) as archive:
            members = [item for item in archive.infolist() if not item.is_dir()]
            if not members or len(members) > MOST_MEMBERS:
                raise UnpackProblem(f"The zip file holds {len(members)} files; a report is one.")
            for item in members:
                with archive.open(item) as file:
                    # What the archive says of a member's size is the stranger's word; what is read is counted.
                    unpacked = file.read(MOST_OCTETS + 1)
                if len(unpacked) > MOST_OCTETS:
                    raise UnpackProblem(f"Unpacked it is larger than {MOST_OCTETS >> 20} MB.")
                yield Document(item.filename, unpacked)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise UnpackProblem(f"The zip file cannot be read: {error}.") from error


def _attachments(octets: bytes) -> Iterator[Document]:
    try:
        mail = email.message_from_bytes(octets, policy=email.policy.compat32)
        leaves = [part for part in mail.walk() if not part.is_multipart()][: 10 * MOST_ATTACHMENTS]
    except (ValueError, LookupError, RecursionError) as error:
        raise UnpackProblem(f"It is no report, and no mail that could hold one: {error}.") from error
    found = 0
    for part in leaves:
        payload = part.get_payload(decode=True)
        if not isinstance(payload, bytes) or not _may_be_report(payload, part.get_content_type()):
            continue
        found += 1
        if found > MOST_ATTACHMENTS:
            break
        yield from documents_in(payload, str(part.get_filename() or ""))
    if not found:
        raise UnpackProblem("There is no report in it: neither XML nor JSON, packed or not.")


def _may_be_report(payload: bytes, content_type: str) -> bool:
    if payload.startswith((b"\x1f\x8b", b"PK\x03\x04")):
        return True
    return content_type != "text/html" and payload[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(
        (b"<?xml", b"<feedback", b"{")
    )
