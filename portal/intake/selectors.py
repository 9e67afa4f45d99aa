"""Finding what was brought in. Every selector takes the viewer first and shows no branch that is not theirs."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404

from portal.accounts.models import User
from portal.branches.access import branches_of
from portal.intake.models import STARTABLE, UNDER_WAY, SavedColumns, Upload
from portal.intake.preview import Table
from portal.maillog.models import IngestBatch

#: So many uploads that are not read yet are shown above the list.
MOST_OPEN = 20
#: Among so many, the latest, the same file is looked for.
MOST_TWINS = 200


def uploads_of(viewer: User) -> QuerySet[Upload]:
    """The uploads ``viewer`` may see: all for support, those of their branches for staff."""
    rows = Upload.objects.select_related("branch", "by", "batch")
    return rows if viewer.is_support else rows.filter(branch__in=branches_of(viewer))


def upload_for(viewer: User, code: str) -> Upload:
    """The upload ``code`` if ``viewer`` may see it; else Http404, the same whether it exists or not."""
    try:
        return uploads_of(viewer).get(code=UUID(str(code)))
    except (ValueError, Upload.DoesNotExist):
        raise Http404("No upload of that code.") from None


def open_uploads(viewer: User) -> list[Upload]:
    """What was brought in and is not read (yet), the newest first."""
    states = {*STARTABLE, *UNDER_WAY} - {"done"}
    found = list(uploads_of(viewer).filter(state__in=states).order_by("-at", "-id")[:MOST_OPEN])
    digests = {upload.digest for upload in found} - {""}
    same = list(uploads_of(viewer).filter(digest__in=digests).order_by("-at", "-id")[:MOST_TWINS]) if digests else []
    for upload in found:
        upload.twin = next((item for item in same if item.digest == upload.digest and item.pk < upload.pk), None)
    return found


def twin_of(viewer: User, upload: Upload) -> Upload | None:
    """The same file, brought in before ``upload`` and seen by ``viewer``; the latest of them, None where there is none.

    It may have been brought in for another branch, or by another name.
    """
    if not upload.digest:
        return None
    same = uploads_of(viewer).filter(digest=upload.digest, pk__lt=upload.pk)
    return same.order_by("-at", "-id").first()


def batches_of(viewer: User) -> QuerySet[IngestBatch]:
    """What was read: for support all, also by the command and by other rooms; for staff their branches' uploads."""
    rows = IngestBatch.objects.select_related("upload__branch", "upload__by", "by", "branch").defer("rejected")
    return rows if viewer.is_support else rows.filter(upload__branch__in=branches_of(viewer))


def was_told(upload: Upload, table: Table) -> bool:
    """Whether a person has said of these columns what they are, as they are read now."""
    saved = SavedColumns.objects.filter(branch=upload.branch, source=upload.source, header=table.header).first()
    return saved is not None and saved.columns == upload.columns


def zone_before(upload: Upload) -> str:
    """The time zone in which this server's logs were last read in this branch; UTC where none was."""
    same = Upload.objects.filter(branch=upload.branch, source=upload.source, server=upload.server)
    said = same.exclude(time_zone="").order_by("-at", "-id").values_list("time_zone", flat=True).first()
    return said or "UTC"


def before_in_line(upload: Upload) -> int:
    """How many others are read, or wait to be read, before this one."""
    others = Upload.objects.filter(state__in=UNDER_WAY, queued_at__lt=upload.queued_at).exclude(pk=upload.pk)
    return len(others[:MOST_OPEN])
