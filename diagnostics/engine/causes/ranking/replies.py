"""What the other side said of this very message: it was refused, put off, given up, or nothing has been heard."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta

from diagnostics.engine.causes.case import HAS_IT, Case, DeferralFact, DeliveryFact
from diagnostics.engine.causes.ranking.address import off_profile_line, typo_of
from diagnostics.engine.causes.ranking.claims import Claim, Confidence, Kind, Line, Place, least
from diagnostics.engine.causes.ranking.grounds import OF_REPLIES
from diagnostics.engine.causes.remedies import Remedy
from diagnostics.engine.findings import Actor
from diagnostics.engine.messages.reply import Rule, read_reply

CERTAIN, LIKELY, POSSIBLE = Confidence.CERTAIN, Confidence.LIKELY, Confidence.POSSIBLE
#: How long a sending server usually tries (RFC 5321 §4.5.4.1: at least four to five days).
QUEUE_LIFE = timedelta(days=5)
#: A server that cannot be reached for less than this is not worth anybody's turn yet.
FRESH = timedelta(hours=2)
#: A sending server tries again at least every few hours; silence for longer is a gap in what we know.
SILENCE = timedelta(days=1)
#: What a reply says without saying why.
VAGUE = frozenset({"", "unknown", "recipient_refused_unspecified", "still_trying", "send_error"})
#: Refusals that, between one domain and itself, mean that it was taken for a forgery.
LIKE_FORGERY = frozenset({"recipient_policy", "recipient_refused_unspecified", "sender_address_rejected"})
#: A refusal that says which of its own troubles it has with the sender is about that, not about forgery.
_OTHER_TROUBLE = re.compile(r"not found|does not exist|must exist|resolve|verif|call-?(?:out|back)|unrouteable", re.I)
_POLICY = re.compile(r"\bpolic(?:y|ies)\b", re.I)
_OF_SERVER = re.compile(r"\bip\b|client host|\blist|blacklist|reputation|rbl\b|dnsbl|spamhaus|\d+\.\d+\.\d+\.\d+", re.I)
_AUTHENTICATION = re.compile(r"\b(?:spf|dkim|dmarc)\b", re.I)
#: RFC 7208 §2.4: what SPF looks at is the domain of the envelope sender, which need not be that of the From address.
_OF_SPF = Remedy(
    Actor.BRANCH_IT,
    "This reply names SPF: look whether the SPF record of the domain in the envelope sender covers the sending server. "
    "A DKIM record does not mend that.",
)
#: What the branch's own server says when it does not let the sending application in.
OF_OWN_SERVER = frozenset({"network_or_timeout", "tls_required", "recipient_policy", "auth_failure", "relay_denied"})
_LOGIN = re.compile(r"\b53[045]\b|\bsasl\b|login|authenticat|credential", re.I)
#: A name that is not found now may be found later; a time-out is never a fault.
_OF_DNS = frozenset({"domain_or_dns", "network_or_timeout"})
_DNS = re.compile(r"name service|name server|\bdns\b|domain lookup|host or domain name", re.I)
_PASSING = re.compile(r"try again|temporar|servfail|timed out|timeout", re.I)
#: What everybody says who says "later", and what only a real fault is called.
_BLAND = re.compile(
    r"temporary (?:\w+ )?(?:failure|error|problem)|\b(?:re)?try (?:again|later)|service (?:\w+ )?(?:not |un)available"
    r"|closing|\bbusy\b",
    re.I,
)
_FAULT = re.compile(
    r"config|\bdisk\b|storage|\bspace\b|\bloop|queue file|internal|database|lookup|resource|too many hops|i/o|filter",
    re.I,
)
#: Status codes that say what they mean without words (RFC 3463); the others are classes.
_TELLING = ("1.1", "1.2", "1.3", "1.6", "1.7", "1.8", "1.10", "2.1", "2.2", "2.3", "3.4", "4.6", "5.3", "7.10")


def said(delivery: DeliveryFact) -> str:
    """The reply, with who said it."""
    if not delivery.reply:
        return {"deferred": "It was put off.", "expired": "It was given up."}.get(delivery.state, "It was refused.")
    if delivery.is_bounce and not delivery.remote_host:
        return f"What came back says: {delivery.reply}"
    return f"{delivery.said_by} said: {delivery.reply}"


def named(delivery: DeliveryFact) -> str:
    """The cause that the reply was read to; "unknown" where it was read to none that a reply can be about."""
    return delivery.cause if delivery.cause in OF_REPLIES else "unknown"


def _named_here(case: Case, delivery: DeliveryFact) -> str:
    """The cause that the reply names, where sender and recipient are these two.

    A filter that speaks of forgery of its own domain, and is not the sender's, has a rule that is too wide; or it means
    that the sender could not be verified.
    """
    cause = named(delivery)
    if cause != "self_to_self_blocked" or case.may_be_to_itself:
        return cause
    return "auth_failure" if _AUTHENTICATION.search(delivery.reply) else "recipient_policy"


def names_it(
    cause: str, reply: str, *, code: str = "", status: str = "", host: str = "", rules: Sequence[Rule] = ()
) -> Confidence:
    """How clearly a reply names ``cause``: by its words or by a telling code, or only by the class of a code.

    ``rules`` are what the caller has named replies by.
    """
    reading = read_reply(reply, reply_code=code, status=status, remote_host=host, extra=rules)
    if reading.cause != cause:
        # Whoever read it knew more than the words: the command that was refused, or an earlier reply.
        return CERTAIN
    return CERTAIN if reading.is_worded or reading.status[2:] in _TELLING else LIKELY


def _refused(case: Case) -> Iterator[Claim]:
    delivery = case.delivery
    if delivery is None or delivery.state != "refused":
        return
    line, cause = said(delivery), _named_here(case, delivery)
    if _is_of_own_server(case, delivery, cause):
        yield Claim("own_server_failed", (Line(Kind.REPLY, line),), Place.STOPPED)
        return
    if _is_like_forgery(case, delivery, cause):
        yield from _forged(cause, line)
        return
    yield from _narrower(case, cause, line)
    if delivery.cause == "still_trying":
        # It failed for good, and all that was ever said is "later".
        yield Claim("network_or_timeout", (Line(Kind.REPLY, line, LIKELY),), Place.STOPPED)
        return
    if cause == "unknown":
        yield Claim("unknown", (Line(Kind.REPLY, line),), Place.UNDECIDED, remarks=("We do not know these words.",))
        return
    remarks = ["The reply does not say why."] if cause == "recipient_refused_unspecified" else []
    most = _clearly(case, cause, delivery)
    if case.symptom in HAS_IT:
        # The record of this message stands, but what the person has may be the one that is asked about.
        remarks.append("The person has a message from us before them.")
        most = least(most, LIKELY)
    remedies = (_OF_SPF,) if cause == "auth_failure" and _is_of_spf(delivery.reply) else ()
    yield Claim(cause, (Line(Kind.REPLY, line, most),), Place.STOPPED, remarks=tuple(remarks), remedies=remedies)


def _is_of_spf(reply: str) -> bool:
    """It names SPF, and none of the other ways to vouch for a sender."""
    return {item.lower() for item in _AUTHENTICATION.findall(reply)} == {"spf"}


def _clearly(case: Case, cause: str, delivery: DeliveryFact) -> Confidence:
    return names_it(
        cause,
        delivery.reply,
        code=delivery.reply_code,
        status=delivery.status,
        host=delivery.remote_host,
        rules=case.rules,
    )


def _is_of_own_server(case: Case, delivery: DeliveryFact, cause: str) -> bool:
    """The branch's own server is who refused, and not because of the recipient."""
    if not delivery.is_by_own_server or not case.sends_through_own_server:
        return False
    return cause in OF_OWN_SERVER or _LOGIN.search(delivery.reply) is not None


