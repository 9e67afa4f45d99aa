"""What was tried for a report, on the pages of rooms above."""

from __future__ import annotations

import uuid
from typing import Any

from django import template
from django.template.context import Context

from portal.branches.models import BranchProfile
from portal.trials.selectors import of_report

register = template.Library()


@register.inclusion_tag("trials/_of_report.html", takes_context=True)
def tried_for(context: Context, branch: BranchProfile, report: uuid.UUID, module: str = "") -> dict[str, Any]:
    """``{% tried_for branch report.code %}``: the test messages that were sent for a report, and how to send one."""
    user = context["user"]
    return {"tried": of_report(user, report, branch), "branch": branch, "code": report, "module": module}
