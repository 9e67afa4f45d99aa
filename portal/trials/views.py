"""Test messages in the browser: ask for an address, wait, read, compare, share."""

from __future__ import annotations

from typing import Any

from csp.constants import NONE, SELF
from csp.decorators import csp, csp_update
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts.access import person_required
from portal.branches.access import branch_for
from portal.trials import selectors, services, sharing
from portal.trials.access import message_for, trial_for
from portal.trials.addresses import Reach, address_of, reach
from portal.trials.compare import compared
from portal.trials.forms import OtherForm, TrialForm
from portal.trials.models import Share, TrialMessage
from portal.trials.picture import KINDS, picture_of
from portal.web.fragments import page_or_fragment
from portal.web.http import PersonRequest
from portal.web.pages import page_of

GET_AND_POST = ["GET", "HEAD", "POST"]
#: A picture of a message may use its own styles and what came with it, and nothing else in the world.
PICTURE_POLICY = {
    "default-src": [NONE],
    "img-src": ["data:"],
    "style-src": ["'unsafe-inline'"],
    "frame-ancestors": [SELF],
    "base-uri": [NONE],
    "form-action": [NONE],
    "sandbox": "",
}
#: The page around it shows it in a frame.
WITH_FRAME = {"frame-src": [SELF]}


@require_safe
@person_required
def trials(request: PersonRequest, code: str) -> HttpResponse:
    """The tests of a branch, newest first."""
    branch = branch_for(request.user, code)
    page = page_of(selectors.trials_of_branch(request.user, branch), request.GET, by="opened", size=20)
    latest = selectors.latest_lines(page.rows)
    rows = [(trial, latest.get(trial.pk)) for trial in page.rows]
    return render(request, "trials/trials.html", {"branch": branch, "page": page, "rows": rows})


@require_http_methods(GET_AND_POST)
@person_required
def trial_add(request: PersonRequest, code: str) -> HttpResponse:
    """Ask for a one-time address."""
    branch = branch_for(request.user, code)
    given = {name: request.GET[name] for name in ("module", "report") if name in request.GET}
    form = TrialForm(request.POST) if request.method == "POST" else TrialForm(initial=given)
    found = reach()
    if form.is_bound and found is Reach.NONE:
        form.add_error(None, "This desk takes no test messages. Whoever runs it can allow that (TRIAL_ADDRESS).")
    if form.is_valid():
        try:
            made = services.open_trial(
                branch,
                by=request.user,
                module=form.cleaned_data["module"],
                report=form.report_code(),
                asks_for_pictures=form.cleaned_data.get("asks_for_pictures", False),
            )
        except services.TrialProblem as problem:
            form.add_error(None, str(problem))
        else:
            return redirect("trial", code=made.code)
    context = {"form": form, "branch": branch, "reach": found}
    return render(request, "trials/add.html", context, status=400 if form.is_bound else 200)


@require_safe
@person_required
def trial(request: PersonRequest, code: str) -> HttpResponse:
    """The address, how long it has waited, and what came."""
    found = trial_for(request.user, code)
    context = {
        "trial": found,
        "branch": found.branch,
        "address": address_of(found),
        "reach": reach(),
        "waiting": selectors.waiting_for(found),
    }
    return page_or_fragment(request, "trials/trial.html", "trials/_waiting.html", context)


def _links(message: TrialMessage) -> dict[str, str]:
    """Where the report and its pictures are, for whoever is signed in."""
    about: list[Any] = [message.trial.code, message.pk]
    pictures = {f"{kind}_url": reverse("trial_picture", args=[*about, kind]) for kind in KINDS}
    return {"report_url": reverse("trial_message", args=about), **pictures}


@csp_update(WITH_FRAME)
@require_safe
@person_required
def trial_message(request: PersonRequest, code: str, pk: int) -> HttpResponse:
    """The report on one message."""
    message = message_for(request.user, code, pk)
    shares = [(item, sharing.link_of(item)) for item in message.shares.order_by("-at") if item.is_open]
    context = {
        "message": message,
        "trial": message.trial,
        "branch": message.trial.branch,
        "report": selectors.report_of(message),
        "shares": shares,
        **_links(message),
    }
    return page_or_fragment(request, "trials/message.html", "trials/_report.html", context)


