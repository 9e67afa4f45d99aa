"""The bench: support looks at any domain or address, and watches the findings come."""

from __future__ import annotations

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from diagnostics import selectors, services
from diagnostics.forms import BenchForm, MessageForm
from diagnostics.senders import from_records
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
        try:
            start = services.call_on_server if form.cleaned_data.get("calls") else services.start_run
            return redirect("run", code=start(from_records(form.subject()), by=request.user).code)
        except services.CallRefused as refusal:
            form.add_error("calls", str(refusal))
    latest = page_of(selectors.runs_of(request.user), request.GET, by="queued_at", size=20)
    status = 400 if form.is_bound else 200
    return render(request, "diagnostics/bench.html", {"form": form, "page": latest}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@support_required
def message_bench(request: PersonRequest) -> HttpResponse:
    """Hand in a message that arrived, or its header, and see what it tells."""
    form = MessageForm(request.POST, request.FILES) if request.method == "POST" else MessageForm()
    if request.method == "POST" and form.is_valid():
        started = services.inspect_message(
            form.message(), by=request.user, authserv_id=form.cleaned_data["authserv_id"].strip().lower()
        )
        return redirect("run", code=started.code)
    return render(request, "diagnostics/message_bench.html", {"form": form}, status=400 if form.is_bound else 200)


@require_safe
@person_required
def run(request: PersonRequest, code: str) -> HttpResponse:
    """One run: what was looked at and what was found, filling while it lasts."""
    found = selectors.run_for(request.user, code)
    context = selectors.context_of(found, reverse("run", args=[code]))
    context["message"] = selectors.message_of(found)
    if found.is_message:
        # The side navigation marks the bench that the run came from.
        request.stands_for = "message_bench"
    return page_or_fragment(request, "diagnostics/run.html", "diagnostics/_run_refresh.html", context)


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
