"""Files in which a person may stand: logs that were brought in, the lines of them that were rejected, mailing lists.

They are read bit by bit, since a log may be of gigabytes. What is rewritten is stored plain, whatever it was packed by,
under a new name; the old file goes.
"""

from __future__ import annotations

import codecs
import tempfile
from collections.abc import Iterator
from typing import IO, BinaryIO, cast

from django.core.files import File
from django.db.models.fields.files import FieldFile

from portal.intake import services as intake
from portal.intake.cap import incoming
from portal.intake.models import Upload, UploadState
from portal.intake.rejected import rejected_in, rejections
from portal.maillog.erased import keep_erased
from portal.maillog.importers.event import RejectedLine
from portal.maillog.importers.lines import utf16_of
from portal.maillog.importers.packed import DamagedError, unpacked
from portal.maillog.models import IngestBatch
from portal.planning.models import Mailing
from portal.retention.person import Person, is_named, is_named_in_json, is_named_in_octets, may_name

PIECE = 1 << 20
#: A line is cut here if it never ends; an address across such a cut is in no log.
MOST_OF_A_LINE = 256 * 1024
#: Logs whose messages may be encoded, so that their text cannot be rewritten safely.
WHOLE_MESSAGES = frozenset({"dsn", "dmarc", "tlsrpt"})


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    """The octets of ``file`` in pieces that end at a line, in UTF-8; DamagedError where it cannot be read on."""
    plain = unpacked(file)
    encoding = utf16_of(plain)
    if not encoding:
        while octets := plain.read(PIECE):
            try:
                rest = b"" if octets.endswith(b"\n") else plain.readline(MOST_OF_A_LINE)
            except DamagedError:
                # What stands before the damage may have been read, and may be read again.
                yield octets
                raise
            yield octets + rest
        return
    decoder, kept = codecs.getincrementaldecoder(encoding)(errors="replace"), ""
    plain.read(2)
    while octets := plain.read(PIECE):
        whole, end, kept = (kept + decoder.decode(octets)).rpartition("\n")
        yield (whole + end).encode()
    yield kept.encode()


def _stands_in(file: FieldFile, address: str) -> bool:
    """Whether the stored file holds the address. What cannot be read to its end counts where it could be."""
    if not file:
        return False
    try:
        with file.open("rb") as stored:
            return any(is_named_in_octets(address, piece) for piece in _pieces(cast(BinaryIO, stored)))
    except (DamagedError, FileNotFoundError):
        return False


def _rewrite(file: FieldFile, person: Person) -> None:
    """Store the file anew without the address; one that cannot be read to its end is deleted."""
    incoming().mkdir(parents=True, exist_ok=True)
    old, storage = str(file.name), file.storage
    with tempfile.TemporaryFile(dir=incoming()) as new:
        try:
            with file.open("rb") as stored:
                for piece in _pieces(cast(BinaryIO, stored)):
                    new.write(person.rewritten_octets(piece))
        except DamagedError:
            file.delete(save=False)
            return
        new.seek(0)
        file.save(old.rpartition("/")[2], File(cast(IO[bytes], new)), save=False)
    if file.name != old:
        storage.delete(old)


def uploads_naming(address: str) -> Iterator[Upload]:
    """Logs that were brought in whose kept file holds the address, or one of whose rejected lines does."""
    rows = Upload.objects.exclude(file="", rejected="").order_by("pk")
    for upload in rows.iterator(50):
        if _stands_in(upload.file, address) or _is_rejected(upload, address):
            yield upload


def _is_rejected(upload: Upload, address: str) -> bool:
    try:
        return any(is_named(address, f"{item.why} {item.raw}") for item in rejected_in(upload))
    except FileNotFoundError:
        return False


def take_out_of_uploads(person: Person) -> int:
    """Kept logs and their rejected lines, without the address. One that is being read is stopped first."""
    done = 0
    for upload in list(uploads_naming(person.normal)):
        if upload.state == UploadState.READING:
            intake.stop(upload)
        if upload.state != UploadState.DONE and upload.branch_id is not None:
            # What it would have told of them is told of nobody now.
            keep_erased(person.normal, [upload.branch_id])
        if _stands_in(upload.file, person.normal):
            if upload.source in WHOLE_MESSAGES:
                upload.file.delete(save=False)
            else:
                _rewrite(upload.file, person)
            upload.size = upload.file.size if upload.file else upload.size
        if upload.rejected and _is_rejected(upload, person.normal):
            _rewrite_rejected(upload, person)
        upload.save(update_fields=["file", "size", "rejected"])
        done += 1
    return done


def _rewrite_rejected(upload: Upload, person: Person) -> None:
    old, storage = str(upload.rejected.name), upload.rejected.storage
    items = rejected_in(upload)
    header = next(items, RejectedLine(0, "", ""))
    with rejections(person.rewritten(header.raw)) as kept:
        kept.add(RejectedLine(item.line, person.rewritten(item.why), person.rewritten(item.raw)) for item in items)
        upload.rejected.save(old.rpartition("/")[2], File(kept.ended()), save=False)
    if upload.rejected.name != old:
        storage.delete(old)


def batches_naming(address: str) -> list[IngestBatch]:
    """Readings of logs that keep a rejected line with the address, or were named after it."""
    rows = IngestBatch.objects.filter(may_name("rejected", address) | may_name("name", address)).order_by("pk")
    return [row for row in rows.iterator(200) if is_named_in_json(address, [row.rejected, row.name])]


def take_out_of_batches(person: Person) -> int:
    found = batches_naming(person.normal)
    for batch in found:
        batch.rejected = person.rewritten_json(batch.rejected)
        batch.name = person.rewritten(batch.name)[:255]
        batch.save(update_fields=["rejected", "name"])
    return len(found)


def mailings_naming(address: str) -> Iterator[Mailing]:
    """Planned mailings whose list, or what was found in it, holds the address."""
    for mailing in Mailing.objects.exclude(list="", verdicts="").order_by("pk").iterator(50):
        if _stands_in(mailing.list, address) or _stands_in(mailing.verdicts, address):
            yield mailing


def take_out_of_mailings(person: Person) -> int:
    done = 0
    for mailing in list(mailings_naming(person.normal)):
        for file in (mailing.list, mailing.verdicts):
            if _stands_in(file, person.normal):
                _rewrite(file, person)
        mailing.save(update_fields=["list", "verdicts"])
        done += 1
    return done
