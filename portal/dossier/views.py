"""One recipient domain, and how right the desk's suggestions were."""

from __future__ import annotations

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from diagnostics.engine.causes import CAUSES
from diagnostics.engine.names import NameProblem, host_domain
from portal.accounts.access import person_required, support_required
from portal.dossier import selectors
from portal.web.http import PersonRequest
from portal.web.pages import page_of


class DomainForm(forms.Form):
    """Which domain to look up."""

    domain = forms.CharField(label="Recipient domain", max_length=320, help_text="Or a whole address there.")

    def clean_domain(self) -> str:
        try:
            return host_domain(self.cleaned_data["domain"].rpartition("@")[2])
        except NameProblem as problem:
            raise forms.ValidationError(problem.text) from problem


@require_safe
@person_required
def dossiers(request: PersonRequest) -> HttpResponse:
    """Which domain?"""
    form = DomainForm(request.GET if "domain" in request.GET else None)
    if form.is_valid():
        return redirect("dossier", domain=form.cleaned_data["domain"])
    return render(request, "dossier/find.html", {"form": form}, status=400 if form.is_bound else 200)


@require_safe
@person_required
def dossier(request: PersonRequest, domain: str) -> HttpResponse:
    """All that is known of one recipient domain."""
    form = DomainForm({"domain": domain})
    if not form.is_valid():
        raise Http404("This is no domain.")
    name = form.cleaned_data["domain"]
    if name != domain:
        return redirect("dossier", domain=name)
    found = selectors.dossier_of(request.user, name)
    return render(request, "dossier/dossier.html", {"dossier": found})


@require_safe
@support_required
def accuracy(request: PersonRequest) -> HttpResponse:
    """How often the suggested cause was the one that support confirmed, by cause."""
    rows = selectors.accuracy(request.user)
    return render(request, "dossier/accuracy.html", {"rows": rows, "right": selectors.right_of(rows)})


@require_safe
@support_required
def accuracy_tickets(request: PersonRequest, cause: str) -> HttpResponse:
    """The tickets behind the figures of one suggested cause, or of it and the one that was confirmed instead."""
    confirmed = request.GET.get("confirmed", "")
    if cause not in CAUSES or (confirmed and confirmed not in CAUSES):
        raise Http404("There is no such cause.")
    page = page_of(selectors.judged(request.user, cause, confirmed).select_related("branch"), request.GET, by="created")
    return render(request, "dossier/accuracy_tickets.html", {"page": page, "cause": cause, "confirmed": confirmed})
