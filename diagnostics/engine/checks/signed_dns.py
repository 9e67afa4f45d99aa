"""Are the answers of DNS signed (DNSSEC), and do the signatures hold?

Unsigned is normal. A signature that does not hold is worse than none: resolvers that validate, the large providers'
among them, then find nothing at all, neither MX nor SPF nor the DKIM key, while everybody else sees no fault.
"""

from __future__ import annotations

from collections.abc import Sequence

from diagnostics.engine.check import Check
from diagnostics.engine.findings import Actor, Code, Finding, Source, Verdict
from diagnostics.engine.names import Address, parse_address, shown
from diagnostics.engine.path import together
from diagnostics.engine.resolver import Answer, Resolver, Status
from diagnostics.engine.subject import Subject

RULE = (Source("RFC 4035", "5"), Source("RFC 8914", "4"))
VALID = Code(
    "dnssec.valid", Verdict.OK, Actor.NOBODY, "The answers of {domain} are signed, and the signatures hold",
    "Our resolver has checked them.", "", RULE,
)  # fmt: skip
SIGNED = Code(
    "dnssec.signed", Verdict.OK, Actor.NOBODY, "The answers of {domain} are signed",
    "The zone above holds a DS record. Our resolver finds no fault, but does not say that it checks signatures.",
    "", RULE,
)  # fmt: skip
UNSIGNED = Code(
    "dnssec.unsigned", Verdict.OK, Actor.NOBODY, "No signature is announced for {domain}",
    "There is no DS record at this name. Mail does not need one.", "", RULE,
)  # fmt: skip
BOGUS = Code(
    "dnssec.bogus", Verdict.PROBLEM, Actor.BRANCH_IT, "The signatures of {domain} do not hold",
    "Resolvers that check signatures find nothing of {domain}: no MX, no SPF, no DKIM key. {note}",
    "Whoever runs the DNS of {domain} renews the signatures, or has the DS record removed at the registrar.",
    RULE,
)  # fmt: skip
BOGUS_RECIPIENT = Code(
    "dnssec.bogus_recipient", Verdict.PROBLEM, Actor.RECIPIENT_IT, "The signatures of {domain} do not hold",
    "Senders whose resolver checks signatures cannot find where {domain} takes its mail. {note}",
    "The recipient's IT renews the signatures of {domain}, or has the DS record removed at the registrar.",
    RULE,
)  # fmt: skip
NO_DOMAIN = Code(
    "dnssec.no_domain", Verdict.NOT_APPLICABLE, Actor.NOBODY, "There is nothing to sign, since {domain} does not exist",
    "DNS knows no such name.", "", RULE,
)  # fmt: skip
UNKNOWN = Code(
    "dnssec.unknown", Verdict.UNKNOWN, Actor.SUPPORT, "Could not find out whether the answers of {domain} are signed",
    "{problem}. This says nothing about the domain.", "Examine again in a few minutes.", RULE,
)  # fmt: skip
CODES = (BOGUS, BOGUS_RECIPIENT, VALID, SIGNED, UNSIGNED, NO_DOMAIN, UNKNOWN)
#: A name that is signed as long as there is a DNS: if even this does not validate, it is our resolver that fails.
CONTROL = ("com", "DS")


async def look(subject: Subject, resolver: Resolver) -> Sequence[Finding]:
    """For the sender's domain and the recipient's: the DS record above it, and its own SOA."""
    parsed = parse_address(subject.recipient)
    recipient = parsed.domain if isinstance(parsed, Address) else ""
    wanted = {subject.sender_domain: BOGUS, recipient: BOGUS_RECIPIENT} | {subject.sender_domain: BOGUS}
    return await together(*(_of_domain(name, code, resolver) for name, code in wanted.items() if name))


async def _of_domain(domain: str, bogus: Code, resolver: Resolver) -> Finding:
    ds, soa = await together(resolver.query(domain, "DS"), resolver.query(domain, "SOA"))
    name = shown(domain)
    if broken := next((answer for answer in (soa, ds) if answer.status is Status.BOGUS), None):
        return await _broken(broken, name, bogus, resolver)
    if soa.status is Status.NXDOMAIN:
        return NO_DOMAIN.found(ds, soa, domain=name)
    if soa.is_unknown and ds.is_unknown:
        return UNKNOWN.found(ds, soa, domain=name, problem=soa.note or soa.status.value)
    if soa.authenticated and not soa.is_unknown:
        return VALID.found(ds, soa, domain=name)
    if ds.is_ok:
        return SIGNED.found(ds, soa, domain=name)
    if ds.is_unknown:
        return UNKNOWN.found(ds, soa, domain=name, problem=ds.note or ds.status.value)
    return UNSIGNED.found(ds, soa, domain=name)


async def _broken(broken: Answer, name: str, bogus: Code, resolver: Resolver) -> Finding:
    """P17: a fault of the domain's, unless our resolver takes everything for forged (a wrong clock is enough)."""
    control = await resolver.query(*CONTROL)
    if control.is_ok:
        return bogus.found(broken, control, domain=name, note=broken.note)
    problem = "Our resolver says so of everything, or does not answer"
    return UNKNOWN.found(broken, control, domain=name, problem=problem)


CHECK = Check(
    slug="signed-dns",
    question="Are the answers of DNS signed, and do the signatures hold?",
    needs=frozenset(),
    codes=CODES,
    look=look,
    sources=RULE,
)
