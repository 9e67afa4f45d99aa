"""Figures of a domain that lead to their rows, and contacts that can be written to or opened."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from django import template
from django.template.context import Context
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from diagnostics.engine.names import Address, parse_address
from portal.dossier.selectors import Dossier
from portal.maillog.templatetags.log import grouped
from portal.web.text import visible

register = template.Library()


@register.simple_tag(takes_context=True)
def domain_stat(context: Context, dossier: Dossier, number: int, state: str, label: str) -> SafeString:
    """``{% domain_stat dossier dossier.fared.sent "sent" "sent" %}``: a figure; support's leads to its rows.

    Staff of several branches have no list over all of them, so theirs lead nowhere.
    """
    inner = format_html(
        '<span class="dd-stat-value">{}</span><span class="dd-stat-label">{}</span>', grouped(number), label
    )
    if not number or not context["user"].is_support:
        return format_html('<div class="dd-stat">{}</div>', inner)
    since = f"{dossier.fared.first.isoformat()}T00:00"
    query = urlencode({"domain": dossier.domain, "state": state, "since": since})
    return format_html('<a class="dd-stat" href="{}?{}">{}</a>', reverse("all_deliveries"), query, inner)


@register.simple_tag
def contact(name: str) -> SafeString:
    """``{% contact name %}``: an address as a mail link, an address of a page as a link, anything else as it is."""
    text = name.strip()
    parsed = parse_address(text)
    if isinstance(parsed, Address) and parsed.domain:
        return format_html('<a href="mailto:{}">{}</a>', parsed.text, visible(text))
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme in ("https", "http") and parts.hostname and not parts.username and " " not in text:
        return format_html('<a href="{}" rel="noreferrer noopener">{}</a>', text, visible(text))
    return format_html("{}", visible(text))
