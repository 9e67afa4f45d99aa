"""How branches stand: the list for support, one branch with its numbers and story, and the steps people take."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from portal.accounts.access import admin_required, person_required, support_required
from portal.standing import judging, selectors, services
from portal.standing.counting import count
from portal.standing.forms import AskBackForm, ReasonForm
from portal.standing.models import Standing
from portal.web.http import PersonRequest
from portal.web.pages import page_of

GET_AND_POST = ["GET", "HEAD", "POST"]


@require_safe
@support_required
def standings(request: PersonRequest) -> HttpResponse:
    """The branches by how they stand, those in question first."""
    state = request.GET.get("state", "")
    state = state if state in selectors.LISTS else ""
    page = page_of(selectors.standings(request.user, state=state), request.GET, by="since")
    rows = [(item, judging.grounds(judging.numbers_of(item.numbers))) for item in page.rows]
    context = {"page": page, "rows": rows, "state": state, "lists": selectors.LISTS, "bounds": judging.BOUNDS}
    return render(request, "standing/standings.html", context)


@require_safe
@person_required
def standing(request: PersonRequest, code: str) -> HttpResponse:
    """How one branch stands: by which numbers, against which bounds, what to do, and the story."""
    found = selectors.standing_for(request.user, code)
    return _standing(request, found, AskBackForm())


@require_http_methods(["GET", "HEAD", "POST"])
@person_required
def standing_ask(request: PersonRequest, code: str) -> HttpResponse:
    """Ask support to switch a suspended branch on again, with the proof."""
    found = selectors.standing_for(request.user, code)
    if request.method != "POST":
        return redirect("standing", code=code)
    form = AskBackForm(request.POST)
    if form.is_valid():
        try:
            services.ask_back(found.branch, text=form.cleaned_data["text"], by=request.user)
        except services.StandingProblem as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, "Support was asked, and reads it in its notices. The answer comes by mail.")
            return redirect("standing", code=code)
    return _standing(request, found, form, status=400)


def _standing(request: PersonRequest, found: Standing, ask_form: AskBackForm, *, status: int = 200) -> HttpResponse:
    numbers = count(found)
    whole = count(found, is_whole=True) if found.counted_from else numbers
    is_off = found.branch.is_suspended
    context = {
        "standing": found,
        "branch": found.branch,
        "numbers": numbers,
        "since": date.fromisoformat(numbers.since),
        "measures": judging.measures(numbers),
        "is_anew": whole.since != numbers.since,
        "whole": whole,
        "whole_since": date.fromisoformat(whole.since),
        "whole_measures": judging.measures(whole),
        "grounds": selectors.grounds_then(found.branch) if is_off else judging.grounds(numbers),
        "calm": judging.CALM.days,
        "days": judging.DAYS,
        "ask_form": ask_form,
        "asked": selectors.asked_back(found),
        "page": page_of(selectors.story(found), request.GET, by="at", size=20),
    }
    if request.user.is_support:
        context["proposal"] = judging.proposal(found.shown, found.since, numbers, timezone.now())
    return render(request, "standing/standing.html", context, status=status)


@require_http_methods(GET_AND_POST)
@support_required
def standing_warn(request: PersonRequest, code: str) -> HttpResponse:
    """Warn the branch."""
    return _decide(request, code, "warn", "Warn {}", services.warn)


@require_http_methods(GET_AND_POST)
@support_required
def standing_withdraw(request: PersonRequest, code: str) -> HttpResponse:
    """Take the warning back."""
    return _decide(request, code, "withdraw", "Withdraw the warning of {}", services.withdraw)


@require_http_methods(GET_AND_POST)
@admin_required
def standing_suspend(request: PersonRequest, code: str) -> HttpResponse:
    """Switch the e-mail function off."""
    return _decide(request, code, "suspend", "Suspend the e-mail function of {}", services.suspend)


@require_http_methods(GET_AND_POST)
@admin_required
def standing_resume(request: PersonRequest, code: str) -> HttpResponse:
    """Switch the e-mail function on again."""
    return _decide(request, code, "resume", "Switch the e-mail function of {} on again", services.resume)


def _decide(request: PersonRequest, code: str, deed: str, title: str, service: Callable[..., object]) -> HttpResponse:
    found = selectors.standing_for(request.user, code)
    is_off = found.branch.is_suspended
    reasons = selectors.grounds_then(found.branch) if is_off else judging.grounds(count(found))
    opening = {"reason": judging.reason_of(reasons)} if deed in {"warn", "suspend"} else None
    form = ReasonForm(request.POST if request.method == "POST" else None, deed=deed, initial=opening)
    if form.is_valid():
        try:
            service(found.branch, reason=form.cleaned_data["reason"], by=request.user)
        except services.StandingProblem as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, "It is written down, and the branch's members are told by mail.")
            return redirect("standing", code=code)
    whole = count(found, is_whole=True)
    context = {
        "form": form,
        "whole_since": date.fromisoformat(whole.since),
        "measures": judging.measures(whole),
        "standing": found,
        "branch": found.branch,
        "grounds": reasons,
        "deed": deed,
        "title": title.format(found.branch),
    }
    return render(request, "standing/decide.html", context, status=400 if form.is_bound else 200)
