"""Ranking: from all that is known of a case to what most likely happened, how sure that is, and what speaks against it.

Pure and explainable: each rule looks at one kind of evidence and names a cause with its lines. The words mean:
*certain*, a direct record decides it alone; *likely*, everything known agrees and nothing speaks against it, but no
record names it; *possible*, else. What stopped this message goes before what would have stopped it, a record before a
prediction, the narrower cause before the wider. What is missing is named as missing, never read as a fault.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from diagnostics.engine.causes.case import Case, FindingFact
from diagnostics.engine.causes.catalogue import CAUSES, Cause
from diagnostics.engine.findings import Actor, Verdict


class Confidence(StrEnum):
    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


_SURE = (Confidence.CERTAIN, Confidence.LIKELY, Confidence.POSSIBLE)
#: How long a sending server usually tries (RFC 5321 §4.5.4.1: at least four to five days).
QUEUE_LIFE = timedelta(days=5)
#: A record this far from the time that was reported may be about another message.
NEAR = timedelta(days=3)
#: What a reply says without saying why.
VAGUE = frozenset({"", "unknown", "recipient_refused_unspecified", "still_trying", "remote_system_error"})
#: Refusals that, between one domain and itself, mean that it was taken for a forgery.
LIKE_FORGERY = frozenset(
    {"recipient_policy", "recipient_refused_unspecified", "sender_address_rejected", "unknown", "spam_content"}
)
#: Which cause a check's problem predicts.
PREDICTED = {
    "sender-dmarc": "auth_failure",
    "sender-spf": "auth_failure",
    "sending-ip-reverse": "rdns_missing",
    "sending-ip-listed": "sender_ip_blocked",
    "recipient-mx": "domain_or_dns",
    "self-to-self": "self_to_self_blocked",
    "recipient-allow-list": "recipient_policy",
}


@dataclass(frozen=True, slots=True)
class Ranked:
    """One cause of a ranking, with the lines for and against it."""

    cause: str
    confidence: Confidence
    for_: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    place: int = 0

    @property
    def known(self) -> Cause:
        return CAUSES[self.cause]

    @property
    def title(self) -> str:
        return self.known.title

    @property
    def meaning(self) -> str:
        return self.known.meaning

    @property
    def actor(self) -> Actor:
        return self.known.actor

    @property
    def remedy(self) -> str:
        return self.known.remedy


Rule = Callable[[Case], Iterator[Ranked]]


def rank(case: Case) -> tuple[Ranked, ...]:
    """What most likely happened, the most sure and most narrow first; never empty, ``unknown`` where nothing proves."""
    found: dict[str, Ranked] = {}
    for rule in RULES:
        for item in rule(case):
            found[item.cause] = _joined(found[item.cause], item) if item.cause in found else item
    missing = tuple(_missing(case))
    if not found:
        return (Ranked("unknown", Confidence.POSSIBLE, ("Nothing that was looked at names a cause.",), missing),)
    ordered = sorted(found.values(), key=lambda item: (item.place, _SURE.index(item.confidence)))
    if ordered[0].confidence is not Confidence.CERTAIN:
        ordered[0] = replace(ordered[0], against=(*ordered[0].against, *missing))
    return tuple(ordered)


def _joined(one: Ranked, other: Ranked) -> Ranked:
    """Two rules that name the same cause: the surer word, the earlier place, the lines of both."""
    return Ranked(
        one.cause,
        min(one.confidence, other.confidence, key=_SURE.index),
        tuple(dict.fromkeys([*one.for_, *other.for_])),
        tuple(dict.fromkeys([*one.against, *other.against])),
        min(one.place, other.place),
    )


def _missing(case: Case) -> Iterator[str]:
    if case.delivery is None and not case.is_covered:
        yield "Missing: the message log does not cover that time, so the absence of a record proves nothing."
    if not case.findings:
        yield "Missing: the checks have found nothing yet."
    elif any(item.verdict is Verdict.UNKNOWN for item in case.findings):
        yield "Missing: some checks could not find out."
    if not case.in_junk:
        yield "Missing: nobody has looked in the junk folder yet."


# Places: 0 what stopped this very message by a record of ours, 1 what its server said, 2 what the address shows,
# 3 what is missing where something should be, 4 what was accepted, 5 what would stop such a message.


def _suspended(case: Case) -> Iterator[Ranked]:
    at = case.around or case.now
    if not case.is_suspended or (case.delivery and case.delivery.state in ("accepted", "refused", "deferred")):
        return
    if case.suspended_since and case.suspended_since > at:
        return
    since = f" since {case.suspended_since:%d %b %Y %H:%M} UTC" if case.suspended_since else ""
    line = f"The e-mail function of the branch is suspended{since}: {case.suspended_reason or 'no reason was given'}"
    sure = Confidence.CERTAIN if case.suspended_since or not case.around else Confidence.LIKELY
    yield Ranked("sending_suspended", sure, (line,))


def _errors(case: Case) -> Iterator[Ranked]:
    if case.delivery is not None and case.delivery.state != "error":
        return
    texts = [item.text for item in case.errors if case.around is None or abs(item.at - case.around) <= NEAR]
    if case.delivery is not None:
        texts.append(case.delivery.reply)
    for text in texts:
        flat = text.lower()
        is_own = case.sends_through_own_server and any(
            word in flat
            for word in ("connect", "tls", "certificate", "login", "authentic", "timed out", "refused", "535")
        )
        cause = "own_server_failed" if is_own else "send_error"
        yield Ranked(cause, Confidence.CERTAIN, (f"The application recorded: {text}",))


def _suppressed(case: Case) -> Iterator[Ranked]:
    at = case.around or case.now
    if case.delivery is not None and case.delivery.state != "submitted":
        return
    for item in case.suppressed:
        if item.since <= at and (item.until is None or item.until > at):
            yield Ranked(
                "suppressed",
                Confidence.CERTAIN,
                (f"Suppressed since {item.since:%d %b %Y}: {item.reason.replace('_', ' ')}",),
            )


def _refused(case: Case) -> Iterator[Ranked]:
    delivery = case.delivery
    if delivery is None or delivery.state not in ("refused", "expired"):
        return
    said = f"{delivery.remote_host or 'Their server'} said: {delivery.reply}" if delivery.reply else "It was refused."
    cause = delivery.cause or "unknown"
    if case.is_to_itself and cause in LIKE_FORGERY:
        lines = (said, "Sender and recipient have the same domain, and the message came from outside.")
        yield Ranked("self_to_self_blocked", Confidence.LIKELY, lines, place=1)
        yield Ranked(cause, Confidence.POSSIBLE, (said,), place=6)
        return
    if cause in ("domain_or_dns", "no_such_user", "network_or_timeout"):
        yield from _narrower(case, said)
    if cause == "recipient_refused_unspecified":
        yield Ranked(cause, Confidence.LIKELY, (said,), ("The reply does not say why.",), place=1)
    elif cause == "unknown":
        yield Ranked(cause, Confidence.POSSIBLE, (said,), ("The reply does not say why in words we know.",), place=6)
    else:
        yield Ranked(cause, Confidence.CERTAIN, (said,), place=1)


def _narrower(case: Case, said: str) -> Iterator[Ranked]:
    """A refused domain or mailbox may be a typing mistake, or not the client's address at all."""
    typo = _typo(case)
    if typo is not None:
        yield Ranked("address_typo", Confidence.LIKELY, (said, typo.title), place=0)
    elif _is_off_profile(case):
        yield Ranked("address_not_on_profile", Confidence.LIKELY, (said, _off_profile_line(case)), place=0)


