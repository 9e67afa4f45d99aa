"""Reading reports: whose they are, what our records hold about them, how they ended.

Staff see the reports of their branches, support and admins all of them.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, QuerySet
from django.http import Http404
from django.utils import timezone

from diagnostics.engine.names import Address, parse_address
from portal.accounts.models import User
from portal.branches.access import branches_of
from portal.branches.models import BranchProfile
from portal.maillog.addresses import normal
from portal.maillog.models import ClientProfile
from portal.maillog.selectors import Sends, clients_with, sends_to
from portal.maillog.spans import Span
from tickets.models import Attachment, Exit, Report, ReportState, Ticket

#: Any end that helped: neither a ticket nor withdrawn.
HELPED = "helped"
#: What was reported of an address longer ago is another matter.
REMEMBERED = timedelta(days=180)
#: Open tickets that are named beside the addresses of one form.
MOST_OPEN = 200
#: Profiles shown beside an address; more than these help nobody to choose.
MOST_PROFILES = 10


@dataclass(frozen=True, slots=True)
class Already:
    """What there is about an address already: tickets that are open, and reports that somebody has begun."""

    tickets: list[Ticket]
    drafts: list[Report]

    def __bool__(self) -> bool:
        return bool(self.tickets or self.drafts)


@dataclass(frozen=True, slots=True)
class ExitCount:
    """How many reports ended one way at one step."""

    exit: Exit
    step: str
    count: int

    @property
    def word(self) -> str:
        return str(self.exit.label)

    @property
    def query(self) -> str:
        """Asks the list of reports for these, with the day since which they ended beside it."""
        return urlencode({"exit": self.exit, "step": self.step})


def reports_of(viewer: User) -> QuerySet[Report]:
    """The reports ``viewer`` may see."""
    if viewer.is_support:
        return Report.objects.all()
    return Report.objects.filter(branch__in=branches_of(viewer))


def report_for(viewer: User, code: UUID | str) -> Report:
    """The report ``code`` if ``viewer`` may see it; else Http404, the same whether it exists or not."""
    found = (
        reports_of(viewer)
        .select_related("branch__sending_server", "by", "delivery__message__sending_server", "run", "ticket")
        .defer("run__transcript")
        .filter(code=code)
        .first()
    )
    if found is None:
        raise Http404("No report of that code.")
    return found


@dataclass(frozen=True, slots=True)
class Made:
    """Reports of one branch that became tickets from the ``first`` day to the ``last``, in its time zone.

    Those are the ones that the delivery history counts as reported missing.
    """

    branch: BranchProfile
    days: Span | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """Reports that have ended since a day (UTC), one way at one step where these are given: what the home counts.

    ``exit`` is one of :class:`Exit` or :data:`HELPED`; "" is any. ``step`` is a step's slug, and None is any.
    """

    since: date
    exit: str = ""
    step: str | None = None

    @property
    def begins(self) -> datetime:
        return datetime.combine(self.since, time(), UTC)

    @property
    def word(self) -> str:
        """How they ended, in words; "" where they may have ended in any way."""
        if self.exit == HELPED:
            return "Ended without a ticket"
        return str(Exit(self.exit).label) if self.exit else ""


def report_rows(
    viewer: User, *, state: str = "", made: Made | None = None, ended: Ended | None = None
) -> QuerySet[Report]:
    """The rows of the list of reports, in one query; the caller takes a keyset page of it.

    That is by ``created``, and of those that have ended by ``ended``.
    """
    rows = reports_of(viewer)
    if ended is not None:
        rows = rows.filter(ended__gte=ended.begins).exclude(exit="")
        if ended.exit == HELPED:
            rows = rows.exclude(exit__in=(Exit.TICKET, Exit.ABANDONED))
        elif ended.exit:
            rows = rows.filter(exit=ended.exit)
        if ended.step is not None:
            rows = rows.filter(exit_step=ended.step)
    if made is not None:
        rows = rows.filter(branch=made.branch)
        if made.days is not None:
            begins, ends = made.days.moments(ZoneInfo(made.branch.time_zone))
            # Nothing is submitted before it is begun: so the pages are found by the branch's own index.
            rows = rows.filter(state=ReportState.SUBMITTED, ended__gte=begins, ended__lt=ends, created__lt=ends)
    if state in ReportState.values:
        rows = rows.filter(state=state)
    return rows.select_related("branch", "by", "ticket__merged_into").defer(
        "answers", "evidence", "past_exits", "ticket__description", "ticket__merged_into__description"
    )


def own_drafts(viewer: User, *, most: int) -> list[Report]:
    """The latest drafts that ``viewer`` began, newest first."""
    rows = report_rows(viewer, state=ReportState.DRAFT).filter(by=viewer)
    return list(rows.order_by("-created", "-id")[:most])


def own_ended(viewer: User, *, apart_from: Collection[int] = ()) -> list[Report]:
    """The latest eight reports of ``viewer`` that are over, solved or a ticket, newest first; but ``apart_from``."""
    rows = report_rows(viewer).filter(by=viewer).exclude(state=ReportState.DRAFT).exclude(pk__in=apart_from)
    return list(rows.order_by("-created", "-id")[:8])


def exits_since(viewer: User, since: datetime) -> list[ExitCount]:
    """How the reports that ``viewer`` may see have ended since ``since``, by exit and step, the most frequent first."""
    ended = reports_of(viewer).filter(ended__gte=since).exclude(exit="")
    rows = ended.order_by().values_list("exit", "exit_step").annotate(count=Count("pk"))
    counts = [ExitCount(Exit(exit_), step, count) for exit_, step, count in rows]
    return sorted(counts, key=lambda item: (-item.count, item.exit, item.step))


def domain_of(recipient: str) -> str:
    """The recipient's domain as it is searched by, also where the address cannot be read."""
    parsed = parse_address(recipient)
    if isinstance(parsed, Address):
        return parsed.text.rpartition("@")[2]
    return recipient.rpartition("@")[2].strip().lower()[:255]