def _is_like_forgery(case: Case, delivery: DeliveryFact, cause: str) -> bool:
    if not case.is_to_itself:
        return False
    if cause == "sender_ip_blocked":
        # "Refused by policy" without a word about an address or a list is a policy refusal.
        return _POLICY.search(delivery.reply) is not None and _OF_SERVER.search(delivery.reply) is None
    return cause in LIKE_FORGERY and not (cause == "sender_address_rejected" and _OTHER_TROUBLE.search(delivery.reply))


def _forged(cause: str, line: str) -> Iterator[Claim]:
    apart = "Sender and recipient have the same domain, and the message came from outside."
    told = (Line(Kind.REPLY, line, LIKELY), Line(Kind.REPLY, apart, LIKELY))
    yield Claim("self_to_self_blocked", told, Place.NARROWER)
    yield Claim(cause, (Line(Kind.REPLY, line, POSSIBLE),), Place.BESIDE)


def _narrower(case: Case, cause: str, line: str) -> Iterator[Claim]:
    """A refused domain or mailbox may be a typing mistake, or not the client's address at all."""
    if cause not in ("domain_or_dns", "no_such_user", "network_or_timeout", "relay_denied"):
        return
    typo = typo_of(case)
    if typo is not None:
        told = (Line(Kind.REPLY, line), Line(Kind.CHECK, typo.title))
        yield Claim("address_typo", told, Place.NARROWER, remedies=typo.remedies)
    elif case.is_off_profile and case.is_forgot and cause != "network_or_timeout":
        told = (Line(Kind.REPLY, line), Line(Kind.RECORD, off_profile_line(case)))
        yield Claim("address_not_on_profile", told, Place.NARROWER)


