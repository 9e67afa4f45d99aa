"""May I send this? The list, how far it is read, what was found, and the plan."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from portal.accounts.access import person_required
from portal.branches.access import branch_for
from portal.planning import selectors, services
from portal.planning.forms import MailingForm, StartForm
from portal.planning.judging import Verdict
from portal.planning.runner import rows_of
from portal.planning.today import obstacles
from portal.web.fragments import page_or_fragment
from portal.web.http import PersonRequest
from portal.web.pages import page_of


@require_http_methods(["GET", "HEAD", "POST"])
@person_required
def mailings(request: PersonRequest, code: str) -> HttpResponse:
    """What would go wrong today, the mailings that were looked at, and a new list to look at."""
    branch = branch_for(request.user, code)
    is_sent = request.method == "POST"
    form = MailingForm(request.POST, request.FILES) if is_sent else MailingForm()
    if is_sent and form.is_valid():
        data = form.cleaned_data
        made = services.plan_mailing(branch, name=data["name"], upload=data["file"], by=request.user)
        return redirect("mailing", code=made.code)
    page = page_of(selectors.mailings_of(request.user, branch), request.GET, by="created", size=20)
    context = {"branch": branch, "form": form, "page": page, "obstacles": obstacles(branch)}
    return render(request, "planning/mailings.html", context, status=400 if form.is_bound else 200)


@require_safe
@person_required
def mailing(request: PersonRequest, code: str) -> HttpResponse:
    """One list: how far it is read, then what was found and the plan."""
    found = selectors.mailing_for(request.user, code)
    plan = selectors.plan_of(found)
    zone = ZoneInfo(found.branch.time_zone)
    start = StartForm(request.GET).moment(zone)
    # Lists that were judged by an older release do not know how many of their recipients are at the From-domains.
    stands = obstacles(found.branch, own=found.results.get("own")) if found.is_over else []
    context = {
        "mailing": found,
        "answer": selectors.answer_for(found, stands),
        "branch": found.branch,
        "counted": selectors.counted(found),
        "plan": plan,
        "start": StartForm(initial={"start": start.astimezone(zone).replace(tzinfo=None)}),
        "stages": selectors.stages_of(plan, start),
        "mistyped": selectors.mistyped(found),
        "obstacles": stands,
    }
    return page_or_fragment(request, "planning/mailing.html", "planning/_mailing.html", context)


@require_safe
@person_required
def mailing_sheet(request: PersonRequest, code: str, kind: str) -> HttpResponseBase:
    """The lines of the list as CSV: all with what was found ("all"), or the addresses that are left ("left").

    "parts" are the addresses that are left with the hour of the plan in which each goes out; a verdict gives its lines.
    """
    found = selectors.mailing_for(request.user, code)
    if not found.verdicts or kind not in ("all", "left", "parts", *Verdict):
        raise Http404("The lines of this list are not kept any more.")
    if kind in ("left", "parts"):
        rows = rows_of(found, only_fine=True, hours=kind == "parts")
    else:
        rows = rows_of(found, verdict="" if kind == "all" else kind)
    response = StreamingHttpResponse(_lines(rows), content_type="text/csv")
    response["Content-Disposition"] = f'attachment; filename="list-{found.code}-{kind}.csv"'
    return response


def _lines(rows: Iterator[list[str]]) -> Iterator[str]:
    writer: Any = csv.writer(_Echo())
    for row in rows:
        yield writer.writerow(row)


class _Echo:
    """Gives back what a CSV writer writes."""

    def write(self, text: str) -> str:
        return text
