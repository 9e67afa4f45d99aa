"""Does signed DNS vouch for the certificates of the recipient's mail servers (DANE), and rightly?

Where it does, senders that validate deliver to no other certificate. A record left over from the last certificate
stops their mail, and only theirs.
"""

from __future__ import annotations

from collections.abc import Sequence

from diagnostics.engine.check import Check
from diagnostics.engine.findings import Actor, Code, Finding, Record, Source, Verdict
from diagnostics.engine.names import Address, parse_address, shown
from diagnostics.engine.path import together
from diagnostics.engine.protocols.dane import TLSAProblem, TLSARecord, parse_record, tlsa_name
from diagnostics.engine.protocols.mx import Route, mail_route
from diagnostics.engine.protocols.smtp import read_dialogue
from diagnostics.engine.records import SMTP
from diagnostics.engine.resolver import Answer, Resolver
from diagnostics.engine.subject import Subject

RULE = (Source("RFC 7672", "2.2"), Source("RFC 7672", "3.1"))
MOST_HOSTS = 4
NONE = Code(
    "dane.none", Verdict.NOT_APPLICABLE, Actor.NOBODY, "The mail servers of {domain} have no DANE records",
    "Most have none.", "", RULE,
)  # fmt: skip
FINE = Code(
    "dane.fine", Verdict.OK, Actor.NOBODY, "Signed DNS vouches for the certificates of {hosts}",
    "Senders that validate DNSSEC deliver only to a server with the certificate named there.", "", RULE,
)  # fmt: skip
UNSIGNED = Code(
    "dane.unsigned", Verdict.NOTICE, Actor.NOBODY, "DANE records of {hosts}, for which our resolver does not vouch",
    "DANE counts only where DNSSEC vouches for the MX and TLSA records. Senders ignore it in a zone that is not.",
    "", (Source("RFC 7672", "2.1"),),
)  # fmt: skip
UNUSABLE = Code(
    "dane.unusable", Verdict.NOTICE, Actor.RECIPIENT_IT, "The DANE records of {hosts} cannot be used for mail",
    "{problem}",
    "The recipient's IT publishes records of the form `3 1 1 …` at _25._tcp.{first}, or removes these.",
    (Source("RFC 7672", "3.1.3"),),
)  # fmt: skip
STALE = Code(
    "dane.stale", Verdict.PROBLEM, Actor.RECIPIENT_IT, "The DANE record of {hosts} is not for the certificate it shows",
    "Senders that validate DNSSEC do not deliver there; all others do not notice.",
    "The recipient's IT publishes at _25._tcp.{first} the TLSA record `{wanted}`.",
    (Source("RFC 7672", "8.1"),), publish=Record("_25._tcp.{first}", "TLSA", "{wanted}"),
)  # fmt: skip
UNKNOWN = Code(
    "dane.unknown", Verdict.UNKNOWN, Actor.SUPPORT, "Could not find out whether {domain} has DANE records",
    "A name server did not answer ({problem}).", "Examine again in a few minutes.", RULE,
)  # fmt: skip
CODES = (STALE, UNUSABLE, UNSIGNED, FINE, NONE, UNKNOWN)


async def look(subject: Subject, resolver: Resolver) -> Sequence[Finding]:
    """The TLSA records of each mail server; against its certificate where the server was called on."""
    parsed = parse_address(subject.recipient)
    if not isinstance(parsed, Address) or not parsed.domain:
        return []
    domain = shown(parsed.domain)
    route = await mail_route(parsed.domain, resolver)
    if route.route is Route.UNKNOWN:
        return [UNKNOWN.found(*route.answers, domain=domain, problem=_why(route.answers))]
    if route.route is not Route.MX:
        return [NONE.found(*route.answers, domain=domain)]
    names = [host for host in route.hosts if not host.replace(".", "").isdigit()][:MOST_HOSTS]
    answers = await together(*(resolver.query(tlsa_name(host), "TLSA") for host in names)) if names else ()
    held = {host: answer for host, answer in zip(names, answers, strict=True) if answer.is_ok}
    if not held:
        if unknown := [answer for answer in answers if answer.is_unknown]:
            return [UNKNOWN.found(*unknown, domain=domain, problem=_why(unknown))]
        return [NONE.found(*answers, domain=domain)]
    is_signed = all(answer.authenticated for answer in (*route.answers, *held.values()))
    if not is_signed:
        return [UNSIGNED.found(*route.answers, *held.values(), domain=domain, hosts=list(held))]
    found = [finding for host, answer in held.items() for finding in await _of_host(host, answer, subject, resolver)]
    return found or [FINE.found(*route.answers, *held.values(), domain=domain, hosts=list(held))]


async def _of_host(host: str, answer: Answer, subject: Subject, resolver: Resolver) -> list[Finding]:
    """What is wrong with the records of one server; nothing where they are in order."""
    records: list[TLSARecord] = []
    problem = "None of them has the usage 2 or 3, the only ones that count for mail."
    for text in answer.records:
        try:
            records.append(parse_record(text))
        except TLSAProblem as error:
            problem = str(error)
    usable = [record for record in records if record.is_usable]
    if not usable:
        return [UNUSABLE.found(answer, hosts=[host], first=host, problem=problem)]
    if not subject.probe:
        return []
    visit = await resolver.query(host, SMTP)
    digests = read_dialogue(visit.records).digests if visit.is_ok else None
    if digests is None:
        return []
    fits = [record.fits(*digests) for record in usable]
    if all(fit is False for fit in fits):
        # One record that fits is enough (RFC 7672 §3.1); one whose hash we do not compute leaves it open.
        return [STALE.found(answer, visit, hosts=[host], first=host, wanted=f"3 1 1 {digests[1]}")]
    return []


def _why(answers: Sequence[Answer]) -> str:
    return next((answer.note or answer.status.value for answer in answers if answer.is_unknown), "no answer")


CHECK = Check(
    slug="recipient-dane",
    question="Does signed DNS vouch for the recipient's mail servers?",
    needs=frozenset({"recipient"}),
    codes=CODES,
    look=look,
    sources=RULE,
)
