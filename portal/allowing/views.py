"""Requests to be allowed, their letters, and the page behind the link, which needs no sign-in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts.access import person_required
from portal.allowing import selectors, services
from portal.allowing.forms import AnswerForm, AskForm
from portal.allowing.knowing import known_of
from portal.allowing.models import AllowRequest
from portal.branches.access import branch_for
from portal.watch.selectors import listings_of
from portal.web.http import PersonRequest
from portal.web.pages import page_of
from portal.web.text import visible


@require_http_methods(["GET", "HEAD", "POST"])
@person_required
def allow_requests(request: PersonRequest, code: str) -> HttpResponse:
    """The requests of a branch, and a new one."""
    branch = branch_for(request.user, code)
    opening: dict[str, str] = {
        name: request.GET.get(name, "")[:253] for name in ("domain", "product") if request.GET.get(name)
    }
    domain = opening.get("domain", "").rpartition("@")[2].strip().lower()
    if domain and "product" not in opening:
        opening["product"] = selectors.product_at(branch, domain) or "other"
    form = AskForm(request.POST if request.method == "POST" else None, initial=opening, branch=branch)
    if form.is_valid():
        data = form.cleaned_data
        data.pop("again")
        try:
            made = services.ask(branch, **data, by=request.user)
        except services.AllowingProblem as problem:
            form.add_error(None, str(problem))
        else:
            return redirect("allow_request", pk=made.pk)
    page = page_of(selectors.requests_of(request.user, branch=code), request.GET, by="created")
    told = selectors.told_without_letter(request.user, branch)
    context = {
        "branch": branch,
        "form": form,
        "page": page,
        "told": told,
        "asked_for": domain,
        "on_record": selectors.asked_at(branch, domain) if domain else None,
        "listings": listings_of(branch.sending_server),
    }
    return render(request, "allowing/requests.html", context, status=400 if form.is_bound else 200)


@require_safe
@person_required
def allow_request(request: PersonRequest, pk: int) -> HttpResponse:
    """One request: its letter, its link, and what was answered."""
    found = selectors.request_for(request.user, pk)
    context: dict[str, Any] = {
        "asked": found,
        "branch": found.branch,
        "product": selectors.product_of(found),
        "link": settings.BASE_URL + reverse("allow_answer", args=[found.token]),
        "refused": known_of(found.branch, found.domain).refused,
        "listings": listings_of(found.branch.sending_server),
    }
    # Not more than one empty line in a row, and what a stranger's server said made visible.
    letter = re.sub(r"\n{3,}", "\n\n", visible(render_to_string("allowing/letter.txt", context))).strip()
    context |= {"letter": letter, "mailto": selectors.mailto_of(found, letter)}
    return render(request, "allowing/request.html", context)


@require_POST
@person_required
def allow_request_revoke(request: PersonRequest, pk: int) -> HttpResponse:
    """Make the link useless, or usable again."""
    found = selectors.request_for(request.user, pk)
    if request.POST.get("renew") == "yes":
        services.renew(found)
        messages.success(request, "The link can be used for another 60 days.")
    else:
        services.revoke(found)
        messages.success(request, "Nobody can use the link any more.")
    return redirect("allow_request", pk=found.pk)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def allow_answer(request: HttpRequest, token: str) -> HttpResponse:
    """What to allow, step by step, and the answer: for whoever holds the link."""
    found = selectors.request_of_link(token)
    if found is None:
        # Nothing is told of branches or membership to whoever has a link that is cut.
        return render(request, "allowing/no_link.html", status=404)
    if not found.is_open:
        return _answered(request, found, "allowing/over.html", {}, status=410)
    opening = {
        "product": found.get_product_display() if found.product else "",
        "answer": found.answer or None,
        "answered_by": found.answered_by,
    }
    if found.answer == "allowed" and found.entry is not None:
        opening |= {"addresses": found.entry.addresses, "product": found.entry.product}
    form = AnswerForm(request.POST if request.method == "POST" else None, addresses=found.addresses, initial=opening)
    if form.is_valid():
        data = form.cleaned_data
        services.answer(found, is_allowed=data.pop("answer") == "allowed", **data)
        return redirect("allow_answer", token=token)
    context = {
        "form": form,
        "product": selectors.product_of(found),
        "refused": known_of(found.branch, found.domain).refused,
    }
    return _answered(request, found, "allowing/answer.html", context, status=400 if form.is_bound else 200)


def _answered(
    request: HttpRequest, found: AllowRequest, template: str, context: Mapping[str, object], *, status: int
) -> HttpResponse:
    response = render(request, template, {"asked": found, "branch": found.branch, **context}, status=status)
    response["X-Robots-Tag"] = "noindex"
    # The address is the secret, and no other site is told of it. Our own must be: a form on a page of "no-referrer" is
    # sent with "Origin: null" (Fetch Standard §3.1), which the check against forged forms refuses.
    response["Referrer-Policy"] = "same-origin"
    return response
