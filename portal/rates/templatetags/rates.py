"""Shares, and whether a branch's mail is being slowed down."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django import template
from django.template.context import Context
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from portal.branches.models import BranchProfile
from portal.maillog.filters import NONE
from portal.maillog.templatetags.log import grouped, percent
from portal.rates.queues import Queue
from portal.rates.slowing import slowing_of

register = template.Library()


@register.simple_tag
def share(part: int, whole: int, what: str) -> SafeString:
    """``{% share hour.deferred hour.tried "put off" %}``: the share in words, with a bar that repeats it."""
    if not whole:
        return format_html('<span class="dd-none">{}</span>', "–")
    if not part:
        return SafeString("0 %")
    words = percent(part / whole)
    return format_html(
        '{} <meter min="0" max="{}" value="{}" title="{} of {} {}" aria-hidden="true"></meter>',
        words, whole, part, part, whole, what,
    )  # fmt: skip


@register.simple_tag
def tries(
    number: int, provider: str, server: str | None, begins: datetime, last: datetime | None = None, state: str = ""
) -> str | SafeString:
    """``{% tries hour.tried rate.provider rate.server hour.at %}``: a figure of tries as a link to them.

    They are those of the hour ``begins``, or of all hours from it to ``last``. ``server`` is "" for none that is known
    and None for all.
    """
    words = grouped(number)
    if not number:
        return words
    return format_html('<a href="{}">{}</a>', tries_url(provider, server, begins, last, state), words)


@register.simple_tag
def tries_url(
    provider: str, server: str | None, begins: datetime, last: datetime | None = None, state: str = ""
) -> str:
    """``{% tries_url rate.provider rate.server hour.at %}``: the address that ``tries`` leads to."""
    form = "%Y-%m-%dT%H"
    asked = {"from": begins.strftime(form), "to": (last or begins).strftime(form), "state": state}
    if server is not None:
        asked["server"] = server or NONE
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"{reverse('rates_tries', args=[provider or 'other'])}?{query}"


@register.simple_tag
def waits(queue: Queue, provider: str, server: str, domain: str = "") -> SafeString:
    """``{% waits rate.queue rate.provider rate.server %}``: "50 recipients wait", with a link to them."""
    if not queue.count:
        return SafeString("No recipient of those waits any more" if not queue.is_more else "Some may wait")
    asked = {"state": "deferred", "provider": provider or NONE, "server": server, "domain": domain}
    query = urlencode({name: value for name, value in asked.items() if value})
    words = f"{queue.words} recipient{'' if queue.count == 1 else 's'} wait{'s' if queue.count == 1 else ''}"
    return format_html('<a href="{}?{}">{}</a>', reverse("all_deliveries"), query, words[:1].upper() + words[1:])


@register.inclusion_tag("rates/_slowing.html", takes_context=True)
def slowing(context: Context, branch: BranchProfile) -> dict[str, Any]:
    """``{% slowing branch %}``: whether mail of ``branch`` is being slowed down, for everybody who may see it."""
    user = context["user"]
    return {"slowing": slowing_of(user, branch), "branch": branch, "user": user}
