"""Taking in reports: each once, given to the branch whose domain it is about, and counted by day and address."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import date

from django.db import transaction
from django.db.models import F

from portal.branches.models import BranchProfile, SendingDomain
from portal.feedback.models import AggregateReport, SourceDay, TLSReport
from portal.feedback.reports import aggregate, tls
from portal.feedback.reports.aggregate import ReportProblem
from portal.feedback.reports.unpacking import Document, UnpackProblem, documents_in

#: What a receiver does with what it does not want in the inbox.
HELD = frozenset({"quarantine", "reject"})


@dataclass(slots=True)
class Taken:
    """What came of one mail or file: documents, rows that were new or known, and what could not be read."""

    documents: int = 0
    new: int = 0
    duplicate: int = 0
    problems: list[str] = field(default_factory=list)
    #: Whom the reports are about; None for those about a domain of nobody.
    branches: set[BranchProfile | None] = field(default_factory=set)


def take_aggregate(octets: bytes, *, name: str = "") -> Taken:
    """Take in the DMARC aggregate reports in ``octets``: a mail, a zip, a gzip or XML. Twice is once."""
    taken = Taken()
    for document in _documents(octets, name, taken):
        try:
            report = aggregate.read_aggregate(document.octets)
        except ReportProblem as error:
            taken.problems.append(str(error))
            continue
        branch = branch_of(report.domain)
        taken.branches.add(branch)
        new = _store_aggregate(report, branch)
        taken.new += len(report.rows) if new else 0
        taken.duplicate += 0 if new else len(report.rows)
        if report.rejected:
            taken.problems.append(f"{report.rejected} rows lack their address or count.")
    return taken


def take_tls(octets: bytes, *, name: str = "") -> Taken:
    """Take in the TLS reports in ``octets``: a mail, a gzip or JSON. Twice is once."""
    taken = Taken()
    for document in _documents(octets, name, taken):
        try:
            report = tls.read_tls(document.octets)
        except ReportProblem as error:
            taken.problems.append(str(error))
            continue
        for policy in report.policies:
            branch = branch_of(policy.domain)
            taken.branches.add(branch)
            is_new = _store_tls(report, policy, branch)
            taken.new += is_new
            taken.duplicate += not is_new
    return taken


def take_either(octets: bytes) -> Taken:
    """Take in whatever report a mail holds. What holds none is told as a problem."""
    taken = take_tls(octets)
    return taken if taken.new or taken.duplicate else take_aggregate(octets)


def _documents(octets: bytes, name: str, taken: Taken) -> Iterator[Document]:
    try:
        for document in documents_in(octets, name):
            taken.documents += 1
            yield document
    except UnpackProblem as error:
        taken.problems.append(str(error))


def branch_of(domain: str) -> BranchProfile | None:
    """The branch that sends as ``domain`` or a domain above it; None where there is none, or more than one."""
    labels = domain.split(".")
    above = [".".join(labels[at:]) for at in range(len(labels) - 1)]
    rows = SendingDomain.objects.filter(domain__in=above).select_related("branch")
    found = {row.domain: row.branch for row in rows}
    if len({branch.pk for branch in found.values()}) > 1:
        found = {name: branch for name, branch in found.items() if name == domain}
    nearest = sorted(found, key=len, reverse=True)
    return found[nearest[0]] if nearest else None


@transaction.atomic
def _store_aggregate(report: aggregate.AggregateReport, branch: BranchProfile | None) -> bool:
    """Store the report and add it to the counts of its day; False when it was there already."""
    _, is_new = AggregateReport.objects.get_or_create(
        domain=report.domain,
        organisation=report.organisation,
        report_id=report.report_id,
        begins=report.begins,
        defaults={"branch": branch, "ends": report.ends, "policy": report.policy},
    )
    if is_new and branch is not None:
        _count(branch, report)
    return is_new


def _count(branch: BranchProfile, report: aggregate.AggregateReport) -> None:
    # A report is of a day; one of several is counted where it begins.
    sums: dict[tuple[str, date, str], Counter[str]] = {}
    for row in report.rows:
        key = row.header_from[:255], report.begins.date(), row.source_ip
        counts = sums.setdefault(key, Counter())
        counts["messages"] += row.count
        counts["dkim"] += row.count * row.is_dkim_aligned
        counts["spf"] += row.count * row.is_spf_aligned
        counts["passed"] += row.count * (row.is_dkim_aligned or row.is_spf_aligned)
        counts["held"] += row.count * (row.disposition in HELD)
    for (domain, day, address), counts in sorted(sums.items()):
        found, _ = SourceDay.objects.get_or_create(branch=branch, domain=domain, day=day, source_ip=address)
        SourceDay.objects.filter(pk=found.pk).update(**{name: F(name) + number for name, number in counts.items()})


def _store_tls(report: tls.TLSReport, policy: tls.Policy, branch: BranchProfile | None) -> bool:
    _, is_new = TLSReport.objects.get_or_create(
        domain=policy.domain,
        organisation=report.organisation,
        report_id=report.report_id,
        policy=policy.type,
        begins=report.begins,
        defaults={
            "branch": branch,
            "ends": report.ends,
            "successes": policy.successes,
            "failures": policy.failures,
            "details": [asdict(item) for item in policy.details],
        },
    )
    return is_new
