"""How long what is kept, and taking a person out; for admins."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts.access import admin_required
from portal.retention import selectors, services
from portal.retention.besides import PASSING, SHORT
from portal.retention.forms import ErasureForm
from portal.web.http import PersonRequest
from portal.web.pages import page_of


@require_safe
@admin_required
def retention(request: PersonRequest) -> HttpResponse:
    """Each kind of record: for how long, the oldest, and the latest rounds."""
    prunings, names = selectors.prunings(request.user), selectors.names_of_kinds()
    context = {
        "holdings": selectors.holdings(request.user),
        "passing": PASSING,
        "lasting": selectors.lasting(request.user),
        "short": SHORT.values(),
        "prunings": [(item, [(names.get(row["kind"], row["kind"]), row) for row in item.results]) for item in prunings],
        "is_under_way": any(item.state != "done" for item in prunings),
    }
    return render(request, "retention/retention.html", context)


@require_POST
@admin_required
def retention_prune(request: PersonRequest) -> HttpResponse:
    """Have a round done now: a dry one, unless it was said that things are to go."""
    is_dry = request.POST.get("really") != "yes"
    services.ask_for_pruning(is_dry=is_dry, by=request.user)
    words = "It is being counted; nothing is dropped." if is_dry else "The round has begun."
    messages.success(request, f"{words} Its result stands below as soon as it is there.")
    return redirect("retention")


@require_safe
@admin_required
def erasures(request: PersonRequest) -> HttpResponse:
    """The certificates, and those of one address."""
    address = request.GET.get("address", "").strip()[:320]
    page = page_of(selectors.erasures(request.user, address=address), request.GET, by="at")
    return render(request, "retention/erasures.html", {"page": page, "address": address})


@require_http_methods(["GET", "HEAD", "POST"])
@admin_required
def erasure_add(request: PersonRequest) -> HttpResponse:
    """Ask what would be touched, then, with the same form sent again, take the person out."""
    form = ErasureForm(request.POST if request.method == "POST" else None)
    context: dict[str, object] = {"form": form}
    if form.is_valid():
        data = form.cleaned_data
        if data["again"] == data["address"]:
            erasure = services.ask_for_erasure(
                address=data["address"], way=data["way"], reason=data["reason"], by=request.user
            )
            return redirect("erasure", erasure.code)
        context["places"] = selectors.what_stands(request.user, data["address"])
        context["kept"] = selectors.what_stays(request.user, data["address"])
        context["address"] = data["address"]
    status = 400 if form.is_bound and not form.is_valid() else 200
    return render(request, "retention/erasure_form.html", context, status=status)


@require_safe
@admin_required
def erasure(request: PersonRequest, code: str) -> HttpResponse:
    """The certificate of one person that was taken out."""
    found = selectors.erasure_for(request.user, code)
    context = {"erasure": found, "places": selectors.touched(found), "kept": selectors.kept(found)}
    return render(request, "retention/erasure.html", context)
