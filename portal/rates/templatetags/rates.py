"""Shares, and whether a branch's mail is being slowed down."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.context import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString

from portal.branches.models import BranchProfile
from portal.maillog.templatetags.log import percent
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


@register.inclusion_tag("rates/_slowing.html", takes_context=True)
def slowing(context: Context, branch: BranchProfile) -> dict[str, Any]:
    """``{% slowing branch %}``: whether mail of ``branch`` is being slowed down, for everybody who may see it."""
    user = context["user"]
    return {"slowing": slowing_of(user, branch), "branch": branch, "user": user}
