"""The rate view: what each provider is given in an hour, what it says to that, and what is known of its limits."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts.access import admin_required, support_required
from portal.maillog.filters import NONE
from portal.maillog.states import ATTEMPTS
from portal.rates import limits as known
from portal.rates import selectors, services
from portal.rates.forms import SPANS, LimitForm, RateFilter, hour_of, span_of
from portal.rates.hours import latest_episode, taken, total_of
from portal.rates.limits import Limit, limit_for, limits_of, provider_name
from portal.rates.places import places
from portal.rates.queues import Queue
from portal.rates.tries import WINDOW, Asked, tries_of
from portal.web.http import PersonRequest

GET_AND_POST = ["GET", "HEAD", "POST"]
#: The address of all providers that have no name here.
NAMELESS = "other"


@require_safe
@support_required
def rates(request: PersonRequest) -> HttpResponse:
    """Recipients an hour by sending server and provider, those that push back first."""
    span = span_of(request.GET.get("span", ""))
    form = RateFilter(request.GET, servers=selectors.servers_of(selectors.first_hour(SPANS[span])))
    found = selectors.rates(span=SPANS[span], server=form.chosen)
    context = {"rates": found, "form": form, "span": span, "spans": SPANS, "nameless": NAMELESS}
    return render(request, "rates/rates.html", context)


@require_safe
@support_required
def rates_provider(request: PersonRequest, slug: str) -> HttpResponse:
    """One provider: its hours, its limits, what it said about how much was sent, and who sent it."""
    provider = _provider(slug)
    span = span_of(request.GET.get("span", ""))
    since = selectors.first_hour(SPANS[span])
    form = RateFilter(request.GET, servers=selectors.servers_of(since))
    told = selectors.hours_at(provider, since, server=form.chosen)
    busiest = max(told, key=lambda hour: hour.tried, default=None)
    hour = hour_of(request.GET.get("hour", "")) or (busiest.at if busiest else None)
    queue = selectors.queue_at(provider, since=since, server=form.chosen) if provider else Queue()
    # All without a name together are judged by nobody.
    episode = latest_episode(told) if provider else None
    context = {
        "name": provider_name(provider),
        "slug": slug,
        "provider": provider,
        "narrowed_server": form.chosen or None,
        "narrowed": provider or NONE,
        "form": form,
        "span": span,
        "spans": SPANS,
        "hours": selectors.every_hour(told, span=SPANS[span]) if span == "24h" else told,
        "total": total_of(told) if told else None,
        "episode": episode,
        "standing": selectors.how_it_stands(episode, queue),
        "queue": queue,
        "places": places(since=since, server=form.chosen) if not provider else [],
        "taken": taken(told),
        "limits": limits_of(provider),
        "refusals": selectors.refusals_at(provider, since=since, server=form.chosen),
        "hour": hour,
        "writers": selectors.writers(provider, hour, server=form.chosen) if hour else [],
    }
    return render(request, "rates/provider.html", context)


def _provider(slug: str) -> str:
    """The id of a provider, "" for all that have no name here; Http404 for a name that nobody has."""
    provider = "" if slug == NAMELESS else slug
    if provider and provider_name(provider) == provider:
        raise Http404("No provider of that name.")
    return provider


@require_safe
@support_required
def rates_tries(request: PersonRequest, slug: str) -> HttpResponse:
    """The tries behind one figure: of some hours, at one provider, by one server or all, with one end or any."""
    provider, told = _provider(slug), request.GET
    begins, last = hour_of(told.get("from", "")), hour_of(told.get("to", ""))
    if begins is None or last is None or begins > last:
        return redirect("rates_provider", slug=slug)
    state = told.get("state", "") if told.get("state") in ATTEMPTS else ""
    # A server is a host name, and nothing that a database would refuse to look for.
    named = told.get("server", "").replace("\0", "")
    server = None if not named else "" if named == NONE else named
    asked = Asked(provider=provider, begins=begins, ends=last + selectors.HOUR, server=server, state=state)
    found = tries_of(request.user, asked, told.get("after", ""))
    query = told.copy()
    query["after"] = found.further
    context = {
        "name": provider_name(provider),
        "slug": slug,
        "asked": asked,
        "tries": found,
        "counted": selectors.counted_of(asked),
        "is_first": "after" not in told,
        "further": query.urlencode() if found.further else "",
        "window": WINDOW,
    }
    return render(request, "rates/tries.html", context)


@require_safe
@support_required
def limits(request: PersonRequest) -> HttpResponse:
    """All that is known of providers' limits."""
    return render(request, "rates/limits.html", {"providers": known.by_provider(known.limits()).values()})


@require_http_methods(GET_AND_POST)
@admin_required
def limit_add(request: PersonRequest) -> HttpResponse:
    return _limit(request, None)


@require_http_methods(GET_AND_POST)
@admin_required
def limit_edit(request: PersonRequest, key: str) -> HttpResponse:
    return _limit(request, limit_for(key))


def _limit(request: PersonRequest, limit: Limit | None) -> HttpResponse:
    """Add a limit, or set one."""
    form = LimitForm(request.POST if request.method == "POST" else None, limit=limit)
    if form.is_valid():
        saved = services.save_limit(limit, by=request.user, **form.cleaned_data)
        messages.success(request, f"The limit of {saved.name} was saved: {saved.words}.")
        return redirect("limits")
    context: dict[str, Any] = {"form": form, "limit": limit}
    if limit is not None:
        context |= {"original": known.shipped().get(limit.key), "changes": known.changes_of(limit.key)}
    return render(request, "rates/limit.html", context, status=400 if form.is_bound else 200)


@require_POST
@admin_required
def limit_reset(request: PersonRequest, key: str) -> HttpResponse:
    """Set a shipped limit back; take one of this desk's own away."""
    limit = limit_for(key)
    if limit.is_shipped:
        services.reset_limit(limit, by=request.user)
        messages.success(request, f"The limit of {limit.name} is the shipped one again.")
    else:
        services.remove_limit(limit, by=request.user)
        messages.success(request, f"The limit of {limit.name} was removed.")
    return redirect("limits")
