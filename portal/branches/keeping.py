"""Pages that belong to no single branch: sending servers, and what is known of being allowed somewhere."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from portal.accounts.access import admin_required, support_required
from portal.branches import selectors, services
from portal.branches.forms import AllowListForm, DomainFilter, ServerForm
from portal.branches.models import AllowListEntry, SendingServer
from portal.web.http import PersonRequest
from portal.web.pages import page_of

GET_AND_POST = ["GET", "HEAD", "POST"]


@require_safe
@admin_required
def servers(request: PersonRequest) -> HttpResponse:
    """All sending servers, the vendor's first."""
    return render(request, "branches/servers.html", {"servers": selectors.servers()[: selectors.MOST]})


@require_http_methods(GET_AND_POST)
@admin_required
def server_add(request: PersonRequest) -> HttpResponse:
    return _server(request, None)


@require_http_methods(GET_AND_POST)
@admin_required
def server_edit(request: PersonRequest, pk: int) -> HttpResponse:
    return _server(request, selectors.server_for(pk))


def _server(request: PersonRequest, server: SendingServer | None) -> HttpResponse:
    """Add a server, or change it."""
    form = ServerForm(request.POST if request.method == "POST" else None, server=server)
    if form.is_valid():
        saved = services.save_server(server, **form.cleaned_data)
        messages.success(request, f"{saved} was saved.")
        return redirect("servers")
    title = f"Edit {server}" if server else "Add a sending server"
    context = {"form": form, "title": title, "button": "Save the server"}
    return render(request, "branches/form.html", context, status=400 if form.is_bound else 200)


@require_safe
@support_required
def allow_list(request: PersonRequest) -> HttpResponse:
    """What is known of being allowed, by recipient domain."""
    form = DomainFilter(request.GET)
    narrowed = form.narrowed()
    page = page_of(selectors.allow_list(request.user, domain=narrowed), request.GET, by="at")
    return render(request, "branches/allow_list.html", {"page": page, "form": form, "is_narrowed": bool(narrowed)})


@require_http_methods(GET_AND_POST)
@support_required
def allow_list_add(request: PersonRequest) -> HttpResponse:
    opening = {"at": timezone.now(), "domain": request.GET.get("domain", "")[:253]}
    return _entry(request, None, opening)


@require_http_methods(GET_AND_POST)
@support_required
def allow_list_edit(request: PersonRequest, pk: int) -> HttpResponse:
    entry = selectors.allow_list_entry_for(request.user, pk)
    return _entry(request, entry, AllowListForm.opening(entry))


def _entry(request: PersonRequest, entry: AllowListEntry | None, opening: dict[str, Any]) -> HttpResponse:
    """Record what a recipient's organisation said, or correct it."""
    data = request.POST if request.method == "POST" else None
    form = AllowListForm(data, branches=selectors.branches(request.user), initial=opening)
    if form.is_valid():
        saved = services.save_allow_list_entry(entry, recorded_by=request.user, **form.cleaned_data)
        messages.success(request, f"What {saved.domain} said was recorded.")
        return redirect("allow_list")
    title = f"Edit the entry of {entry.domain}" if entry else "Record an allow-list entry"
    context = {"form": form, "title": title, "button": "Record it"}
    return render(request, "branches/form.html", context, status=400 if form.is_bound else 200)
