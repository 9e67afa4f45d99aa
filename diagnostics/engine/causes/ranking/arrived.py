"""It got to the other side: their server accepted it, somebody has it before them, or it was found in junk."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.engine.causes.case import AnswerFact, Case, DeliveryFact
from diagnostics.engine.causes.ranking.claims import Claim, Confidence, Kind, Line, Place
from diagnostics.engine.causes.ranking.grounds import OF_REPLIES
from diagnostics.engine.causes.ranking.replies import VAGUE

LIKELY, POSSIBLE = Confidence.LIKELY, Confidence.POSSIBLE
#: The log says that it did not get there.
NOT_THERE = frozenset({"refused", "deferred", "expired", "error"})
#: So many automatic answers are told of.
MOST_ANSWERS = 2
FROM_JUNK = "The mailbox answered it by itself, and some systems answer what they put into junk as well."
CAUSE_OF_SYMPTOM = {"banner_missing": "images_blocked", "badly_formatted": "badly_formatted"}


def _junked(case: Case) -> Iterator[Claim]:
    """A person's word is no record, so it makes the cause likely; a record that says otherwise speaks against it."""
    if case.in_junk == "yes":
        line = Line(Kind.ANSWER, "The recipient found it in junk.")
        against = tuple(_contradiction(case))
        yield Claim("junked", (line,), Place.BESIDE if case.state in NOT_THERE else Place.NARROWER, against=against)
    complained = case.delivery.complained_at if case.delivery else None
    if complained:
        text = f"The recipient reported it as spam on {case.exact(complained)}, so it had arrived."
        yield Claim("junked", (Line(Kind.REPLY, text),), Place.NARROWER)


def _contradiction(case: Case) -> Iterator[str]:
    if case.state in NOT_THERE:
        yield "The log says that this message did not get there; what the person has may be another one."
    elif case.is_absent:
        yield "The complete log of that time holds no such message."


def _looks_wrong(case: Case) -> Iterator[Claim]:
    cause = CAUSE_OF_SYMPTOM.get(case.symptom)
    if cause is None:
        return
    line = Line(Kind.ANSWER, "The recipient has the message, and this is what is wrong with it.")
    is_beside = case.state in NOT_THERE
    yield Claim(cause, (line,), Place.BESIDE if is_beside else Place.NARROWER, against=tuple(_contradiction(case)))


def _late(case: Case) -> Iterator[Claim]:
    """It came late: because of what put it off, if anything did."""
    delivery = case.delivery
    if case.symptom != "late" or delivery is None or delivery.state != "accepted":
        return
    named = [item for item in delivery.deferrals if item.cause in OF_REPLIES - VAGUE]
    if not named:
        return
    told = (
        Line(Kind.REPLY, f"It was put off before it was accepted: {named[-1].reply or named[-1].cause}"),
        Line(Kind.REPLY, _accepted_line(delivery)),
    )
    yield Claim(named[-1].cause, told, Place.STOPPED)


def _accepted(case: Case) -> Iterator[Claim]:
    delivery = case.delivery
    if case.answers:
        told = tuple(Line(Kind.REPLY, _answered(item, case), link=item.link) for item in case.answers[:MOST_ANSWERS])
        yield Claim("accepted_by_recipient_server", told, Place.ARRIVED)
    if case.has_reached and case.in_junk != "yes":
        yield Claim("junked", (Line(Kind.REPLY, FROM_JUNK, POSSIBLE),), Place.BESIDE, against=_looked(case))
    if delivery is None or delivery.state != "accepted":
        return
    told = (Line(Kind.LOG, _accepted_line(delivery)),)
    if case.other_domain_tried == "arrived":
        told += (Line(Kind.LOG, "At another domain it arrived, so it is lost behind this one's server."),)
    if case.symptom == "late" and not delivery.deferrals:
        told += (Line(Kind.LOG, "It was accepted at the first try, so the delay is on their side."),)
    yield Claim("accepted_by_recipient_server", told, Place.ARRIVED)
    if not case.in_junk or case.in_junk == "no":
        much = Line(Kind.LOG, "It was accepted, and much of what is not found is in junk.")
        yield Claim("junked", (much,), Place.BESIDE, against=_looked(case))


def _looked(case: Case) -> tuple[str, ...]:
    return ("The recipient looked and did not find it there.",) if case.in_junk == "no" else ()


def _answered(item: AnswerFact, case: Case) -> str:
    came = f"came from {item.sender} on {case.exact(item.at)}"
    if case.delivery is not None and item.is_to(case.delivery):
        return f"An automatic answer to this very message {came}, so it reached the mailbox. That is not to say read."
    return f"An automatic answer {came}. Which message it is to is not known."


def _accepted_line(delivery: DeliveryFact) -> str:
    return f"{delivery.said_by} accepted it: {delivery.reply or delivery.reply_code or '250'}"


RULES = (_junked, _looks_wrong, _late, _accepted)
