"""What receivers say about a branch's mail, and what mail services told that fits nothing."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
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
    asked = request.GET.get("days", "")
    days = int(asked) if asked in {str(item) for item in RANGES} else RANGES[1]
    context = {
        "branch": branch,
        "seen": selectors.seen_from(request.user, branch, days=days),
        "page": page_of(selectors.aggregate_reports(request.user, branch), request.GET, by="ends", size=20),
        "tls": selectors.tls_reports(request.user, branch),
        "range": days,
        "ranges": RANGES,
    }
    return render(request, "feedback/feedback.html", context)


@require_safe
@support_required
def service_events(request: PersonRequest) -> HttpResponse:
    """Events of mail services that fit no message of the log yet."""
    page = page_of(selectors.unplaced_events(request.user), request.GET, by="came")
    return render(request, "feedback/service_events.html", {"page": page})
