"""Branch profiles in the browser. Staff read their own; admins keep them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts.access import admin_required, person_required
from portal.branches import selectors, services
from portal.branches.access import branch_for
from portal.branches.forms import BranchForm, DKIMEntryForm, FromDomainForm, SuspendForm
from portal.branches.models import BranchProfile, DKIMEntry, SendingDomain
from portal.web.http import PersonRequest
from portal.web.pages import page_of

GET_AND_POST = ["GET", "HEAD", "POST"]


def _bound(request: PersonRequest) -> Any:
    return request.POST if request.method == "POST" else None


@require_safe
@person_required
def branches(request: PersonRequest) -> HttpResponse:
    """The branches the viewer may see."""
    page = page_of(selectors.branches(request.user), request.GET, by="created")
    return render(request, "branches/branches.html", {"page": page})


@require_safe
@person_required
def branch(request: PersonRequest, code: str) -> HttpResponse:
    """One profile: how it sends, as whom, who belongs to it, what was changed."""
    found = selectors.branch_with_all(request.user, code)
    return render(request, "branches/branch.html", {"branch": found, "events": selectors.events_of(found)})


@require_http_methods(GET_AND_POST)
@admin_required
def branch_add(request: PersonRequest) -> HttpResponse:
    """A new branch."""
    form = BranchForm(_bound(request), servers=selectors.servers())
    if form.is_valid():
        values = {name: value for name, value in form.cleaned_data.items() if name != "version"}
        made = services.add_branch(by=request.user, **values)
        messages.success(request, f"{made} was added. Give it the domains it sends as.")
        return redirect("branch", code=made.code)
    context = {"form": form, "title": "Add a branch", "button": "Add the branch"}
    return render(request, "branches/form.html", context, status=400 if form.is_bound else 200)


@require_http_methods(GET_AND_POST)
@admin_required
def branch_edit(request: PersonRequest, code: str) -> HttpResponse:
    """Change a profile; what others changed meanwhile is shown, not overwritten."""
    found = branch_for(request.user, code)
    form = BranchForm(_bound(request), servers=selectors.servers(), branch=found)
    missed: list[Any] = []
    status = 200
    if form.is_valid():
        values = dict(form.cleaned_data)
        version = values.pop("version") or 0
        try:
            services.change_branch(found, by=request.user, version=version, **values)
        except services.BranchChangedError:
            status, missed = 409, selectors.events_of(found)[: max(found.version - version, 1)]
            form.data = form.data.copy()  # type: ignore[attr-defined]
            form.data["version"] = str(found.version)  # type: ignore[index]
        else:
            messages.success(request, f"{found} was saved.")
            return redirect("branch", code=found.code)
    elif form.is_bound:
        status = 400
    context = {"form": form, "branch": found, "title": f"Edit {found}", "button": "Save", "missed": missed}
    return render(request, "branches/form.html", context, status=status)


@require_http_methods(GET_AND_POST)
@admin_required
def branch_suspend(request: PersonRequest, code: str) -> HttpResponse:
    """Switch the e-mail function off, with a reason."""
    found = branch_for(request.user, code)
    form = SuspendForm(_bound(request))
    if form.is_valid():
        services.suspend(found, reason=form.cleaned_data["reason"], by=request.user)
        messages.success(request, f"The e-mail function of {found} is suspended.")
        return redirect("branch", code=code)
    title, button = f"Suspend the e-mail function of {found}", "Suspend the e-mail function"
    context = {"form": form, "branch": found, "title": title, "button": button, "is_dangerous": True}
    return render(request, "branches/form.html", context, status=400 if form.is_bound else 200)


@require_POST
@admin_required
def branch_resume(request: PersonRequest, code: str) -> HttpResponse:
    """Switch the e-mail function on again."""
    found = branch_for(request.user, code)
    services.resume(found, by=request.user)
    messages.success(request, f"The e-mail function of {found} is on.")
    return redirect("branch", code=code)


@require_http_methods(GET_AND_POST)
@admin_required
def from_domain_add(request: PersonRequest, code: str) -> HttpResponse:
    """A domain the branch sends as."""
    found = branch_for(request.user, code)
    form = FromDomainForm(_bound(request), branch=found)
    if form.is_valid():
        made = services.add_from_domain(found, domain=form.cleaned_data["domain"], by=request.user)
        messages.success(request, f"{found} sends as {made}. Give it the DKIM selectors that its mail is signed with.")
        return redirect("from_domain", code=code, pk=made.pk)
    context = {"form": form, "branch": found, "title": f"Add a From-domain to {found}", "button": "Add the domain"}
    return render(request, "branches/form.html", context, status=400 if form.is_bound else 200)


def _domain_of(found: BranchProfile, pk: int) -> SendingDomain:
    domain = found.from_domains.filter(pk=pk).first()
    if domain is None:
        raise Http404("No From-domain of that number.")
    domain.branch = found
    return domain


@require_http_methods(GET_AND_POST)
@admin_required
def from_domain(request: PersonRequest, code: str, pk: int) -> HttpResponse:
    """The DKIM entries of a From-domain; adding one that is there changes its key."""
    found = branch_for(request.user, code)
    domain = _domain_of(found, pk)
    form = DKIMEntryForm(_bound(request))
    if form.is_valid():
        services.save_dkim_entry(domain, by=request.user, **form.cleaned_data)
        messages.success(request, f"{form.cleaned_data['selector']}._domainkey.{domain} was saved.")
        return redirect("from_domain", code=code, pk=pk)
    context = {"form": form, "branch": found, "domain": domain, "entries": domain.dkim_entries.all()}
    return render(request, "branches/from_domain.html", context, status=400 if form.is_bound else 200)


@require_POST
@admin_required
def from_domain_remove(request: PersonRequest, code: str, pk: int) -> HttpResponse:
    """Take a From-domain off the profile."""
    services.remove_from_domain(_domain_of(branch_for(request.user, code), pk), by=request.user)
    return redirect("branch", code=code)


@require_POST
@admin_required
def dkim_entry_remove(request: PersonRequest, code: str, pk: int, entry: int) -> HttpResponse:
    """Take a selector off a From-domain."""
    domain = _domain_of(branch_for(request.user, code), pk)
    found = DKIMEntry.objects.filter(domain=domain, pk=entry).first()
    if found is None:
        raise Http404("No DKIM entry of that number.")
    found.domain = domain
    services.remove_dkim_entry(found, by=request.user)
    return redirect("from_domain", code=code, pk=pk)