def _picture(message: TrialMessage, kind: str) -> HttpResponse:
    octets = selectors.text_of(message)
    if kind not in KINDS or not octets:
        raise Http404("There is no such picture.")
    response = HttpResponse(picture_of(octets, kind), content_type="text/html; charset=utf-8")
    response["X-Robots-Tag"] = "noindex"
    return response


@csp(PICTURE_POLICY)
@xframe_options_sameorigin
@require_safe
@person_required
def trial_picture(request: PersonRequest, code: str, pk: int, kind: str) -> HttpResponse:
    """The message as a mail program shows it; nothing in it is loaded or run."""
    return _picture(message_for(request.user, code, pk), kind)


@require_http_methods(GET_AND_POST)
@person_required
def trial_compare(request: PersonRequest, code: str, pk: int) -> HttpResponse:
    """This message beside one that arrived."""
    message = message_for(request.user, code, pk)
    form = OtherForm(request.POST, request.FILES) if request.method == "POST" else OtherForm()
    if form.is_valid():
        try:
            given = services.give(message.trial, form.message(), by=request.user)
        except services.TrialProblem as problem:
            form.add_error(None, str(problem))
        else:
            return redirect(f"{reverse('trial_compare', args=[code, pk])}?with={given.pk}")
    other = selectors.other_for(request.user, message, request.GET.get("with", ""))
    context: dict[str, Any] = {
        "message": message,
        "trial": message.trial,
        "branch": message.trial.branch,
        "form": form,
        "other": other,
        "others": selectors.lines_of(selectors.others_of(request.user, message)),
    }
    if other is not None:
        reports = selectors.report_of(message), selectors.report_of(other)
        context["is_over"] = all(report.is_over for report in reports)
        context["differences"] = compared(*reports)
    status = 400 if form.is_bound else 200
    return page_or_fragment(request, "trials/compare.html", "trials/_differences.html", context, status=status)


@require_POST
@person_required
def trial_share(request: PersonRequest, code: str, pk: int) -> HttpResponse:
    """Make a link that shows the report to whoever has it."""
    message = message_for(request.user, code, pk)
    try:
        services.share(message, by=request.user)
        messages.success(request, "The link is made. Whoever has it reads this report, and nothing else.")
    except services.TrialProblem as problem:
        messages.error(request, str(problem))
    return redirect("trial_message", code=code, pk=pk)


@require_POST
@person_required
def trial_withdraw(request: PersonRequest, code: str, share: str) -> HttpResponse:
    """End a link."""
    found = Share.objects.filter(message__trial=trial_for(request.user, code), code=share).first()
    if found is None:
        raise Http404("No link of that code.")
    services.withdraw(found)
    messages.success(request, "The link shows nothing any more.")
    return redirect("trial_message", code=code, pk=found.message_id)


def _shared(token: str) -> Share:
    found = sharing.share_of(token)
    if found is None:
        raise Http404("This link has expired, or was withdrawn.")
    return found


@csp_update(WITH_FRAME)  # type: ignore[arg-type]
@never_cache
@require_safe
def shared_trial(request: HttpRequest, token: str) -> HttpResponse:
    """The report for whoever has the link."""
    found = _shared(token)
    context = {
        "share": found,
        "report": selectors.report_of(found.message),
        "report_url": request.path,
        **{f"{kind}_url": reverse("shared_picture", args=[token, kind]) for kind in KINDS},
    }
    response = page_or_fragment(request, "trials/shared.html", "trials/_report.html", context)
    response["X-Robots-Tag"] = "noindex"
    return response


@csp(PICTURE_POLICY)  # type: ignore[arg-type]
@xframe_options_sameorigin
@never_cache
@require_safe
def shared_picture(request: HttpRequest, token: str, kind: str) -> HttpResponse:
    """The picture of a shared report's message."""
    return _picture(_shared(token).message, kind)
