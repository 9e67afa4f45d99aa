"""Reading an upload in a worker: claim it, store it part by part, keep every rejected line, finish.

One upload is read at a time, since only one reading writes to the log at once, and a worker that waits for its turn
would be missing elsewhere. Every part is stored together with the progress it makes, in one transaction, which also
finds out whether another worker has taken the upload over. So a killed worker loses a part and doubles nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import IO, BinaryIO, cast

from django.conf import settings
from django.core.files import File
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from portal.intake.cap import incoming
from portal.intake.models import UNDER_WAY, Upload, UploadState
from portal.intake.opening import GONE, events_of, header_of, judge_of
from portal.intake.rejected import Rejections, rejections
from portal.maillog.importers.event import Item, RejectedLine
from portal.maillog.models import IngestBatch
from portal.maillog.reading import Part, store
from portal.maillog.records import Span
from portal.maillog.services import Zones

logger = logging.getLogger(__name__)

#: A part is stored well within this time; a worker that has not been heard of for so long is dead.
LEASE = timedelta(seconds=60)
#: After so many workers have died over one upload it is the upload that is to blame.
MAX_ATTEMPTS = 5
#: A file of which so many lines cannot be used is no log of this kind.
MOST_REJECTED = 1_000_000


class SupersededError(Exception):
    """Another worker has taken the upload over; what this one still reads is not wanted."""


class HopelessError(Exception):
    """The file is not what it was said to be; the message says why."""


def claim(upload_id: int) -> Upload | None:
    """The upload, claimed for this worker; None when it is over, claimed by another, or not yet its turn."""
    now = timezone.now()
    others = Upload.objects.filter(state=UploadState.READING, lease_until__gte=now).exclude(pk=upload_id)
    if others.exists():
        return None
    claimed = Upload.objects.filter(
        Q(state=UploadState.QUEUED) | Q(state=UploadState.READING, lease_until__lt=now), pk=upload_id
    ).update(
        state=UploadState.READING,
        attempt=F("attempt") + 1,
        lease_until=now + LEASE,
        octets=0,
        lines=0,
        events=0,
        rejected_count=0,
        why="",
    )
    return Upload.objects.select_related("branch", "by", "batch").get(pk=upload_id) if claimed else None


def perform(upload_id: int) -> bool:
    """Read one upload; returns whether it was this worker's to read.

    1. Claim it; go home if another has it, or another upload is being read.
    2. Store its parts, each with the progress it makes; write down every rejected line.
    3. Finish: done, stopped by somebody, or failed with the reason. The rejected lines are kept in each case.
    """
    upload = claim(upload_id)
    if upload is None:
        return False
    if upload.attempt > upload.attempt_before + MAX_ATTEMPTS:
        _finish(upload, UploadState.FAILED, f"{MAX_ATTEMPTS} workers ended in the midst of it. Start it again to try.")
        return True
    with rejections(header_of(upload)) as kept:
        reading = _Reading(upload, kept)
        try:
            reading.read()
            state, why = (UploadState.STOPPED if reading.is_stopped else UploadState.DONE), reading.doubt
        except SupersededError:
            logger.warning("Upload %s was taken over from attempt %s.", upload.code, upload.attempt)
            return True
        except HopelessError as error:
            state, why = UploadState.FAILED, str(error)
        except OSError:
            logger.exception("Upload %s cannot be read.", upload.code)
            state, why = UploadState.FAILED, GONE
        _finish(upload, state, why, kept.ended())
    return True


class _Reading:
    """One attempt at one upload."""

    def __init__(self, upload: Upload, kept: Rejections) -> None:
        self._upload = upload
        self._kept = kept
        self._file: BinaryIO | None = None
        self.is_stopped = False
        self._span = Span()
        #: Lines that may tell of the branch's mail, and could not be used.
        self._unread = 0

    def read(self) -> None:
        upload = self._upload
        if upload.batch is not None:
            # What an attempt before stored is told of by this one again, as known.
            upload.batch.delete()
        with upload.file.open("rb") as stored:
            self._file = cast(BinaryIO, stored.file)
            items = self._until_stopped(events_of(upload, self._file, Zones()))
            store(items, source=upload.source, name=upload.name, after=self._after, judge=judge_of(upload))
        if upload.is_complete and upload.branch is not None and not self.is_stopped and not self.doubt:
            with transaction.atomic():
                self._span.keep(upload.branch)

    @property
    def doubt(self) -> str:
        """Why the log does not count as complete, though it was said to be; "" where nothing speaks against it."""
        if not self._upload.is_complete or not self._unread:
            return ""
        # What stands in a line that could not be used may have been sent.
        lines = f"{self._unread:,} of its lines" if self._unread > 1 else "one of its lines"
        return (
            f"What was read is in the log, but the log does not count as complete: {lines} could not be used, and may "
            "tell of an e-mail. Mend what is rejected below, and bring the whole file in again; nothing is doubled."
        )

    def _until_stopped(self, items: Iterator[Item]) -> Iterator[Item]:
        for item in items:
            if self.is_stopped:
                return
            yield item

    def _after(self, part: Part, batch: IngestBatch) -> None:
        """Write down how far it got, in the transaction that stores the part."""
        self._span.see(part.items)
        self._unread += sum(not _is_of_others(item) for item in part.rejected)
        told, new = batch.new + batch.duplicate, self._upload.new + batch.new
        mine = Upload.objects.filter(pk=self._upload.pk, attempt=self._upload.attempt, state=UploadState.READING)
        changed = mine.update(
            octets=self._octets(),
            lines=batch.lines,
            new=new,
            events=told,
            rejected_count=batch.rejected_count,
            lease_until=timezone.now() + LEASE,
            batch=batch,
        )
        if not changed:
            raise SupersededError
        # What an attempt before has stored was new when it was read.
        IngestBatch.objects.filter(pk=batch.pk).update(new=min(new, told), duplicate=max(0, told - new))
        self._kept.add(part.rejected)
        if batch.rejected_count > MOST_REJECTED:
            raise HopelessError(f"More than {MOST_REJECTED:,} lines cannot be used: this is another kind of log.")
        self.is_stopped = self.is_stopped or mine.filter(is_stopping=True).exists()

    def _octets(self) -> int:
        """How much of the file was taken from the disk; all of it where it was closed at its end."""
        assert self._file is not None  # It is open while parts are stored.
        return self._upload.size if self._file.closed else self._file.tell()


def _is_of_others(item: RejectedLine) -> bool:
    """It was rejected because it tells of another branch's mail."""
    return item.problem is not None and item.problem.code == "other_branch"


