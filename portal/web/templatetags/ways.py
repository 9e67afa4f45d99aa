"""From what was found to the page where it is mended: one table of links, for every page that names a cause."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.context import Context

register = template.Library()


@register.filter
def domain(address: str) -> str:
    """``{{ ticket.recipient|domain }}``: what is right of the @, in lower case; "" where there is no @."""
    return address.rpartition("@")[2].strip().lower() if "@" in address else ""


@register.inclusion_tag("web/_ways.html", takes_context=True)
def ways(context: Context, cause: str, code: str, recipient: str = "", product: str = "") -> dict[str, Any]:
    """``{% ways item.cause branch.code recipient %}``: where ``cause`` is mended for the branch; else nothing.

    ``product`` is the id of the receiver that refused, where a record names it.
    """
    return {"cause": cause, "code": code, "domain": domain(recipient), "product": product, "user": context["user"]}
