"""The first page of each role: what needs them today, and nothing else."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from portal.accounts.access import person_required
from portal.branches.access import branches_of
from portal.maillog.history import health_of, health_of_all, period_of
from portal.maillog.searching import troubled
from portal.watch.selectors import open_notices
from portal.web.http import PersonRequest
from tickets.models import Exit
from tickets.selectors.reports import Ended, exits_since, own_drafts, own_ended
from tickets.selectors.tickets import VIEWS, Filters, count_in, queue, waiting_for_branch
from tickets.selectors.waited import TOLD_FOR, own_waited

#: Whoever belongs to more branches finds the others on the branches page.
MOST_BRANCHES = 2
#: More drafts than these would push down what the page is for.
MOST_DRAFTS = 3
#: The rest is in the queue's own view.
MOST_WAITING = 5
#: The rest is in the list of reports.
MOST_WAITED = 5
#: With today, thirty days.
SPAN = timedelta(days=29)


@require_safe
@person_required
def home(request: PersonRequest) -> HttpResponse:
    """The page that fits the viewer's role."""
    if request.user.is_admin:
        return render(request, "home/admin.html", _admin(request))
    if request.user.is_support:
        return render(request, "home/support.html", _support(request))
    return render(request, "home/staff.html", _staff(request))


def _staff(request: PersonRequest) -> dict[str, Any]:
    """What waits for them, their branches' sending health, what went wrong lately, their own reports."""
    viewer = request.user
    branches = list(branches_of(viewer).select_related("sending_server")[: MOST_BRANCHES + 1])
    shown = [
        {"branch": branch, "health": health_of(viewer, branch), "troubled": troubled(viewer, branch)}
        for branch in branches[:MOST_BRANCHES]
    ]
    drafts = own_drafts(viewer, most=MOST_DRAFTS + 1)
    waited = own_waited(viewer)
    told = waited[:MOST_WAITED]
    return {
        "shown": shown,
        "has_more": len(branches) > MOST_BRANCHES,
        "drafts": drafts[:MOST_DRAFTS],
        "has_more_drafts": len(drafts) > MOST_DRAFTS,
        "waiting": waiting_for_branch(viewer, most=MOST_WAITING),
        "waited": told,
        "more_waited": _all_waited() if len(waited) > MOST_WAITED else "",
        # What became of these is told beside it already.
        "reports": own_ended(viewer, apart_from=[item.report.pk for item in told]),
    }


def _all_waited() -> str:
    """The query that asks the list of reports for all that ended with "wait" of late."""
    since = (timezone.now() - TOLD_FOR).astimezone(UTC).date()
    return urlencode({"ended": f"{since:%Y-%m-%d}", "exit": Exit.STILL_TRYING})


def _support(request: PersonRequest) -> dict[str, Any]:
    """How full the queue is, and its newest tickets."""
    viewer = request.user
    open_views = [view for view in VIEWS if view.slug != "over"]
    newest = queue(viewer, Filters()).order_by("-created", "-pk")[:10]
    counts = [(view, count_in(viewer, view)) for view in open_views]
    return {"counts": counts, "tickets": list(newest), "notices": open_notices()}


def _admin(request: PersonRequest) -> dict[str, Any]:
    """How many reports needed no ticket and why, and which branches have trouble sending."""
    viewer = request.user
    since = timezone.now().astimezone(UTC).date() - SPAN
    exits = exits_since(viewer, Ended(since).begins)
    ended = sum(item.count for item in exits)
    tickets = sum(item.count for item in exits if item.exit == Exit.TICKET)
    withdrawn = sum(item.count for item in exits if item.exit == Exit.ABANDONED)
    counted = ended - withdrawn
    branches = health_of_all(viewer)
    return {
        "ended_query": f"ended={since:%Y-%m-%d}",
        "exits": exits,
        "ended": ended,
        "tickets": tickets,
        "solved_share": round(100 * (counted - tickets) / counted) if counted else None,
        "notices": open_notices(),
        "branches": [(item, period_of(item.branch, item.span)) for item in branches[:10]],
        "suspended": [item.branch for item in branches if item.branch.is_suspended],
    }
