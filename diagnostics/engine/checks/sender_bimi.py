"""Would mail programs show the sender's logo (BIMI)? It decides nothing about delivery, and is only worth knowing."""

from __future__ import annotations

from collections.abc import Sequence

from diagnostics.engine.check import Check
from diagnostics.engine.findings import Actor, Argument, Code, Finding, Source, Verdict
from diagnostics.engine.path import together
from diagnostics.engine.protocols import bimi, dmarc
from diagnostics.engine.protocols.dmarc import Policy
from diagnostics.engine.resolver import Resolver
from diagnostics.engine.subject import Subject

DRAFT = "https://datatracker.ietf.org/doc/draft-brand-indicators-for-message-identification/"
RULE = (Source("BIMI draft", "4", DRAFT),)
NONE = Code(
    "bimi.none", Verdict.NOT_APPLICABLE, Actor.NOBODY, "{domain} publishes no logo", "Few domains do.", "", RULE,
)  # fmt: skip
DECLINED = Code(
    "bimi.declined", Verdict.NOT_APPLICABLE, Actor.NOBODY, "{domain} wants no logo shown", "It says so itself.", "",
    RULE,
)  # fmt: skip
FINE = Code(
    "bimi.fine", Verdict.OK, Actor.NOBODY, "{domain} publishes a logo with a certificate",
    "The logo is at {location}. The certificate was not looked at.", "", RULE,
)  # fmt: skip
NO_CERTIFICATE = Code(
    "bimi.no_certificate", Verdict.NOTICE, Actor.NOBODY, "The logo of {domain} has no certificate",
    "Some mail programs show it; Gmail and Apple show none without a mark certificate (a=).", "", RULE,
)  # fmt: skip
NOT_ENFORCED = Code(
    "bimi.not_enforced", Verdict.NOTICE, Actor.BRANCH_IT, "The logo of {domain} is not shown anywhere",
    "Mail programs show a logo only where DMARC is enforced, and the policy in force here is {policy}.",
    "Once all mail of {domain} passes DMARC, the branch's IT sets p=quarantine at {at}. Until then a logo has no use.",
    RULE,
)  # fmt: skip
MALFORMED = Code(
    "bimi.malformed", Verdict.NOTICE, Actor.BRANCH_IT, "The BIMI record of {domain} cannot be used",
    "{problem} No mail program shows a logo.",
    "The branch's IT publishes one TXT record at default._bimi.{domain}: v=BIMI1; l=https://…/logo.svg; "
    "a=https://…/mark.pem. It may as well be removed: delivery does not depend on it.",
    RULE,
)  # fmt: skip
UNKNOWN = Code(
    "bimi.unknown", Verdict.UNKNOWN, Actor.SUPPORT, "Could not find out whether {domain} publishes a logo",
    "A name server did not answer. Nothing about delivery depends on it.",
    "Nothing to do; the next examination asks again.", RULE,
)  # fmt: skip
CODES = (FINE, NOT_ENFORCED, NO_CERTIFICATE, MALFORMED, DECLINED, NONE, UNKNOWN)


async def look(subject: Subject, resolver: Resolver) -> Sequence[Finding]:
    domain = subject.sender_domain
    answer, in_force = await together(
        resolver.query(f"default._bimi.{domain}", "TXT"), dmarc.policy_for(resolver, domain)
    )
    if answer.is_unknown:
        return [UNKNOWN.found(answer, domain=domain)]
    texts = bimi.select_records(answer.records)
    if not texts:
        return [NONE.found(answer, domain=domain)]
    try:
        if len(texts) > 1:
            raise bimi.IndicatorProblem(f"There are {len(texts)} records where one must be.")
        record = bimi.parse_record(texts[0])
    except bimi.IndicatorProblem as problem:
        return [MALFORMED.found(answer, domain=domain, problem=str(problem))]
    facts: dict[str, Argument] = {"domain": domain, "location": record.location}
    if record.is_declined:
        return [DECLINED.found(answer, **facts)]
    if in_force.is_known and in_force.effective not in (Policy.QUARANTINE, Policy.REJECT):
        policy = in_force.policy.value if in_force.policy else "none"
        return [NOT_ENFORCED.found(answer, **facts, policy=policy, at=f"_dmarc.{domain}")]
    if not record.authority:
        return [NO_CERTIFICATE.found(answer, **facts)]
    return [FINE.found(answer, **facts)]


CHECK = Check(
    slug="sender-bimi",
    question="Would mail programs show the sender's logo?",
    needs=frozenset({"sender_domain"}),
    codes=CODES,
    look=look,
    sources=RULE,
)
