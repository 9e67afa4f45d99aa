"""How a From-domain stands, in one plain sentence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from diagnostics.engine.findings import Actor, Verdict
from diagnostics.selectors import ReadFinding

WHO = {
    Actor.BRANCH: "you have something to do",
    Actor.BRANCH_IT: "your IT has something to do",
    Actor.SUPPORT: "support has something to do",
}
LISTED = "list.listed"
BLOCKLISTS = (LISTED, "list.policy")
FINE = "fine"


@dataclass(frozen=True, slots=True)
class Summary:
    """Mail to the outside and mail to the own domain, each in a few words. ``verdict`` is the worse of the two."""

    outside: str
    to_itself: str
    verdict: Verdict


def summary(findings: Iterable[ReadFinding]) -> Summary:
    """``findings`` of a look at a domain that writes to itself.

    A sending address on a blocklist is told besides, as it is no matter of the domain and no turn of the branch's.
    """
    found = list(findings)
    listed = [finding for finding in found if finding.code == LISTED]
    told = [finding for finding in found if finding.code not in BLOCKLISTS]
    inward = [item for item in told if item.check.startswith("recipient-") or item.check == "self-to-self"]
    outward = [item for item in told if item not in inward]
    verdicts = [item.verdict for item in [*told, *listed] if item.needs_somebody]
    worst = min(verdicts, key=(Verdict.PROBLEM, Verdict.NOTICE).index, default=Verdict.OK)
    if worst is Verdict.OK and any(item.verdict is Verdict.UNKNOWN for item in told):
        worst = Verdict.UNKNOWN
    return Summary(_beside(_words(outward), listed), _words(inward), worst)


def _beside(words: str, listed: list[ReadFinding]) -> str:
    """``words`` with what is to be said of a blocklist; who stands on one is not well, whatever else is in order."""
    if not listed:
        return words
    who = WHO.get(listed[0].actor, "others have something to do")
    said = f"a sending address is on a blocklist, and servers that ask it may refuse the mail; {who}"
    return said if words == FINE else f"{words}. Besides, {said}"


def _words(findings: list[ReadFinding]) -> str:
    for verdict, suffix in ((Verdict.PROBLEM, ""), (Verdict.NOTICE, ", nothing urgent")):
        turns = [item.actor for item in findings if item.verdict is verdict and item.needs_somebody]
        if turns:
            who = next((actor for actor in WHO if actor in turns), None)
            return (WHO[who] if who else "others have something to do") + suffix
    if any(item.verdict is Verdict.UNKNOWN for item in findings):
        return "no fault found, but not everything could be found out"
    return FINE