def sends_for(viewer: User, report: Report) -> Sends:
    """What message log and case notes hold about the e-mail of ``report``."""
    around = report.around or timezone.now()
    return sends_to(viewer, report.branch, report.recipient, around=around, days=report.span_days)


def profiles_for(viewer: User, report: Report) -> list[ClientProfile]:
    """The client profiles that hold the recipient's address or, where a name was given, that name."""
    found = list(clients_with(viewer, report.branch, email=report.recipient)[:MOST_PROFILES])
    if report.client:
        found += clients_with(viewer, report.branch, name=report.client)[:MOST_PROFILES]
    return list({profile.pk: profile for profile in found}.values())[:MOST_PROFILES]


def profile_addresses(viewer: User, report: Report) -> tuple[str, ...]:
    """The addresses on the profiles that the report is about; empty where no profile is known."""
    return tuple(dict.fromkeys(profile.email for profile in profiles_for(viewer, report) if profile.email))


def already_about(viewer: User, branch: BranchProfile, recipient: str, *, apart_from: UUID | None = None) -> Already:
    """Open tickets and drafts of ``branch`` about this very address, the latest first, at most five and three.

    ``apart_from`` is the form that is being sent: what it has made already is not something else.
    """
    same = Q(recipient__iexact=recipient.strip()) | Q(recipient__iexact=normal(recipient))
    own = branches_of(viewer).filter(pk=branch.pk)
    tickets = Ticket.objects.filter(same, branch__in=own, recipient_domain=domain_of(recipient), is_open=True)
    drafts = Report.objects.filter(same, branch__in=own, state=ReportState.DRAFT)
    if apart_from is not None:
        drafts = drafts.exclude(submission=apart_from, by=viewer)
    return Already(
        list(tickets.select_related("report__by").order_by("-last_activity", "-id")[:5]),
        list(drafts.select_related("by").order_by("-created", "-id")[:3]),
    )


def open_about(viewer: User, branch: BranchProfile, recipients: Collection[str]) -> dict[str, list[Ticket]]:
    """The open tickets of ``branch`` about each of ``recipients``, by the normal address; one query."""
    names = {*recipients, *map(normal, recipients)}
    rows = Ticket.objects.filter(
        branch__in=branches_of(viewer).filter(pk=branch.pk),
        recipient_domain__in={domain_of(name) for name in recipients},
        recipient__in=names,
        is_open=True,
    )
    found: dict[str, list[Ticket]] = {}
    for row in rows.order_by("-last_activity", "-id")[:MOST_OPEN]:
        found.setdefault(normal(row.recipient), []).append(row)
    return found


def part_of(code: UUID, recipient: str) -> UUID:
    """The submission of the report about ``recipient`` among those that one form, ``code``, opened together."""
    return uuid5(code, normal(recipient))


def together_with(viewer: User, code: UUID) -> list[Report]:
    """The reports that ``viewer`` opened together under ``code``, in the order they were typed; at most a form's."""
    rows = reports_of(viewer).filter(by=viewer, evidence__together=str(code))
    return list(rows.select_related("branch__sending_server", "by", "run", "ticket", "delivery").order_by("id")[:50])


def ended_about(viewer: User, report: Report, *, most: int = 3) -> list[Report]:
    """Earlier reports of the branch about the same address that ended without a ticket, the latest first."""
    same = Q(recipient__iexact=report.recipient.strip()) | Q(recipient__iexact=normal(report.recipient))
    rows = reports_of(viewer).filter(same, branch=report.branch_id, state=ReportState.SOLVED)
    rows = rows.filter(created__lte=report.created, created__gte=report.created - REMEMBERED).exclude(pk=report.pk)
    return list(rows.select_related("by").order_by("-created", "-id")[:most])


def similar_open(viewer: User, report: Report) -> list[Ticket]:
    """Open tickets of the same branch about the same recipient domain, latest activity first, at most five."""
    rows = Ticket.objects.filter(
        branch__in=branches_of(viewer).filter(pk=report.branch_id),
        recipient_domain=domain_of(report.recipient),
        is_open=True,
    ).exclude(report=report)
    return list(rows.order_by("-last_activity", "-id")[:5])


def attachments_of(report: Report) -> list[Attachment]:
    """The files that were added to the report itself, in the order they came."""
    return list(report.attachments.filter(Q(event=None) | Q(event__is_public=True)).order_by("id"))


def attachment_for(viewer: User, code: UUID | str) -> Attachment:
    """The file ``code`` if ``viewer`` may see its report, and its note if it belongs to one; else Http404."""
    rows = Attachment.objects.filter(report__in=reports_of(viewer)).select_related("report")
    if not viewer.is_support:
        rows = rows.filter(Q(event=None) | Q(event__is_public=True))
    found = rows.filter(code=code).first()
    if found is None:
        raise Http404("No file of that code.")
    return found
