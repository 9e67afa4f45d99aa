"""Bringing a log in: take the file, say what its columns mean, have it read, stop, remove."""

from __future__ import annotations

import unicodedata
from hashlib import sha256
from io import BytesIO

from django.core.files.base import File
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from portal.accounts.models import User
from portal.bell import ring
from portal.branches.models import BranchProfile
from portal.intake import tasks
from portal.intake.models import STARTABLE, UNDER_WAY, SavedColumns, Upload, UploadState
from portal.intake.opening import LOOKED_AT, beginning_of, is_no_text, kind_of, server_of
from portal.intake.preview import guessed, table_in
from portal.intake.selectors import zone_before
from portal.maillog.importers import SERVER_LOGS, TABLES
from portal.maillog.importers.columns import Columns
from portal.maillog.importers.packed import DamagedError, unpacked

NO_TEXT = (
    "The file is no text, and so no log. Bring in the log itself as it was written, or save the table as CSV first."
)


class UploadProblem(Exception):
    """What was asked for cannot be done with this upload; the message says why, and what to do."""


def take(
    file: File[bytes], *, source: str = "", branch: BranchProfile | None, by: User, mends: Upload | None = None
) -> Upload:
    """Keep ``file`` and tell what can be told of its columns: as was said before of such a file, or by their names.

    Without ``source`` the file's beginning tells what kind of log it is. UploadProblem for one that is no log at all.
    """
    if not file.size:
        raise UploadProblem("The file is empty.")
    try:
        unpacked(BytesIO(file.read(64)))
    except DamagedError as error:
        raise UploadProblem(str(error)) from error
    file.seek(0)
    upload = Upload(source=source, branch=branch, by=by, name=clean_name(file.name or ""), size=file.size, mends=mends)
    upload.digest = _digest_of(file)
    upload.file.save(f"{upload.code}.log", file, save=False)
    try:
        beginning = beginning_of(upload)
    except DamagedError as error:
        upload.file.delete(save=False)
        raise UploadProblem(str(error)) from error
    if is_no_text(beginning.file.read(LOOKED_AT)):
        upload.file.delete(save=False)
        raise UploadProblem(NO_TEXT)
    upload.source = source or kind_of(upload)
    if upload.source in TABLES:
        upload.columns = _columns_for(upload, mends)
    if upload.source in SERVER_LOGS:
        upload.server = server_of(upload)
        upload.time_zone = mends.time_zone if mends is not None and mends.time_zone else zone_before(upload)
    upload.save()
    return upload


def _digest_of(file: File[bytes]) -> str:
    digest = sha256()
    for octets in file.chunks():
        digest.update(octets)
    file.seek(0)
    return digest.hexdigest()


def _columns_for(upload: Upload, mends: Upload | None) -> dict[str, object]:
    table = table_in(upload)
    if table.is_own or not table.columns:
        return {}
    names = {column.name for column in table.columns}
    if mends is not None and mends.source == upload.source and names >= set(mends.columns.get("fields", {})):
        return dict(mends.columns)
    saved = SavedColumns.objects.filter(branch=upload.branch, source=upload.source, header=table.header).first()
    return dict(saved.columns) if saved else guessed(table).to_json()


@transaction.atomic
def name_columns(upload: Upload, columns: Columns, *, by: User) -> None:
    """Read the upload's columns so, and every later file with the same header."""
    _not_under_way(upload)
    upload.columns = columns.to_json()
    upload.save(update_fields=["columns"])
    table = table_in(upload)
    SavedColumns.objects.update_or_create(
        branch=upload.branch,
        source=upload.source,
        header=table.header,
        defaults={"columns": upload.columns, "by": by, "at": timezone.now()},
    )


@transaction.atomic
def name_zone(upload: Upload, zone: str) -> None:
    """Read the times of a server's log in ``zone``, and those of its next log."""
    _not_under_way(upload)
    if upload.source not in SERVER_LOGS:
        raise UploadProblem("Only the log of a server has a time zone of its own.")
    upload.time_zone = zone
    upload.save(update_fields=["time_zone"])


@transaction.atomic
def start(upload: Upload, *, is_complete: bool = False) -> None:
    """Have the upload read; a second press changes nothing. UploadProblem where there is nothing to read.

    ``is_complete``: nothing of its branch is missing between its first and its last line.
    """
    if not upload.file:
        raise UploadProblem("The file is not kept any more. Bring it in again.")
    if upload.columns and not Columns.from_json(upload.columns).is_enough:
        raise UploadProblem("Say first which columns hold the recipient and the time.")
    now = timezone.now()
    changed = Upload.objects.filter(pk=upload.pk, state__in=STARTABLE).update(
        state=UploadState.QUEUED,
        attempt_before=F("attempt"),
        queued_at=now,
        finished_at=None,
        is_stopping=False,
        is_complete=is_complete and upload.branch is not None,
        why="",
    )
    if changed:
        ring(tasks.read_upload, upload.pk)


def stop(upload: Upload) -> None:
    """Have reading end after the part that is being stored; one that only waits is stopped at once."""
    now = timezone.now()
    waiting = Upload.objects.filter(pk=upload.pk, state=UploadState.QUEUED)
    if not waiting.update(state=UploadState.STOPPED, finished_at=now):
        Upload.objects.filter(pk=upload.pk, state=UploadState.READING).update(is_stopping=True)


def remove(upload: Upload) -> None:
    """Remove the file, and the row too where nothing was read from it. UploadProblem while it is being read."""
    _not_under_way(upload)
    upload.file.delete(save=False)
    if upload.batch is None and not upload.events:
        upload.rejected.delete(save=False)
        upload.delete()
        return
    upload.save(update_fields=["file"])


def _not_under_way(upload: Upload) -> None:
    if upload.state in UNDER_WAY:
        raise UploadProblem("The file is being read. Stop it first.")


def clean_name(name: str) -> str:
    """The name of a file without folders and what cannot be seen; a stranger's word, for showing only."""
    base = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    seen = "".join(item for item in base if unicodedata.category(item)[0] != "C" and item not in "\u2028\u2029")
    return " ".join(seen.split())[:160] or "log"
