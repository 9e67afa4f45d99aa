"""Figures of the log that lead to their rows, and the words of causes and providers."""

from __future__ import annotations

from django import template
from django.template.context import Context
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from diagnostics.engine.causes import CAUSES
from diagnostics.engine.receivers import receiver_called
from portal.maillog.models import Delivery
from portal.maillog.replies import NAMED, reading_of
from portal.maillog.shipped import shipped_called
from portal.web.text import visible

register = template.Library()


@register.simple_tag
def count(number: int, address: str, *narrowed: str) -> str | SafeString:
    """``{% count tally.refused list_url period.query "state=undelivered" %}``: the figure as a link to its rows."""
    shown = grouped(number)
    if not number:
        return shown
    query = "&".join(item for item in narrowed if item)
    return format_html('<a href="{}?{}">{}</a>', address, query, shown)


@register.filter
def grouped(number: int) -> str:
    """``{{ tally.sent|grouped }}``: 1,204."""
    return f"{number:,}"


@register.filter
def percent(share: float) -> str:
    """``{{ tally.refused_share|percent }}``: a share in hundredths, finer where it is small: 12 %, 2.4 %, 0.03 %."""
    hundredths = 100 * share
    if hundredths >= 10:
        return f"{hundredths:.0f} %"
    return f"{hundredths:.1f} %" if hundredths >= 1 or not share else f"{hundredths:.2f} %"


@register.filter
def rate(number: float) -> str:
    """``{{ tally.missing_rate|rate }}``: reports per 1,000, to two places where that is needed."""
    return f"{number:.0f}" if number >= 10 or not number else f"{number:.1f}" if number >= 1 else f"{number:.2f}"


@register.filter
def cause_title(ident: str) -> str:
    """``{{ delivery.cause|cause_title }}``: what the cause is called."""
    return CAUSES[ident].title if ident in CAUSES else ident.replace("_", " ").capitalize()


@register.filter
def provider_name(ident: str) -> str:
    """``{{ delivery.provider|provider_name }}``: what the provider is called."""
    known = receiver_called(ident) if ident else None
    return known.name if known else ident


@register.simple_tag
def rule_link(ident: str) -> SafeString:
    """``{% rule_link reading.rule %}``: the rule that read a reply, as a link to its page; for support's eyes.

    What support has named is told by its number. A rule that this release has no more is told by its name alone.
    """
    number = ident.removeprefix(NAMED)
    if ident.startswith(NAMED) and number.isdecimal():
        there = reverse("reply_rule", args=[number])
        return format_html('<a href="{}">rule {}, named by support</a>', there, number)
    if shipped_called(ident) is None:
        return format_html("the rule {}", visible(ident))
    return format_html('<a href="{}">the rule {}</a>', reverse("shipped_rule", args=[ident]), ident)


@register.simple_tag(takes_context=True)
def read_by(context: Context, delivery: Delivery) -> SafeString:
    """``{% read_by delivery %}``: to support, the rule by which its last reply says what its cause is.

    Nothing where the cause was told by more than this reply, or by none.
    """
    if not delivery.reply or not getattr(context.get("user"), "is_support", False):
        return SafeString("")
    reading = reading_of(delivery.reply, delivery.reply_code, delivery.status, delivery.remote_host)
    if not reading.rule or reading.cause != delivery.cause:
        return SafeString("")
    return format_html('<span class="dd-meta">read by {}</span>', rule_link(reading.rule))
