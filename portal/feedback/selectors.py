"""Reading what receivers reported about a branch's domains."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet, Sum
from django.http import Http404
from django.utils import timezone

from portal.accounts.models import User
from portal.branches.access import branches_of
from portal.branches.models import BranchProfile, SendingServer
from portal.feedback.models import AggregateReport, ServiceEvent, SourceDay, TLSReport

#: So many addresses are shown of those that sent as a domain.
MOST_SOURCES = 50
NUMBERS = ("messages", "dkim", "spf", "passed", "held")


@dataclass(frozen=True, slots=True)
class Sender:
    """An address that sent as a domain. ``server`` is the sending server of ours it belongs to, or empty."""

    domain: str
    source_ip: str
    server: str
    messages: int
    dkim: int
    spf: int
    passed: int
    held: int

    @property
    def failed(self) -> int:
        return self.messages - self.passed

    @property
    def query(self) -> str:
        """Asks the page of one address for the days behind these figures."""
        return urlencode({"address": self.source_ip, "domain": self.domain})


@dataclass(frozen=True, slots=True)
class Seen:
    """What receivers saw from the branch's domains: through our servers, and through others."""

    ours: list[Sender]
    others: list[Sender]
    days: int

    @property
    def of_ours(self) -> int:
        return sum(item.messages for item in self.ours)

    @property
    def ours_by_dkim(self) -> int:
        return sum(item.dkim for item in self.ours)

    @property
    def ours_passed(self) -> int:
        return sum(item.passed for item in self.ours)

    @property
    def others_failed(self) -> int:
        return sum(item.failed for item in self.others)


def seen_from(viewer: User, branch: BranchProfile, *, days: int) -> Seen:
    """Who sent as the branch's domains in the last ``days`` days, as receivers reported it; two queries."""
    since = timezone.now().date() - timedelta(days=days)
    rows = SourceDay.objects.filter(branch__in=branches_of(viewer).filter(pk=branch.pk), day__gte=since)
    sums = {f"n_{name}": Sum(name) for name in NUMBERS}
    grouped: Any = rows.order_by().values("domain", "source_ip").annotate(**sums)
    hosts = {address: server.host for server in SendingServer.objects.all() for address in server.addresses}
    found = [
        Sender(
            row["domain"],
            row["source_ip"],
            hosts.get(row["source_ip"], ""),
            *(int(row[f"n_{name}"] or 0) for name in NUMBERS),
        )
        for row in grouped.order_by("-n_messages", "source_ip", "domain")[:MOST_SOURCES]
    ]
    return Seen([item for item in found if item.server], [item for item in found if not item.server], days)


def days_of(viewer: User, branch: BranchProfile, *, source_ip: str, domain: str, days: int) -> list[SourceDay]:
    """What one address sent as ``domain`` on each of the days that :func:`seen_from` adds up, the latest first."""
    since = timezone.now().date() - timedelta(days=days)
    rows = SourceDay.objects.filter(branch__in=branches_of(viewer).filter(pk=branch.pk), domain=domain, day__gte=since)
    return list(rows.filter(source_ip=source_ip).order_by("-day"))


def aggregate_reports(
    viewer: User, branch: BranchProfile, *, domain: str = "", since: date | None = None
) -> QuerySet[AggregateReport]:
    """The DMARC reports about the branch's domains; the caller takes a keyset page of them by ``ends``.

    ``domain``: only those that may tell of mail from it, since a report is about a domain and those below it. ``since``
    is a day (UTC) before which none of them may end.
    """
    rows = AggregateReport.objects.filter(branch__in=branches_of(viewer).filter(pk=branch.pk))
    if domain:
        labels = domain.split(".")
        rows = rows.filter(domain__in=[".".join(labels[at:]) for at in range(len(labels))])
    return rows.filter(ends__gte=datetime.combine(since, time(), UTC)) if since else rows


def tls_reports(viewer: User, branch: BranchProfile, *, most: int = 20) -> list[TLSReport]:
    """The latest TLS reports about the branch's domains."""
    rows = TLSReport.objects.filter(branch__in=branches_of(viewer).filter(pk=branch.pk))
    return list(rows.order_by("-ends", "-pk")[:most])


def tls_report_for(viewer: User, branch: BranchProfile, pk: int) -> TLSReport:
    """One TLS report about the branch's domains; Http404 where it is not theirs."""
    found = TLSReport.objects.filter(branch__in=branches_of(viewer).filter(pk=branch.pk), pk=pk).first()
    if found is None:
        raise Http404("No report of that number.")
    return found


def unplaced_events(viewer: User) -> QuerySet[ServiceEvent]:
    """Events of mail services that fit no message; for support, since nobody knows whose they are."""
    rows = ServiceEvent.objects.exclude(why_not="")
    return rows if viewer.is_support else rows.none()
