"""What the checks find of a recipient's domain, beside what the log shows of its servers.

DNS is asked now, and a server may have answered yesterday. Told side by side, the two name two different causes and
two parties; so a finding that the domain takes no mail is told together with the last time that it did, and one of what
a policy asks every receiver to do together with what theirs did.
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
#: Findings of what receivers are asked to do with our mail, and how it is told where theirs did not refuse it.
FORETOLD = frozenset({"dmarc.nothing_aligns", "spf.fail"})
Reading = Callable[[ReadFinding], ReadFinding]


def beside_the_log(branch: BranchProfile, recipient: str, delivery: Delivery | None = None) -> Reading:
    """A reading of findings that knows when a server last answered ``branch`` for the recipient's domain.

    The log is asked at most once, and only where a finding says that there is no such server, or what it should do.
    ``delivery`` is the record that the findings stand beside, where one was chosen.
    """
    asked: list[Delivery | None] = []

    def answered() -> Delivery | None:
        if not asked:
            asked.append(last_answer(branch, domain_of(recipient)))
        return asked[0]

    def reading(finding: ReadFinding) -> ReadFinding:
        if finding.code in NOWHERE:
            answer = answered()
            return finding if answer is None else _together(finding, answer, branch)
        if finding.code in FORETOLD:
            is_own = delivery is not None and delivery.state == State.ACCEPTED
            answer = delivery if is_own else answered()
            return finding if answer is None or not _is_against(finding, answer) else _yet(finding, answer, branch)
        return finding

    return reading


def _is_against(finding: ReadFinding, answer: Delivery) -> bool:
    """Their server accepted mail of the very sender that the finding is about, as far as the log tells the sender."""
    sender = domain_of(answer.message.from_address) if answer.state == State.ACCEPTED else ""
    return answer.state == State.ACCEPTED and sender in ("", str(finding.arguments.get("domain") or sender))


def _yet(finding: ReadFinding, answer: Delivery, branch: BranchProfile) -> ReadFinding:
    """What is asked of every receiver, with what theirs did."""
    at = answer.state_at.astimezone(zone_of(branch.time_zone))
    day = f"{at.day} {at:%b %Y}"
    return replace(
        finding,
        title=f"{finding.title}; yet their server accepted the message of {day}",
        meaning=f"{finding.meaning} On {day} their server accepted a message all the same: it does not do what is "
        "asked, or lets our mail through. What it did with it then, junk or quarantine, we cannot see.",
    )


def last_answer(branch: BranchProfile, domain: str) -> Delivery | None:
    """The latest delivery of ``branch`` that a server of ``domain`` answered; None where the log shows none."""
    rows = Delivery.objects.filter(branch=branch, recipient_domain=domain).order_by("-at", "-id")
    own = branch.sending_server.host if branch.sending_server else ""
    return next(
        (
            row
            for row in rows.only("state", "state_at", "remote_host", "reply_code", "cause", "message")[:MOST]
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
