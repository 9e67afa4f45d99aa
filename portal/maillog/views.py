"""The message log in the browser: a branch's history, its deliveries, and the story of one."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.accounts.access import person_required
from portal.branches.access import branch_for
from portal.maillog import selectors
from portal.maillog.chart import chart_of
from portal.maillog.forms import DeliveryFilter
from portal.web.fragments import page_or_fragment
from portal.web.http import PersonRequest
from portal.web.pages import page_of

RANGES = (7, 30, 90)


@require_safe
@person_required
def history(request: PersonRequest, code: str) -> HttpResponse:
    """Per day: recipients sent, accepted, deferred, refused; every number leads to its deliveries."""
    branch = branch_for(request.user, code)
    asked = request.GET.get("days", "")
    days = int(asked) if asked in {str(item) for item in RANGES} else RANGES[1]
    history = selectors.delivery_history(request.user, branch, days=days)
    context = {
        "branch": branch,
        "days": history,
        "total": selectors.total_of(history),
        "chart": chart_of(history),
        "range": days,
        "ranges": RANGES,
    }
    return render(request, "maillog/history.html", context)


@require_safe
@person_required
def deliveries(request: PersonRequest, code: str) -> HttpResponse:
    """The deliveries of a branch, newest first."""
    branch = branch_for(request.user, code)
    form = DeliveryFilter(request.GET)
    narrowed = form.narrowed()
    page = page_of(selectors.recent_deliveries(request.user, branch, **narrowed), request.GET, by="at")
    context = {"branch": branch, "form": form, "page": page, "is_narrowed": bool(narrowed)}
    return page_or_fragment(request, "maillog/deliveries.html", "maillog/_delivery_rows.html", context)


@require_safe
@person_required
def delivery(request: PersonRequest, pk: int) -> HttpResponse:
    """One message to one recipient: its facts and its story."""
    found = selectors.delivery_for(request.user, pk)
    context = {
        "delivery": found,
        "branch": found.branch,
        "timeline": selectors.timeline_of(found),
        "notes": selectors.notes_about(found),
    }
    return render(request, "maillog/delivery.html", context)
