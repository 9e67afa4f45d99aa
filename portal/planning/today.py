"""What would go wrong with any mailing of a branch today: what the desk has noticed and is not over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Q

from diagnostics.engine.findings import Actor
from portal.branches.models import BranchProfile, SendingDomain
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


#: What is found at a From-domain and is about mail to it, or about no mail: it stops nothing that a branch sends.
NO_MAILING = frozenset({"recipient-mx", "recipient-address", "recipient-server", "sender-bimi", "signed-dns"}) | {
    "recipient-mta-sts", "recipient-dane", "recipient-tls-reports", "recipient-allow-list", "receiver-gateway",
}  # fmt: skip
#: This is about mail of a From-domain to addresses at that same domain alone.
TO_ITSELF = "self-to-self"


def obstacles(branch: BranchProfile, *, own: Mapping[str, int] | None = None) -> list[Obstacle]:
    """What stands in the way of mail of ``branch`` now, what stops all of it first; a bounded number of queries.

    ``own`` are the recipients of a list at each From-domain of the branch; without it nothing is known of a list.
    """
    found = []
    if branch.is_suspended:
        reason = branch.suspended_reason or "The reason stands on the branch's page."
        found.append(Obstacle("The e-mail function is suspended: nothing is sent", reason, Actor.BRANCH, stops=True))
    for watch in Watch.objects.filter(domain__branch=branch).select_related("domain__branch")[:MOST]:
        found += [
            Obstacle(entry["title"], f"{watch.domain}: {entry['question']}", entry["actor"])
            for entry in watch.standing.values()
            if entry["verdict"] == "problem" and _touches(entry["check"], watch.domain, own)
        ]
    if branch.sending_server_id:
        about = Q(watch__server=branch.sending_server_id)
        for notice in Notice.objects.filter(about, closed=None).order_by("-opened")[:MOST]:
            found.append(Obstacle(notice.title, notice.reason or "About the sending server.", notice.actor))
    # What is wrong with a sending address is found at each From-domain, and is one matter.
    return list({item.title: item for item in reversed(found)}.values())[::-1][:MOST]


def _touches(check: str, domain: SendingDomain | None, own: Mapping[str, int] | None) -> bool:
    """What ``check`` found at the From-domain ``domain`` is about some of the recipients."""
    if check == TO_ITSELF and own is not None and domain is not None:
        return own.get(domain.domain, 0) > 0
    return check not in NO_MAILING