def _deferred(case: Case) -> Iterator[Claim]:
    delivery = case.delivery
    if delivery is None or delivery.state != "deferred" or case.is_traced:
        return
    line, cause = said(delivery), _named_here(case, delivery)
    if _is_of_own_server(case, delivery, cause):
        yield Claim("own_server_failed", (Line(Kind.REPLY, line),), Place.STOPPED)
        return
    against = _silence(case, delivery)
    clearly = _named_by_deferral(case, delivery, cause)
    if clearly is not None and _is_like_forgery(case, delivery, cause):
        yield from _forged(cause, line)
    elif clearly is not None:
        most = least(clearly, LIKELY) if against else clearly
        yield Claim(cause, (Line(Kind.REPLY, line, most),), Place.STOPPED, remarks=against)
    if case.now - delivery.at < QUEUE_LIFE:
        tries = f"Tried {delivery.attempts} times so far; the sending server goes on trying for about five days."
        told = (Line(Kind.REPLY, line), Line(Kind.REPLY, tries))
        yield Claim("still_trying", told, Place.BESIDE if clearly else Place.STOPPED, against=against)
    elif clearly is None:
        told = (Line(Kind.REPLY, line, POSSIBLE), Line(Kind.REPLY, "It has been tried longer than usual.", POSSIBLE))
        yield Claim("network_or_timeout", told, Place.STOPPED)


def _named_by_deferral(case: Case, delivery: DeliveryFact, cause: str) -> Confidence | None:
    """How clearly the reply of a deferral names why; None where it only says "later"."""
    if cause in VAGUE or (cause in _OF_DNS and _DNS.search(delivery.reply) and _PASSING.search(delivery.reply)):
        return None
    if cause == "remote_system_error":
        # A fault may be mended by the next try, so even where it is named it has not decided yet.
        return LIKELY if _clearly(case, cause, delivery) is CERTAIN and not _is_bland(delivery.reply) else None
    if cause == "network_or_timeout":
        # A warning of delay is read so for want of a better word; only what the reply itself says counts here.
        own = read_reply(delivery.reply, status=delivery.status, remote_host=delivery.remote_host, extra=case.rules)
        return LIKELY if own.cause == cause and case.now - delivery.at > FRESH else None
    if cause == "greylisted" and case.now - delivery.at > SILENCE:
        return LIKELY
    return _clearly(case, cause, delivery)


def _is_bland(reply: str) -> bool:
    """It speaks of a fault only as everybody does who says "later"."""
    return _BLAND.search(reply) is not None and _FAULT.search(reply) is None


def _silence(case: Case, delivery: DeliveryFact) -> tuple[str, ...]:
    last = delivery.state_at or delivery.at
    if case.now - last <= SILENCE:
        return ()
    return (f"Nothing has been heard of it since {case.exact(last)}; it may have been accepted since.",)


def _expired(case: Case) -> Iterator[Claim]:
    """Given up: the cause of the last deferral that named one, unless in the end nobody answered at all."""
    delivery = case.delivery
    if delivery is None or delivery.state != "expired":
        return
    last = delivery.deferrals[-1] if delivery.deferrals else None
    told = last or DeferralFact(at=delivery.at, cause=delivery.cause, reply=delivery.reply)
    cause = "network_or_timeout" if told.cause == "network_or_timeout" else _named_here(case, delivery)
    line = f"{delivery.said_by} said last: {told.reply}" if told.reply else said(delivery)
    over = "The sending server gave it up after trying for as long as it tries."
    if _is_of_own_server(case, delivery, cause):
        yield Claim("own_server_failed", (Line(Kind.REPLY, line), Line(Kind.REPLY, over)), Place.STOPPED)
        return
    if _is_like_forgery(case, delivery, cause):
        yield from _forged(cause, line)
        return
    yield from _narrower(case, cause, line)
    if cause in VAGUE:
        vague = (Line(Kind.REPLY, line, LIKELY), Line(Kind.REPLY, over, LIKELY))
        yield Claim("network_or_timeout", vague, Place.STOPPED)
        return
    others = {item.cause for item in delivery.deferrals} - VAGUE - {cause}
    is_vague = cause in ("greylisted", "domain_or_dns", "remote_system_error") or _DNS.search(told.reply)
    most = LIKELY if others or is_vague else CERTAIN
    remarks = ("Earlier replies named something else.",) if others else ()
    yield Claim(cause, (Line(Kind.REPLY, line, most), Line(Kind.REPLY, over, most)), Place.STOPPED, remarks=remarks)


def _unheard(case: Case) -> Iterator[Claim]:
    """Handed over, and nothing more is known."""
    delivery = case.delivery
    if delivery is None or delivery.state not in ("submitted", "handed") or case.is_traced:
        return
    to = "the sending server" if delivery.state == "handed" else "be sent"
    line = f"It was handed to {to}, and nothing has been heard since."
    yield Claim("unknown", (Line(Kind.LOG, line),), Place.UNDECIDED)
    if case.now - delivery.at < QUEUE_LIFE:
        yield Claim("still_trying", (Line(Kind.LOG, line),), Place.BESIDE)


RULES = (_refused, _deferred, _expired, _unheard)
