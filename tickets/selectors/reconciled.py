"""What the checks find of a recipient's domain, beside what the log shows of its servers.

DNS is asked now, and a server may have answered yesterday. Told side by side, the two name two different causes and
two parties; so a finding that the domain takes no mail is told together with the last time that it did.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from diagnostics.engine.findings import Actor, Verdict
from diagnostics.selectors import ReadFinding
from portal.branches.models import BranchProfile
from portal.maillog.models import Delivery, State
from portal.web.moments import zone_of
from tickets.selectors.reports import domain_of

#: Findings that say that no server takes mail for the domain.
NOWHERE = frozenset({"mx.no_domain", "mx.none", "mx.null", "mx.dead_hosts", "mx.literal", "mx.private"})
#: States that a server of the recipient's domain brought about, where one is named and its reply has a code.
ANSWERED = (State.ACCEPTED, State.REFUSED, State.DEFERRED)
#: What is answered by a server that is not the domain's, or by none.
NOT_THEIRS = frozenset({"relay_denied", "domain_or_dns", "network_or_timeout"})
#: So many of the latest deliveries to the domain are looked at.
MOST = 50
Reading = Callable[[ReadFinding], ReadFinding]


def beside_the_log(branch: BranchProfile, recipient: str) -> Reading:
    """A reading of findings that knows when a server last answered ``branch`` for the recipient's domain.

    The log is asked at most once, and only where a finding says that there is no such server.
    """
    asked: list[Delivery | None] = []

    def reading(finding: ReadFinding) -> ReadFinding:
        if finding.code not in NOWHERE:
            return finding
        if not asked:
            asked.append(last_answer(branch, domain_of(recipient)))
        answer = asked[0]
        return finding if answer is None else _together(finding, answer, branch)

    return reading


def last_answer(branch: BranchProfile, domain: str) -> Delivery | None:
    """The latest delivery of ``branch`` that a server of ``domain`` answered; None where the log shows none."""
    rows = Delivery.objects.filter(branch=branch, recipient_domain=domain).order_by("-at", "-id")
    own = branch.sending_server.host if branch.sending_server else ""
    return next(
        (
            row
            for row in rows.only("state", "state_at", "remote_host", "reply_code", "cause")[:MOST]
            if row.state in ANSWERED
            and row.reply_code
            and row.remote_host not in ("", own)
            and row.cause not in NOT_THEIRS
        ),
        None,
    )


def _together(finding: ReadFinding, answer: Delivery, branch: BranchProfile) -> ReadFinding:
    at = answer.state_at.astimezone(zone_of(branch.time_zone))
    day = f"{at.day} {at:%b %Y}"
    return replace(
        finding,
        verdict=Verdict.NOTICE,
        actor=Actor.RECIPIENT_IT,
        title=f"{finding.title} now, though a server answered for it on {day}",
        meaning=f"{finding.meaning} On {day} {answer.remote_host} answered for it, so DNS led there then.",
        remedy="Look again in some hours. If it stays so, the recipient's IT or their provider mends the domain's DNS; "
        "ask the client for another address meanwhile.",
    )