def _finish(upload: Upload, state: UploadState, why: str, rejected: IO[bytes] | None = None) -> None:
    """Write down how the attempt ended, if it is still ours; keep its rejected lines in place of those before."""
    mine = Upload.objects.filter(pk=upload.pk, attempt=upload.attempt, state=UploadState.READING)
    if not mine.update(state=state, why=why, finished_at=timezone.now(), is_stopping=False):
        return
    upload.refresh_from_db()
    upload.rejected.delete(save=False)
    if rejected is not None and upload.rejected_count:
        rejected.seek(0)
        upload.rejected.save(f"{upload.code}.jsonl.gz", File(rejected), save=False)
    if state is UploadState.DONE and not settings.LOG_UPLOAD_DAYS:
        upload.file.delete(save=False)
    upload.save(update_fields=["rejected", "file"])


def next_in_line() -> int | None:
    """The upload that has waited longest, or whose worker has died; None where none waits."""
    now = timezone.now()
    waiting = Q(state=UploadState.QUEUED) | Q(state=UploadState.READING, lease_until__lt=now)
    return Upload.objects.filter(waiting).order_by("queued_at", "pk").values_list("pk", flat=True).first()


def forget() -> int:
    """Remove files whose time is over: what was read (or never was), what could not be read, what never came in whole.

    What was read out of them stays, and so does the row that tells of it. Returns how many files were removed.
    """
    now, removed = timezone.now(), 0
    old = Upload.objects.exclude(state__in=UNDER_WAY).exclude(file="")
    for upload in old.filter(at__lt=now - timedelta(days=settings.LOG_UPLOAD_DAYS)).order_by("at")[:500]:
        if upload.finished_at is None or upload.finished_at < now - timedelta(days=settings.LOG_UPLOAD_DAYS):
            upload.file.delete(save=False)
            upload.save(update_fields=["file"])
            removed += 1
    kept = Upload.objects.exclude(state__in=UNDER_WAY).exclude(rejected="")
    for upload in kept.filter(finished_at__lt=now - timedelta(days=settings.REJECTED_DAYS)).order_by("at")[:500]:
        upload.rejected.delete(save=False)
        upload.save(update_fields=["rejected"])
        removed += 1
    for path in Path(incoming()).glob("*"):
        if path.is_file() and path.stat().st_mtime < (now - timedelta(days=1)).timestamp():
            path.unlink(missing_ok=True)
            removed += 1
    return removed