def _deferred(case: Case) -> Iterator[Ranked]:
    delivery = case.delivery
    if delivery is None or delivery.state != "deferred":
        return
    said = f"{delivery.remote_host or 'Their server'} said: {delivery.reply}" if delivery.reply else "It was put off."
    if delivery.cause not in VAGUE:
        yield Ranked(delivery.cause, Confidence.CERTAIN, (said,), place=1)
    age = case.now - delivery.at
    if age < QUEUE_LIFE:
        tries = f"Tried {delivery.attempts} times so far; the sending server goes on trying for about five days."
        yield Ranked("still_trying", Confidence.LIKELY, (said, tries), place=1 if delivery.cause in VAGUE else 2)
    elif delivery.cause in VAGUE:
        yield Ranked(
            "network_or_timeout", Confidence.POSSIBLE, (said, "It has been tried for longer than usual."), place=1
        )


def _handed(case: Case) -> Iterator[Ranked]:
    delivery = case.delivery
    if delivery is None or delivery.state not in ("submitted", "handed"):
        return
    line = "It was handed to the sending server and nothing has been heard since."
    if case.now - delivery.at < QUEUE_LIFE:
        yield Ranked("still_trying", Confidence.POSSIBLE, (line,), place=4)


def _accepted(case: Case) -> Iterator[Ranked]:
    delivery = case.delivery
    if case.in_junk == "yes":
        yield Ranked("junked", Confidence.CERTAIN, ("The recipient found it in junk.",))
        return
    if case.symptom in ("banner_missing", "badly_formatted"):
        cause = "images_blocked" if case.symptom == "banner_missing" else "badly_formatted"
        yield Ranked(cause, Confidence.LIKELY, ("The recipient has the message, and this is what is wrong with it.",))
        return
    if delivery is None or delivery.state != "accepted":
        return
    said = f"{delivery.remote_host or 'Their server'} accepted it: {delivery.reply or delivery.reply_code or '250'}"
    if case.symptom == "late" and delivery.deferral_cause:
        yield Ranked(
            delivery.deferral_cause, Confidence.LIKELY, ("It was put off before it was accepted.", said), place=1
        )
    if case.is_forgot and _is_off_profile(case):
        yield Ranked("address_not_on_profile", Confidence.LIKELY, (_off_profile_line(case), said), place=2)
    yield Ranked("accepted_by_recipient_server", Confidence.LIKELY, (said,), place=4)
    yield Ranked(
        "junked", Confidence.POSSIBLE, ("It was accepted, and much of what is not found is in junk.",),
        ("The recipient looked and did not find it there.",) if case.in_junk == "no" else (), place=5,
    )  # fmt: skip


