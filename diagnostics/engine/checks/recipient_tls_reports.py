"""Does the recipient's domain hear when mail to it cannot be encrypted (TLS-RPT)? Only worth knowing."""

from __future__ import annotations

from collections.abc import Sequence

from diagnostics.engine.check import Check
from diagnostics.engine.findings import Actor, Code, Finding, Record, Source, Verdict
from diagnostics.engine.names import Address, parse_address, shown
from diagnostics.engine.protocols.tlsrpt import ReportProblem, parse_record, select_records
from diagnostics.engine.resolver import Resolver
from diagnostics.engine.subject import Subject

RULE = (Source("RFC 8460", "3"),)
NONE = Code(
    "tlsrpt.none", Verdict.NOT_APPLICABLE, Actor.NOBODY, "{domain} asks for no reports of failed encryption",
    "Few domains do.", "", RULE,
)  # fmt: skip
FINE = Code(
    "tlsrpt.fine", Verdict.OK, Actor.NOBODY, "{domain} is told when mail to it cannot be encrypted",
    "Reports go to {places}.", "", RULE,
)  # fmt: skip
MALFORMED = Code(
    "tlsrpt.malformed", Verdict.NOTICE, Actor.RECIPIENT_IT, "{domain} asks for TLS reports in a way nobody understands",
    "{problem} So no sender reports, and a fault in its encryption stays unnoticed.",
    "The recipient's IT publishes one TXT record at _smtp._tls.{domain}: v=TLSRPTv1; rua=mailto:postmaster@{domain}",
    RULE, publish=Record("_smtp._tls.{domain}", "TXT", "v=TLSRPTv1; rua=mailto:postmaster@{domain}"),
)  # fmt: skip
UNKNOWN = Code(
    "tlsrpt.unknown", Verdict.UNKNOWN, Actor.SUPPORT, "Could not find out whether {domain} asks for TLS reports",
    "A name server did not answer. Nothing about delivery depends on it.",
    "Nothing to do; the next examination asks again.", RULE,
)  # fmt: skip
CODES = (FINE, MALFORMED, NONE, UNKNOWN)


async def look(subject: Subject, resolver: Resolver) -> Sequence[Finding]:
    parsed = parse_address(subject.recipient)
    if not isinstance(parsed, Address) or not parsed.domain:
        return []
    domain = shown(parsed.domain)
    answer = await resolver.query(f"_smtp._tls.{parsed.domain}", "TXT")
    if answer.is_unknown:
        return [UNKNOWN.found(answer, domain=domain)]
    texts = select_records(answer.records)
    if not texts:
        return [NONE.found(answer, domain=domain)]
    if len(texts) > 1:
        return [MALFORMED.found(answer, domain=domain, problem=f"There are {len(texts)} records where one must be.")]
    try:
        record = parse_record(texts[0])
    except ReportProblem as problem:
        return [MALFORMED.found(answer, domain=domain, problem=str(problem))]
    return [FINE.found(answer, domain=domain, places=list(record.places))]


CHECK = Check(
    slug="recipient-tls-reports",
    question="Does the recipient's domain hear of failed encryption?",
    needs=frozenset({"recipient"}),
    codes=CODES,
    look=look,
    sources=RULE,
)
