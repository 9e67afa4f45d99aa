"""What pages need of this room: the words of a list, and what came back of a delivery, for the delivery's own page."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.context import Context

from portal.maillog.models import Delivery
from portal.returned.models import ReturnedMail, ReturnedRecipient
from portal.returned.selectors import returned_for
from portal.returned.words import told_of

register = template.Library()


@register.filter
def title_in(row: ReturnedRecipient, mail: ReturnedMail) -> str:
    """``{{ row|title_in:mail }}``: what the mail says of the recipient, in one line."""
    return told_of(mail, row).title


@register.inclusion_tag("returned/_came_back.html", takes_context=True)
def came_back(context: Context, delivery: Delivery) -> dict[str, Any]:
    """``{% came_back delivery %}``: a panel of what came back of it; nothing where nothing did."""
    user = context["user"]
    return {"rows": returned_for(user, delivery), "user": user, "branch": delivery.branch}
