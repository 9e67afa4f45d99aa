"""Which records may be the e-mail of a report: those around the time that was named, or those of the whole log.

A person who says "yesterday" may mean the day before. So what was sent to the same address on other days is always
looked for too: nothing may be called "not sent" before it was offered.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from portal.accounts.models import User
from portal.branches.access import branches_of
from portal.branches.models import BranchProfile
from portal.maillog.addresses import normal
from portal.maillog.erased import erased_since
from portal.maillog.models import CaseNote, Delivery, LogCoverage
from portal.maillog.selectors import sends_to
from tickets.models import Report

#: Records of each kind that are offered to choose from; nobody reads more than these.
MOST = 6
#: Without a time, the log is called complete when it is so for as long as people remember an e-mail.
REMEMBERED = timedelta(days=30)
#: A log that is read in every quarter of an hour is never complete up to this very moment.
SLACK = timedelta(minutes=15)
#: A log that is brought in once a day may be so much behind.
LAG = timedelta(hours=36)
#: People name an hour, not a minute.
ABOUT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Complete:
    """A time of which the log is known to be complete, without a gap."""

    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the log holds for a report's recipient.

    ``deliveries`` and ``case_notes`` are around the time that was named, the nearest first, or, where none was named,
    the newest of the whole log. ``elsewhere`` and ``notes_elsewhere`` are those of other days, newest first.
    ``is_covered``: the log is known to be complete there, so that finding nothing at all means "not sent". From
    ``until`` on, where that is named, what was sent is not seen yet. ``erased``: when what was known of the recipient
    was erased, where it was known of a part of that time; then nothing follows from finding nothing.
    """

    deliveries: list[Delivery]
    case_notes: list[CaseNote]
    elsewhere: list[Delivery]
    notes_elsewhere: list[CaseNote]
    is_covered: bool
    complete: Complete | None = None
    until: datetime | None = None
    erased: datetime | None = None
    has_more: bool = False


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much follows from finding no record; the fields are those of :class:`Found`."""

    is_covered: bool
    complete: Complete | None = None
    until: datetime | None = None
    erased: datetime | None = None


def coverage_of(
    branch: BranchProfile, recipient: str, *, around: datetime | None, span: timedelta, now: datetime
) -> Coverage:
    """What the log of ``branch`` is worth for mail to ``recipient`` of ``around``, give or take ``span``.

    Without a time it is the mail of as long as people remember. Two queries.
    """
    begins = around - span if around else now - REMEMBERED
    return _coverage(branch, erased_since(branch, recipient, begins), around, span, now)


def is_complete(branch: BranchProfile, *, around: datetime | None, span: timedelta, now: datetime) -> bool:
    """The log of ``branch`` is worth a judgement, whatever may have been erased of the recipient. One query."""
    return _coverage(branch, None, around, span, now).is_covered


def _coverage(
    branch: BranchProfile, erased: datetime | None, around: datetime | None, span: timedelta, now: datetime
) -> Coverage:
    complete = known_since(erased, complete_before(branch, around or now))
    if around is None:
        is_whole = complete is not None and complete.ends >= now - LAG and complete.begins <= now - REMEMBERED
    else:
        is_whole = _is_complete_of(complete, around, span, now)
    wanted = min(now, around + span) if around else now
    return Coverage(erased is None and is_whole, complete, _unseen_from(complete, wanted), erased)


def found_for(viewer: User, report: Report) -> Found:
    """The records that may be the e-mail of ``report``, at most so many of each kind."""
    deliveries, notes = _to_recipient(viewer, report)
    now = timezone.now()
    if report.around is None:
        newest = list(deliveries[: MOST + 1])
        known = coverage_of(report.branch, report.recipient, around=None, span=timedelta(), now=now)
        return Found(
            deliveries=newest[:MOST],
            case_notes=list(notes[:MOST]),
            elsewhere=[],
            notes_elsewhere=[],
            is_covered=known.is_covered,
            complete=known.complete,
            until=known.until,
            erased=known.erased,
            has_more=len(newest) > MOST,
        )
    near = sends_to(viewer, report.branch, report.recipient, around=report.around, days=report.span_days)
    span = timedelta(days=report.span_days)
    known = _coverage(report.branch, near.erased, report.around, span, now)
    other_day = Q(at__lt=report.around - span) | Q(at__gt=report.around + span)
    return Found(
        deliveries=near.deliveries[:MOST],
        case_notes=near.case_notes[:MOST],
        elsewhere=list(deliveries.filter(other_day)[:MOST]),
        notes_elsewhere=list(notes.filter(other_day)[:MOST]),
        is_covered=near.is_covered or known.is_covered,
        complete=known.complete,
        until=known.until,
        erased=near.erased,
        has_more=len(near.deliveries) > MOST,
    )


def _to_recipient(viewer: User, report: Report) -> tuple[QuerySet[Delivery], QuerySet[CaseNote]]:
    """All that the branch sent to the report's recipient, newest first; each is read by an index on the address."""
    own, to = branches_of(viewer).filter(pk=report.branch_id), normal(report.recipient)
    deliveries = Delivery.objects.filter(branch__in=own, recipient_normal=to)
    notes = CaseNote.objects.filter(branch__in=own, email_normal=to)
    return (
        deliveries.select_related("message__sending_server", "branch").order_by("-at", "-id"),
        notes.select_related("client").order_by("-at", "-id"),
    )


def complete_before(branch: BranchProfile, moment: datetime) -> Complete | None:
    """The latest time of which the log of ``branch`` is complete and that begins before ``moment``; else None."""
    begins: datetime | None = None
    ends: datetime | None = None
    spans = LogCoverage.objects.filter(Q(branch=branch) | Q(branch=None), begins__lte=moment).order_by("-ends")
    for span in spans.only("begins", "ends")[:200]:
        if begins is not None and span.ends < begins - SLACK:
            break
        ends = ends or span.ends
        begins = min(begins or span.begins, span.begins)
    return Complete(begins, ends) if begins and ends else None


def erased_about(report: Report) -> datetime | None:
    """When what was known of the recipient was erased, if it was known of a part of the time that was named."""
    span = timedelta(days=report.span_days)
    begins = report.around - span if report.around else timezone.now() - REMEMBERED
    return erased_since(report.branch, report.recipient, begins)


def known_since(erased: datetime | None, complete: Complete | None) -> Complete | None:
    """What is left of a complete time for a recipient of whom all that was known until ``erased`` is gone."""
    if erased is None or complete is None:
        return complete
    return Complete(max(complete.begins, erased), complete.ends) if erased < complete.ends else None


def _unseen_from(complete: Complete | None, wanted: datetime) -> datetime | None:
    """From when on the log does not tell yet, up to ``wanted``; None where it tells of all of it."""
    return complete.ends if complete is not None and complete.ends < wanted - SLACK else None


def _is_complete_of(complete: Complete | None, around: datetime, span: timedelta, now: datetime) -> bool:
    """The log tells of the time that was named, but for its last part: a log is brought in by the hour or the day.

    What was sent later than its end is not seen yet, which is told beside it.
    """
    if complete is None or complete.begins > around - span:
        return False
    until = min(around + span, now)
    return complete.ends >= min(around + ABOUT, until - SLACK) and until - complete.ends <= max(span / 4, SLACK)
