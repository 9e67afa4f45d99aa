"""Taking in returned mail from files, for ``manage.py ingest dsn``: eml, mbox, or a folder such as a Maildir."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO

from portal.branches.models import BranchProfile
from portal.maillog.importers.event import Rejected
from portal.maillog.models import IngestBatch
from portal.maillog.services import KEPT_REJECTIONS
from portal.returned import runner
from portal.returned.evidence import DSN
from portal.returned.mailboxes import Found, mails_in, mails_of
from portal.returned.models import Kind, ReturnedMail
from portal.returned.services import take


def take_bounces(given: Path | BinaryIO, *, branch: str, name: str) -> IngestBatch:
    """Take in the mails of a file, folder or stream; returns how many recipients they told of, new and known.

    A mail that is no bounce tells of none and is kept all the same, and so is one whose delivery is not in the log.
    """
    batch = IngestBatch(source=DSN, name=name[:255])
    # Whoever reads the mail's page is told of the file, and not where this machine keeps its files.
    file = Path(name).name
    of_branch = BranchProfile.objects.filter(code=branch).first() if branch else None
    for found in _mails(given):
        batch.lines += 1
        if not found.octets.strip():
            _reject(batch, Rejected(found.number, "The mail is empty."))
            continue
        mail, is_new = take(found.octets, source="file", name=file or found.name, branch=of_branch, rings=False)
        if mail.kind == Kind.UNREAD or mail.unmatched:
            runner.perform(mail.pk)
        mail = ReturnedMail.objects.only("kind").get(pk=mail.pk)
        if mail.kind == Kind.UNREAD:
            _reject(
                batch, Rejected(found.number, "It could not be read; it is kept as returned mail, and tried again.")
            )
        told = mail.recipients.count()
        batch.new += told if is_new else 0
        batch.duplicate += 0 if is_new else told
    batch.save()
    return batch


def _mails(given: Path | BinaryIO) -> Iterable[Found]:
    if isinstance(given, Path):
        return mails_in(given)
    return (Found(number, "", octets) for number, octets in enumerate(mails_of(given), 1))


def _reject(batch: IngestBatch, item: Rejected) -> None:
    batch.rejected_count += 1
    if len(batch.rejected) < KEPT_REJECTIONS:
        batch.rejected.append(asdict(item))
