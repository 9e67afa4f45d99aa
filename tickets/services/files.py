"""Keeping files: those of a report while it is written, and those that are added to its ticket later."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from portal.accounts.models import User
from portal.bell import ring
from tickets import tasks
from tickets.attachments import MAX_FILES, RefusedFileError, judge
from tickets.models import Attachment, Event, EventKind, Report, Ticket, TicketState
from tickets.services.reports import ReportOverError
from tickets.traces import trace_in


def add_files(report: Report, uploads: Sequence[UploadedFile[Any]], *, by: User) -> list[str]:
    """Keep the files that may be kept; returns why the others were not. A file that is there already is kept once."""
    refusals: list[str] = []
    for upload in uploads:
        try:
            _add_file(report, upload, by=by)
        except RefusedFileError as error:
            refusals.append(str(error))
    return refusals


def add_to_ticket(
    ticket: Ticket, uploads: Sequence[UploadedFile[Any]], *, by: User
) -> tuple[list[Attachment], list[str]]:
    """Keep files on a ticket, as one entry of its story; returns those that are new, and why others were not kept.

    Nothing is decided on by it, so it needs no version. What the branch adds ends waiting and reopens what was solved,
    as its reply would. A ticket that is merged in this moment stays closed, and the file is kept with its report.
    """
    refusals: list[str] = []
    added: list[Attachment] = []
    for upload in uploads:
        try:
            made = _add_file(ticket.report, upload, by=by)
        except RefusedFileError as error:
            refusals.append(str(error))
        else:
            added += [made] if made else []
    if added:
        _tell_of(ticket, added, by=by)
    return added, refusals


@transaction.atomic
def _tell_of(ticket: Ticket, added: Sequence[Attachment], *, by: User) -> None:
    changes: dict[str, list[str]] = {}
    values: dict[str, Any] = {"last_activity": timezone.now(), "version": F("version") + 1}
    is_left = ticket.state in (TicketState.WAITING, TicketState.SOLVED, TicketState.CLOSED)
    if is_left and not by.is_support and ticket.merged_into is None:
        values |= {"state": TicketState.OPEN, "waiting_on": "", "is_open": True}
        changes = {"state": [ticket.state, TicketState.OPEN], "waiting_on": [ticket.waiting_on, ""]}
    Ticket.objects.filter(pk=ticket.pk).update(**values)
    ticket.refresh_from_db(fields=list(values))
    names = ", ".join(file.name for file in added)
    word = "This file was" if len(added) == 1 else "These files were"
    event = Event.objects.create(
        ticket=ticket,
        by=by,
        kind=EventKind.FILES,
        body=f"{word} added: {names}.",
        changes={name: change for name, change in changes.items() if change[0] != change[1]},
        is_told=False,
    )
    Attachment.objects.filter(pk__in=[file.pk for file in added]).update(event=event)
    ring(tasks.tell_event, event.pk)


def _add_file(report: Report, upload: UploadedFile[Any], *, by: User) -> Attachment | None:
    """Judge one file, store it under a name of our own, and write its row; no row, no file. None: it is there."""
    judged = judge(upload)
    kept = Attachment.objects.filter(report=report)
    if kept.filter(sha256=judged.sha256).exists():
        return None
    if kept.count() >= MAX_FILES:
        raise RefusedFileError(f"{judged.name} was not added: a report has at most {MAX_FILES} files.")
    made = Attachment(
        report=report,
        name=judged.name,
        content_type=judged.kind.content_type,
        size=judged.size,
        sha256=judged.sha256,
        by=by,
        trace=trace_in(upload, judged.name, report),
    )
    made.file.save(made.code.hex, upload, save=False)
    try:
        with transaction.atomic():
            made.save()
    except IntegrityError:
        # The same file came twice at once; the other one stands.
        made.file.delete(save=False)
        return None
    except BaseException:
        made.file.delete(save=False)
        raise
    return made


@transaction.atomic
def remove_file(attachment: Attachment) -> None:
    """Take a file off a draft. What is part of a ticket stays; then ReportOverError."""
    report = Report.objects.select_for_update().get(pk=attachment.report_id)
    if not report.is_draft:
        raise ReportOverError
    name, storage = str(attachment.file.name), attachment.file.storage
    attachment.delete()
    transaction.on_commit(lambda: storage.delete(name))
