"""What the wizard needs of this room: whether a branch of the person's is suspended, said before anything is asked."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.context import Context

from portal.accounts.models import User
from portal.branches.access import branches_of
from portal.branches.models import BranchProfile, EmailFunction
from portal.standing.models import Standing, State

register = template.Library()

#: So many are told of; who belongs to more reads the others on their pages.
MOST = 5


@register.inclusion_tag("standing/_told.html", takes_context=True)
def how_it_stands(context: Context, branch: BranchProfile) -> dict[str, Any]:
    """``{% how_it_stands branch %}``: that a branch is warned or watched, why, and where that stands; else nothing.

    The page it stands on has asked already whether its viewer may see the branch.
    """
    found = Standing.objects.filter(branch=branch, state__in=[State.WARNED, State.WATCHED]).first()
    shown = found if found is not None and not branch.is_suspended else None
    return {"standing": shown, "branch": branch, "user": context.get("user")}


@register.inclusion_tag("standing/_suspended.html")
def suspended(viewer: User) -> dict[str, Any]:
    """``{% suspended user %}``: the branches of a member of staff that nothing is sent for, why, and the way back."""
    if viewer.is_support:
        return {"branches": []}
    rows = branches_of(viewer).filter(email_function=EmailFunction.SUSPENDED)
    return {"branches": list(rows.order_by("organisation")[:MOST])}
