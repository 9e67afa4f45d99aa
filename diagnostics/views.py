"""The bench: support looks at any domain or address, and watches the findings come."""

from __future__ import annotations

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from diagnostics import selectors, services
from diagnostics.forms import BenchForm
from portal.accounts.access import person_required, support_required
from portal.web.fragments import page_or_fragment
from portal.web.http import PersonRequest
from portal.web.pages import page_of


@require_http_methods(["GET", "HEAD", "POST"])
@support_required
def bench(request: PersonRequest) -> HttpResponse:
    """Ask for an examination, and see the latest ones."""
    form = BenchForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        started = services.start_run(form.subject(), by=request.user)
        return redirect("run", code=started.code)
    latest = page_of(selectors.runs_of(request.user), request.GET, by="queued_at", size=20)
    status = 400 if form.is_bound else 200
    return render(request, "diagnostics/bench.html", {"form": form, "page": latest}, status=status)


@require_safe
@person_required
def run(request: PersonRequest, code: str) -> HttpResponse:
    """One run: what was looked at and what was found, filling while it lasts."""
    found = selectors.run_for(request.user, code)
    context = selectors.context_of(found, reverse("run", args=[code]))
    return page_or_fragment(request, "diagnostics/run.html", "diagnostics/_findings.html", context)


@require_POST
@person_required
def run_again(request: PersonRequest, code: str) -> HttpResponse:
    """The same question asked again now, without remembered answers."""
    again = services.rerun(selectors.run_for(request.user, code), by=request.user)
    return redirect("run", code=again.code)


@require_safe
@support_required
def run_transcript(request: PersonRequest, code: str) -> HttpResponse:
    """Every question and answer as a file that ``diagnose --replay`` reads."""
    found = selectors.run_for(request.user, code)
    response = JsonResponse({"subject": found.subject, "transcript": found.transcript}, json_dumps_params={"indent": 1})
    response["Content-Disposition"] = f'attachment; filename="run-{found.code}.json"'
    return response