def _address(case: Case) -> Iterator[Ranked]:
    if case.delivery is not None and case.delivery.state == "accepted":
        return
    if case.address_fault:
        yield Ranked("address_malformed", Confidence.CERTAIN, (case.address_fault,), place=0)
        return
    typo = _typo(case)
    has_answer = case.delivery is not None and case.delivery.state in ("refused", "deferred", "expired")
    if typo is not None and not has_answer:
        sure = Confidence.LIKELY if typo.verdict is Verdict.PROBLEM else Confidence.POSSIBLE
        yield Ranked("address_typo", sure, (typo.title,), place=2)
    if _is_off_profile(case) and not has_answer:
        sure = Confidence.LIKELY if case.is_forgot else Confidence.POSSIBLE
        yield Ranked("address_not_on_profile", sure, (_off_profile_line(case),), place=2 if case.is_forgot else 5)


def _typo(case: Case) -> FindingFact | None:
    return next((item for item in case.findings if item.code.startswith("address.typo")), None)


def _is_off_profile(case: Case) -> bool:
    return bool(case.profile_addresses) and case.recipient.lower() not in {a.lower() for a in case.profile_addresses}


def _off_profile_line(case: Case) -> str:
    return f"The client's profile holds {', '.join(case.profile_addresses)}, not {case.recipient}."


def _absent(case: Case) -> Iterator[Ranked]:
    """Nothing in the log: not sent, where the log is complete and nobody saw a record of it."""
    if case.delivery is not None or case.errors or case.has_case_note or case.case_note_seen == "yes":
        return
    if case.in_junk == "yes" or case.symptom in ("banner_missing", "badly_formatted", "late"):
        return
    line = "There is no message log record and no case note for it."
    if case.is_covered:
        yield Ranked("not_sent", Confidence.LIKELY, (line, "The log of that time is complete."), place=3)
    elif case.case_note_seen == "no":
        yield Ranked("not_sent", Confidence.POSSIBLE, (line, "The reporter sees none either."), place=3)


def _predicted(case: Case) -> Iterator[Ranked]:
    """What the checks say would stop such a message. A record of this one says more, so these come after it."""
    said = case.delivery.state if case.delivery else ""
    if said in ("accepted", "error"):
        return
    for item in case.findings:
        cause = PREDICTED.get(item.check)
        if cause is None or item.verdict is not Verdict.PROBLEM:
            continue
        was_sent = bool(said) or case.has_case_note or case.case_note_seen == "yes"
        # The domain's own DNS decides for every message; a policy or a list decides only at who uses it.
        sure = Confidence.LIKELY if was_sent and said in ("", "handed", "submitted") else Confidence.POSSIBLE
        is_vague = case.delivery is not None and case.delivery.cause in VAGUE
        yield Ranked(cause, sure, (item.title,), place=2 if is_vague or said in ("", "handed", "submitted") else 5)


def _tried_elsewhere(case: Case) -> Iterator[Ranked]:
    if case.other_domain_tried != "arrived" or (case.delivery and case.delivery.state in ("refused", "error")):
        return
    line = "The same mail arrived at another address of the recipient on another domain."
    yield Ranked("recipient_policy", Confidence.POSSIBLE, (line,), place=5)


RULES: tuple[Rule, ...] = (
    _suspended,
    _errors,
    _suppressed,
    _refused,
    _deferred,
    _handed,
    _accepted,
    _address,
    _absent,
    _predicted,
    _tried_elsewhere,
)
