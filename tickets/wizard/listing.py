"""The list of reports, and what a count of them leads to."""

from __future__ import annotations

import re

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from portal.accounts.access import person_required
from portal.branches.access import branch_for
from portal.maillog.spans import Span, day_called
from portal.web.fragments import page_or_fragment
from portal.web.http import PersonRequest
from portal.web.pages import page_of
from tickets.models import Exit, ReportState
from tickets.selectors import reports as selectors


@require_safe
@person_required
def reports(request: PersonRequest) -> HttpResponse:
    """The reports of one's branches, newest first, drafts to go on with among them."""
    state, made, ended = request.GET.get("state", ""), _made(request), _ended(request)
    rows = selectors.report_rows(request.user, state=state, made=made, ended=ended)
    page = page_of(rows, request.GET, by="ended" if ended else "created")
    context = {"page": page, "state": state, "states": ReportState.choices, "made": made, "ended": ended}
    return page_or_fragment(request, "tickets/wizard/reports.html", "tickets/wizard/_report_rows.html", context)


def _made(request: PersonRequest) -> selectors.Made | None:
    """The branch and the days that a count led here from; days that cannot be read narrow nothing."""
    code = request.GET.get("branch", "")
    if not code:
        return None
    first, last = (day_called(request.GET.get(name, "")) for name in ("from", "until"))
    days = Span(first, last) if first and last and first <= last else None
    return selectors.Made(branch_for(request.user, code), days)


def _ended(request: PersonRequest) -> selectors.Ended | None:
    """The end that a count led here from; what cannot be read narrows nothing."""
    since = day_called(request.GET.get("ended", ""))
    if since is None:
        return None
    exit_ = request.GET.get("exit", "")
    known = exit_ in Exit.values or exit_ == selectors.HELPED
    # A step's slug; what is none finds nothing.
    step = re.sub(r"[^a-z_]", "", request.GET["step"]) if "step" in request.GET else None
    return selectors.Ended(since, exit_ if known else "", step)
