"""What would go wrong with any mailing of a branch today: what the desk has noticed and is not over."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q

from diagnostics.engine.findings import Actor
from portal.branches.models import BranchProfile
from portal.watch.models import Notice, Watch

MOST = 20


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One thing that stands in the way: what, why, whose turn it is, and where to look."""

    title: str
    reason: str
    actor: str
    url: str = ""
    stops: bool = False


def obstacles(branch: BranchProfile) -> list[Obstacle]:
    """What stands in the way of mail of ``branch`` now, what stops all of it first; a bounded number of queries."""
    found = []
    if branch.is_suspended:
        reason = branch.suspended_reason or "The reason stands on the branch's page."
        found.append(Obstacle("The e-mail function is suspended: nothing is sent", reason, Actor.SUPPORT, stops=True))
    for watch in Watch.objects.filter(domain__branch=branch).select_related("domain__branch")[:MOST]:
        found += [
            Obstacle(entry["title"], f"{watch.domain}: {entry['question']}", entry["actor"])
            for entry in watch.standing.values()
            if entry["verdict"] == "problem"
        ]
    if branch.sending_server_id:
        about = Q(watch__server=branch.sending_server_id)
        for notice in Notice.objects.filter(about, closed=None).order_by("-opened")[:MOST]:
            found.append(Obstacle(notice.title, notice.reason or "About the sending server.", notice.actor))
    # What is wrong with a sending address is found at each From-domain, and is one matter.
    return list({item.title: item for item in reversed(found)}.values())[::-1][:MOST]
