"""Has the recipient's organisation allowed us? What our own records know of it, and whether that still holds."""

from __future__ import annotations

from collections.abc import Sequence

from diagnostics.engine.check import Check
from diagnostics.engine.findings import Actor, Argument, Code, Evidence, Finding, Source, Verdict
from diagnostics.engine.names import Address, parse_address, shown
from diagnostics.engine.resolver import Resolver
from diagnostics.engine.subject import AllowListRecord, Subject

RULE = (Source("Delivery Desk", link=""),)
CONFIRMED = Code(
    "allow.confirmed", Verdict.OK, Actor.NOBODY, "{domain} has confirmed that it allows the sending server",
    "Confirmed on {at}{by}, in {product}.", "", RULE,
)  # fmt: skip
EXPIRED = Code(
    "allow.expired", Verdict.NOTICE, Actor.RECIPIENT_IT, "The confirmation of {domain} has run out",
    "It was confirmed on {at} and held until {expires}. The entry may have been cleaned away since.",
    "Ask their IT whether the entry still stands, and record the answer.",
    RULE,
)  # fmt: skip
CHANGED = Code(
    "allow.changed", Verdict.NOTICE, Actor.RECIPIENT_IT, "{domain} has allowed other addresses than we send from now",
    "Allowed on {at}: {allowed}. We send from {missing} too.",
    "Ask their IT to add {missing} to the allow-list of {product}.",
    RULE,
)  # fmt: skip
REFUSED_SINCE = Code(
    "allow.refused_since", Verdict.NOTICE, Actor.RECIPIENT_IT, "{domain} has refused our mail since it allowed us",
    "Allowed on {at}; on {refused} a rule of theirs refused our mail all the same. So the entry is gone, or another "
    "rule stands before it.",
    "Ask their IT whether the entry for {addresses} in {product} still stands, and send them the refusal.",
    RULE,
)  # fmt: skip
REFUSED = Code(
    "allow.refused", Verdict.PROBLEM, Actor.RECIPIENT_IT, "{domain} has declined to allow the sending server",
    "Their organisation said no on {at}{by}.",
    "Only their IT can change that. Ask the recipient for an address on another domain meanwhile.",
    RULE,
)  # fmt: skip
ASKED = Code(
    "allow.asked", Verdict.NOTICE, Actor.RECIPIENT_IT, "{domain} was asked to allow us and has not answered",
    "Asked on {at}.", "Remind their IT; the request stands on the allow-list page.", RULE,
)  # fmt: skip
NEVER = Code(
    "allow.never_asked", Verdict.NOT_APPLICABLE, Actor.NOBODY, "{domain} has never been asked to allow us",
    "Most organisations need not be asked.", "", RULE,
)  # fmt: skip
CODES = (CONFIRMED, EXPIRED, CHANGED, REFUSED_SINCE, REFUSED, ASKED, NEVER)


async def look(subject: Subject, resolver: Resolver) -> Sequence[Finding]:
    """The newest record decides; asks nothing of DNS."""
    parsed = parse_address(subject.recipient)
    if not isinstance(parsed, Address) or not parsed.domain:
        return []
    records = sorted(
        (item for item in subject.allow_list if item.domain == parsed.domain), key=lambda item: item.at, reverse=True
    )
    if not records:
        return [NEVER.found(domain=shown(parsed.domain))]
    return [_judge(records[0], subject, shown(parsed.domain))]


def _judge(record: AllowListRecord, subject: Subject, domain: str) -> Finding:
    proof = Evidence.record("our allow-list record", f"{record.state} at {record.at}", *record.addresses)
    server = subject.sending_server
    missing = sorted(set(server.addresses if server else ()) - set(record.addresses)) if record.addresses else []
    arguments: dict[str, Argument] = {
        "domain": domain,
        "at": record.at[:10],
        "by": f" by {record.by}" if record.by else "",
        "product": record.product or "their filter",
        "expires": record.expires[:10],
        "allowed": list(record.addresses),
        "missing": missing,
        "refused": subject.refused_at[:10],
        "addresses": list(server.addresses) if server else [],
    }
    if record.state == "refused":
        return REFUSED.found(proof, **arguments)
    if record.state == "asked":
        return ASKED.found(proof, **arguments)
    if record.has_expired(subject.now):
        return EXPIRED.found(proof, **arguments)
    if missing:
        return CHANGED.found(proof, **arguments)
    if record.was_refused_since(subject.refused_at):
        # WL-12: what happens counts for more than what was promised.
        refusal = Evidence.record("the last refusal by a rule of theirs in our log", subject.refused_at)
        return REFUSED_SINCE.found(proof, refusal, **arguments)
    return CONFIRMED.found(proof, **arguments)


CHECK = Check(
    slug="recipient-allow-list",
    question="Has the recipient's organisation allowed our server?",
    needs=frozenset({"recipient", "person"}),
    codes=CODES,
    look=look,
    sources=RULE,
)
