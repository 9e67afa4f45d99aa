"""What the recipient's own system says in a message trace: the one witness of what happened after it was accepted.

Somebody else's export is as good as a reply of theirs, and no better: it makes certain only what its words name, and
only where it names this very message by its Message-ID. "Delivered" there is a mailbox, and still no inbox. A bounce
that somebody handed in is weighed like a trace that says "failed".
"""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.engine.causes.case import Case, TraceFact
from diagnostics.engine.causes.ranking.claims import Claim, Confidence, Kind, Line, Place, least
from diagnostics.engine.causes.ranking.grounds import OF_REPLIES
from diagnostics.engine.causes.ranking.replies import VAGUE, names_it
from diagnostics.engine.causes.remedies import Remedy
from diagnostics.engine.findings import Actor
from diagnostics.engine.messages.reply import read_reply

CERTAIN, LIKELY, POSSIBLE = Confidence.CERTAIN, Confidence.LIKELY, Confidence.POSSIBLE
#: What remains to be done for each fate that ends in a system that has the message.
NEXT = {
    "delivered": Remedy(
        Actor.RECIPIENT,
        "By their trace it is in the mailbox: the recipient looks in junk, other folders, and their rules.",
    ),
    "quarantined": Remedy(
        Actor.RECIPIENT_IT,
        "By their trace it is in quarantine: their IT, or the recipient, releases it and allows the sender.",
    ),
    "pending": Remedy(
        Actor.BRANCH, "By their trace their system is still trying: wait, then ask their IT for a new trace."
    ),
    "expanded": Remedy(
        Actor.RECIPIENT_IT, "By their trace it was to a group: their IT traces it for the member who misses it."
    ),
    "received": Remedy(
        Actor.RECIPIENT_IT,
        "Their trace does not go on: their IT exports the extended report, which tells what happened next.",
    ),
}
RELEASED = "The mailbox answered this very message by itself, so quarantine does not hold it any more."
#: Our log says that it did not get there.
NOT_THERE = frozenset({"refused", "expired"})


def _traced(case: Case) -> Iterator[Claim]:
    for fact in case.traced:
        most = CERTAIN if fact.is_named else LIKELY if fact.is_near else POSSIBLE
        if fact.fate == "failed":
            yield _failed(case, fact, most)
        elif fact.fate == "spam":
            yield _spam(fact, most)
        elif fact.fate in NEXT:
            yield from _there(case, fact, most)


def _failed(case: Case, fact: TraceFact, most: Confidence) -> Claim:
    cause = read_reply(fact.detail, extra=case.rules).cause if fact.detail else ""
    if cause not in OF_REPLIES - VAGUE:
        remark = ("It does not say why.",)
        return Claim(
            "recipient_refused_unspecified", (Line(Kind.REPLY, fact.line, most),), Place.STOPPED, remarks=remark
        )
    sure = least(most, names_it(cause, fact.detail, rules=case.rules))
    return Claim(cause, (Line(Kind.REPLY, fact.line, sure),), Place.STOPPED)


def _spam(fact: TraceFact, most: Confidence) -> Claim:
    """Google's spam is a folder of the mailbox; Microsoft's "filtered as spam" was kept from it."""
    line = Line(Kind.REPLY, fact.line, least(most, LIKELY))
    if fact.system == "google":
        return Claim("junked", (line,), Place.NARROWER)
    detail = "Their IT can see in the same trace which filter it was, release the message, and allow the sender."
    return Claim("spam_content", (line,), Place.STOPPED, remedies=(Remedy(Actor.RECIPIENT_IT, detail),))


def _there(case: Case, fact: TraceFact, most: Confidence) -> Iterator[Claim]:
    against: tuple[str, ...] = ()
    if case.state in NOT_THERE:
        against = ("Our own log says that it did not get there; their trace may be of another copy.",)
    place = Place.BESIDE if against else Place.NARROWER if fact.fate == "quarantined" else Place.ARRIVED
    line = Line(Kind.REPLY, fact.line, most)
    if fact.fate == "quarantined" and case.has_reached:
        # The mailbox has it, so it is held no more, or their trace is of another copy.
        yield Claim("accepted_by_recipient_server", (line,), Place.ARRIVED, remarks=(RELEASED,))
        return
    yield Claim("accepted_by_recipient_server", (line,), place, against=against, remedies=(NEXT[fact.fate],))
    if fact.fate == "delivered" and not against and case.in_junk != "yes":
        looked = ("The recipient looked and did not find it there.",) if case.in_junk == "no" else ()
        much = Line(Kind.REPLY, "To a mail system the junk folder is delivered to as well.", POSSIBLE)
        yield Claim("junked", (much,), Place.BESIDE, against=looked)


RULES = (_traced,)
