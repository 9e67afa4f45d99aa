"""What receivers say about a branch's mail, and what mail services told that fits nothing."""

from __future__ import annotations

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from portal.accounts.access import person_required, support_required
from portal.branches.access import branch_for
from portal.feedback import selectors
from portal.web.http import PersonRequest
from portal.web.pages import page_of

RANGES = (7, 30, 90)


@require_safe
@person_required
def feedback(request: PersonRequest, code: str) -> HttpResponse:
    """Who sends as the branch's domains, what vouches for that mail, and how TLS fares on the way to the branch."""
    branch = branch_for(request.user, code)
    days = _days(request)
    context = {
        "branch": branch,
        "seen": selectors.seen_from(request.user, branch, days=days),
        "page": page_of(selectors.aggregate_reports(request.user, branch), request.GET, by="ends", size=20),
        "tls": selectors.tls_reports(request.user, branch),
        "report_addresses": settings.REPORT_ADDRESSES,
        "range": days,
        "days_query": f"days={days}",
        "ranges": RANGES,
    }
    return render(request, "feedback/feedback.html", context)


def _days(request: PersonRequest) -> int:
    """How many days are looked at; thirty where none that can be chosen was asked for."""
    asked = request.GET.get("days", "")
    return int(asked) if asked in {str(item) for item in RANGES} else RANGES[1]


@require_safe
@person_required
def feedback_source(request: PersonRequest, code: str) -> HttpResponse:
    """What one address sent as a domain, day by day, and the reports that told of the domain."""
    branch = branch_for(request.user, code)
    try:
        source_ip = str(ip_address(request.GET.get("address", "")))
    except ValueError:
        return redirect("feedback", code=branch.code)
    # PostgreSQL takes no NUL, not even to look for one.
    domain, days = request.GET.get("domain", "").lower().replace("\0", ""), _days(request)
    rows = selectors.days_of(request.user, branch, source_ip=source_ip, domain=domain, days=days)
    reports = selectors.aggregate_reports(request.user, branch, domain=domain, since=rows[-1].day if rows else None)
    context = {
        "branch": branch,
        "source_ip": source_ip,
        "domain": domain,
        "range": days,
        "days": rows,
        "page": page_of(reports, request.GET, by="ends", size=20),
    }
    return render(request, "feedback/source.html", context)


@require_safe
@person_required
def tls_report(request: PersonRequest, code: str, pk: int) -> HttpResponse:
    """One TLS report with every way it says encryption failed."""
    branch = branch_for(request.user, code)
    report = selectors.tls_report_for(request.user, branch, pk)
    details = sorted(report.details, key=lambda item: -item["sessions"])
    context = {"branch": branch, "report": report, "details": details, "told": sum(row["sessions"] for row in details)}
    return render(request, "feedback/tls_report.html", context)


@require_safe
@support_required
def service_events(request: PersonRequest) -> HttpResponse:
    """Events of mail services that fit no message of the log yet."""
    page = page_of(selectors.unplaced_events(request.user), request.GET, by="came")
    return render(request, "feedback/service_events.html", {"page": page})
