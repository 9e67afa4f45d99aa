"""What the wizard needs of this room: whether a branch of the person's is suspended, said before anything is asked."""

from __future__ import annotations

from typing import Any

from django import template

from portal.accounts.models import User
from portal.branches.access import branches_of
from portal.branches.models import EmailFunction

register = template.Library()

#: So many are told of; who belongs to more reads the others on their pages.
MOST = 5


@register.inclusion_tag("standing/_suspended.html")
def suspended(viewer: User) -> dict[str, Any]:
    """``{% suspended user %}``: the branches of a member of staff that nothing is sent for, why, and the way back."""
    if viewer.is_support:
        return {"branches": []}
    rows = branches_of(viewer).filter(email_function=EmailFunction.SUSPENDED)
    return {"branches": list(rows.order_by("organisation")[:MOST])}
