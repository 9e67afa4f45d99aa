"""A branch's own mail server: its settings, and trying them."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from portal.accounts.access import admin_required, person_required
from portal.branches.access import branch_for
from portal.branches.models import BranchProfile, SendingMode
from portal.ownserver import services
from portal.ownserver.forms import AskForm, ServerForm, TrialForm
from portal.ownserver.models import OwnServer, ServerRequest
from portal.web.http import PersonRequest


@require_http_methods(["GET", "HEAD", "POST"])
@person_required
def own_server(request: PersonRequest, code: str) -> HttpResponse:
    """The settings and the latest tries, for whoever may see the branch; admins change them."""
    branch = branch_for(request.user, code)
    held = OwnServer.objects.filter(branch=branch).first()
    asked = ServerRequest.objects.select_related("by").filter(branch=branch).first()
    known = held or asked
    is_saving = request.method == "POST" and request.user.is_admin
    form = ServerForm(request.POST if is_saving else None, initial=ServerForm.opening(known) if known else None)
    if is_saving and form.is_valid():
        services.save_server(branch, **form.cleaned_data, by=request.user)
        messages.success(request, "The settings were saved. Try them now.")
        return redirect("own_server", code=code)
    ask_form = AskForm(initial=AskForm.opening(asked) if asked else None)
    return _page(request, branch, form=form, ask_form=ask_form, status=400 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@person_required
def own_server_ask(request: PersonRequest, code: str) -> HttpResponse:
    """Ask an admin to have the branch send through a server of its own."""
    branch = branch_for(request.user, code)
    if request.method != "POST":
        return redirect("own_server", code=code)
    form = AskForm(request.POST)
    if not form.is_valid():
        return _page(request, branch, form=ServerForm(), ask_form=form, status=400)
    services.ask_for_server(branch, **form.cleaned_data, by=request.user)
    messages.success(request, "An admin of the desk was asked, and asks your IT for the user name and the password.")
    return redirect("own_server", code=code)


def _page(
    request: PersonRequest, branch: BranchProfile, *, form: ServerForm, ask_form: AskForm, status: int
) -> HttpResponse:
    held = OwnServer.objects.filter(branch=branch).first()
    trials = list(held.trials.select_related("by").order_by("-at", "-pk")[:5]) if held else []
    context = {
        "branch": branch,
        "server": held,
        "form": form,
        "ask_form": ask_form,
        "asked": ServerRequest.objects.select_related("by").filter(branch=branch).first(),
        "trial_form": TrialForm(),
        "trials": trials,
        "is_own": branch.sending == SendingMode.OWN,
        "is_trying": any(trial.state != "done" for trial in trials),
    }
    return render(request, "ownserver/server.html", context, status=status)


@require_POST
@person_required
def own_server_try(request: PersonRequest, code: str) -> HttpResponse:
    """Try the settings, with a test message where one is wanted."""
    branch = branch_for(request.user, code)
    held = OwnServer.objects.filter(branch=branch).first()
    form = TrialForm(request.POST)
    if held is None:
        messages.error(request, "There are no settings to try yet.")
    elif not form.is_valid():
        messages.error(request, "The test message needs a whole address, or none.")
    else:
        try:
            services.try_server(held, to=form.cleaned_data["to"], by=request.user)
        except services.TooSoon:
            messages.error(request, "It was tried a moment ago. Wait half a minute: too many tries lock accounts.")
    return redirect("own_server", code=code)


@require_POST
@admin_required
def own_server_forget(request: PersonRequest, code: str) -> HttpResponse:
    """Take the settings away."""
    branch = branch_for(request.user, code)
    held = OwnServer.objects.filter(branch=branch).first()
    if held is not None:
        services.forget_server(held)
        messages.success(request, "The settings and the password are gone.")
    return redirect("own_server", code=code)
