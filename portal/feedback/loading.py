"""Reports out of files, for ``manage.py ingest dmarc`` and ``tlsrpt``, and out of mail that comes to the desk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from portal.branches.models import BranchProfile
from portal.feedback.reports.unpacking import MOST_OCTETS
from portal.feedback.services import Taken, take_aggregate, take_either, take_tls
from portal.inbound import Mail, Refused
from portal.maillog.models import IngestBatch
from portal.maillog.services import KEPT_REJECTIONS


def take_dmarc(given: Path | BinaryIO, *, branch: str, name: str) -> IngestBatch:
    """DMARC aggregate reports of a file, a folder of them, or a stream. Each names its domain, so no branch has to."""
    return _taken(given, name, "dmarc", lambda octets: take_aggregate(octets, name=name))


def take_tlsrpt(given: Path | BinaryIO, *, branch: str, name: str) -> IngestBatch:
    """TLS reports of a file, a folder of them, or a stream."""
    return _taken(given, name, "tlsrpt", lambda octets: take_tls(octets, name=name))


def _taken(given: Path | BinaryIO, name: str, source: str, take: Callable[[bytes], Taken]) -> IngestBatch:
    batch = IngestBatch(source=source, name=name[:255])
    about: set[BranchProfile | None] = set()
    for octets in _pieces(given):
        taken = take(octets)
        about |= taken.branches
        batch.lines += 1
        batch.new += taken.new
        batch.duplicate += taken.duplicate
        for problem in taken.problems:
            batch.rejected_count += 1
            if len(batch.rejected) < KEPT_REJECTIONS:
                batch.rejected.append({"line": batch.lines, "why": problem})
    batch.branch = about.pop() if len(about) == 1 else None
    batch.save()
    return batch


def _pieces(given: Path | BinaryIO) -> list[bytes] | map[bytes]:
    if not isinstance(given, Path):
        return [given.read(MOST_OCTETS + 1)]
    if not given.is_dir():
        return [_read(given)]
    files = sorted(item for item in given.rglob("*") if item.is_file() and not item.name.startswith("."))
    return map(_read, files)


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MOST_OCTETS + 1)


def knows(address: str) -> bool:
    """Whether reports come to ``address``."""
    return address.lower() in {item.lower() for item in settings.REPORT_ADDRESSES}


def take_mail(mail: Mail) -> None:
    """Take in a mail that came to an address for reports. What is no report is told so, and not kept."""
    taken = take_either(mail.octets)
    if not taken.new and not taken.duplicate and taken.problems:
        raise Refused(f"This address takes DMARC and TLS reports. {taken.problems[0]}", code="554 5.6.0")
