"""What will receivers do with mail that our server sends as this branch?

DMARC ties it all together: the From-domain says what to do with mail that nothing vouches for, and SPF or DKIM vouches
for it when it passes for a domain aligned with From. So this check foretells: it takes the policy in force, the result
of SPF for the envelope's domain, and the state of the published keys. What could not be found out stays open, and is
never counted as a failure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from diagnostics.engine import path
from diagnostics.engine.check import Check
from diagnostics.engine.checks.sender_dmarc_codes import CODES, SOURCES, Words
from diagnostics.engine.findings import Argument, Evidence, Finding
from diagnostics.engine.names import NameProblem, is_under, normalised
from diagnostics.engine.protocols import dkim, dmarc, spf
from diagnostics.engine.protocols.dmarc import InForce, Policy
from diagnostics.engine.protocols.wildcard import HINT, wildcard_behind
from diagnostics.engine.resolver import Resolver, Status
from diagnostics.engine.subject import DKIMSelector, Subject

#: What becomes of a mail that nothing vouches for, in words.
FATES = {
    Policy.NONE: "delivered as usual, and reported",
    Policy.QUARANTINE: "put into the junk folder",
    Policy.REJECT: "refused",
}


#: Of the places that reports go to so many are asked about; a record names one or two.
MOST_DESTINATIONS = 4


class Vouches(IntEnum):
    """Whether something vouches for the mail; the greater one counts where several could."""

    NO = 0
    UNKNOWN = 1
    YES = 2


@dataclass(frozen=True, slots=True)
class _Voucher:
    """SPF or DKIM: whether it vouches, and why, in a line a person can read."""

    vouches: Vouches
    line: str


async def look(subject: Subject, resolver: Resolver) -> Sequence[Finding]:
    domain = subject.sender_domain
    in_force = await dmarc.policy_for(resolver, domain)
    facts = _facts(in_force, domain)
    findings = _of_record(in_force, facts)
    if not in_force.is_known:
        return findings
    if in_force.place is None:
        return findings or [await _none(subject, in_force, facts, resolver)]
    if subject.sending_server is None:
        of_reports = await _of_reports(in_force, facts, resolver)
        return [Words.POLICY.found(*_proof(in_force), **facts), *findings, *of_reports]
    of_spf, of_dkim, of_reports = await path.together(
        _spf(subject, in_force, resolver), _dkim(subject, resolver), _of_reports(in_force, facts, resolver)
    )
    evidence = Evidence.record("what vouches for the mail", of_spf.line, of_dkim.line)
    facts |= {"spf": of_spf.line, "dkim": of_dkim.line, "todo": _todo(subject)}
    return [_foretold(in_force, of_spf, of_dkim, evidence, facts), *findings, *of_reports]


async def _none(subject: Subject, in_force: InForce, facts: Mapping[str, Argument], resolver: Resolver) -> Finding:
    """No policy; P20: where text of another kind stands in its place, whether that is a wildcard's."""
    itself = await resolver.query(subject.sender_domain, "TXT")
    if itself.status is Status.NXDOMAIN:
        return Words.NO_DOMAIN.found(itself, **facts)
    own = in_force.walk.places[0].answer
    wildcard = await wildcard_behind(own, resolver) if own.is_ok else None
    proof = (*_proof(in_force), *([Evidence.of(wildcard)] if wildcard else []))
    return Words.NONE.found(*proof, **facts, hint=HINT if wildcard else "")


async def _of_reports(in_force: InForce, facts: Mapping[str, Argument], resolver: Resolver) -> list[Finding]:
    """P75: who is to get reports on another's domain must have agreed. What is not answered is not told."""
    record, place = in_force.record, in_force.place
    if record is None or place is None:
        return []
    own = (place.domain, in_force.walk.organisation)
    others = [
        item for item in dmarc.report_domains(record) if not any(is_under(item, o) or is_under(o, item) for o in own)
    ][:MOST_DESTINATIONS]
    names = [dmarc.report_permission_name(place.domain, item) for item in others]
    answers = await path.together(*(resolver.query(name, "TXT") for name in names))
    denied = {
        item: answer
        for item, answer in zip(others, answers, strict=True)
        if not answer.is_unknown and not dmarc.select_records(answer.records)
    }
    if not denied:
        return []
    first = next(iter(denied))
    told: dict[str, Argument] = {"places": list(denied), "destination": first, "name": denied[first].name}
    return [Words.REPORTS_NOT_AUTHORISED.found(place.answer, *denied.values(), **{**facts, **told})]


def _foretold(
    in_force: InForce, of_spf: _Voucher, of_dkim: _Voucher, evidence: Evidence, facts: Mapping[str, Argument]
) -> Finding:
    """WL-09: the policy against what vouches."""
    proof = (*_proof(in_force), evidence)
    if of_dkim.vouches is Vouches.YES:
        return Words.ALIGNED.found(*proof, **facts)
    if of_spf.vouches is Vouches.YES:
        code = Words.SPF_ONLY_DKIM_UNKNOWN if of_dkim.vouches is Vouches.UNKNOWN else Words.SPF_ONLY
        return code.found(*proof, **facts)
    if max(of_spf.vouches, of_dkim.vouches) is Vouches.UNKNOWN:
        return Words.ALIGNMENT_UNKNOWN.found(*proof, **facts)
    if in_force.effective in (Policy.QUARANTINE, Policy.REJECT):
        return Words.NOTHING_ALIGNS.found(*proof, **facts)
    return Words.UNALIGNED.found(*proof, **facts)


async def _spf(subject: Subject, in_force: InForce, resolver: Resolver) -> _Voucher:
    """Whether SPF passes, for every sending address, for an envelope domain aligned with From."""
    server, author = subject.sending_server, subject.sender_domain
    if server is None:
        return _Voucher(Vouches.UNKNOWN, "SPF: the sending server is not known")
    envelope = server.envelope_domain or author
    aligned = await _aligned(envelope, in_force, resolver)
    if aligned is False:
        return _Voucher(Vouches.NO, f"SPF: the envelope's domain {envelope} is not aligned with {author}")
    if not server.addresses:
        return _Voucher(Vouches.UNKNOWN, "SPF: the addresses that send are not known")
    sender, helo = f"postmaster@{envelope}", server.helo or server.host
    found = await path.together(
        *(spf.check_host(resolver, address, envelope, sender, helo) for address in server.addresses)
    )
    results = {item.result for item in found}
    told = f"SPF: {', '.join(f'{item.ip} {item.result.value}' for item in found)} for {envelope}"
    if results - {spf.Result.PASS, spf.Result.TEMPERROR}:
        return _Voucher(Vouches.NO, told)
    if spf.Result.TEMPERROR in results:
        return _Voucher(Vouches.UNKNOWN, told)
    if aligned is None:
        return _Voucher(Vouches.UNKNOWN, f"{told}; whether it is aligned with {author} could not be found out")
    return _Voucher(Vouches.YES, f"{told}, which is aligned with {author}")


async def _aligned(envelope: str, in_force: InForce, resolver: Resolver) -> bool | None:
    author, record = in_force.walk.domain, in_force.record
    is_strict = record is not None and record.is_spf_strict
    organisations = {}
    if envelope != author and not is_strict:
        walks = (in_force.walk, await dmarc.walk(resolver, envelope))
        organisations = {item.domain: item.organisation for item in walks if item.unknown is None}
    return dmarc.is_aligned(envelope, author, is_strict=is_strict, organisations=organisations)


async def _dkim(subject: Subject, resolver: Resolver) -> _Voucher:
    """Whether a key stands that verifies what we sign. We sign as the From-domain itself, which is always aligned."""
    if not subject.selectors:
        return _Voucher(Vouches.NO, f"DKIM: no selector of {subject.sender_domain} is known, so nothing is signed")
    each = await path.together(*(_key(item, subject.sender_domain, resolver) for item in subject.selectors))
    best = max(voucher.vouches for voucher in each)
    return _Voucher(best, "DKIM: " + "; ".join(voucher.line for voucher in each))


async def _key(selector: DKIMSelector, domain: str, resolver: Resolver) -> _Voucher:
    name = dkim.selector_name(selector.selector, domain)
    try:
        normalised(name)
    except NameProblem:
        return _Voucher(Vouches.NO, f"{name} is no name")
    answer = await resolver.query(name, "TXT")
    if answer.is_unknown:
        return _Voucher(Vouches.UNKNOWN, f"{name} could not be asked for ({answer.status.value})")
    if answer.is_absent:
        waits = "" if selector.is_signing else ", with which nothing is signed before it stands"
        return _Voucher(Vouches.NO, f"no key at {name}{waits}")
    judgement = dkim.judged(answer.records, dkim.bare_key(selector.public_key))
    if judgement.verifies and not selector.is_signing:
        return _Voucher(Vouches.UNKNOWN, f"a sound key at {name}, and whether mail is signed with it yet is not known")
    if judgement.verifies:
        return _Voucher(Vouches.YES, f"a sound key at {name}")
    if judgement.state is dkim.State.SEVERAL:
        return _Voucher(Vouches.UNKNOWN, f"several keys at {name}, so it depends on which one a receiver takes")
    if judgement.state is dkim.State.USABLE:
        # RFC 6376 §3.6.1: of a test, receivers may make what they like.
        return _Voucher(Vouches.UNKNOWN, f"the key at {name} says that it is only a test")
    return _Voucher(Vouches.NO, f"the key at {name} is {judgement.state.value.replace('_', ' ')}")


def _of_record(in_force: InForce, facts: Mapping[str, Argument]) -> list[Finding]:
    """What is to be said of the record itself, or of the lack of one."""
    walk = in_force.walk
    findings = []
    if not in_force.is_known:
        asked = walk.unknown.name if walk.unknown else walk.domain
        return [Words.UNKNOWN.found(*_proof(in_force), **facts, asked=asked)]
    for place in walk.places:
        if place.problem and place.domain in (walk.domain, walk.organisation):
            told: dict[str, Argument] = {"at": place.answer.name, "count": len(place.texts), "problem": place.problem}
            code = Words.SEVERAL if len(dmarc.select_records(place.texts)) > 1 else Words.MALFORMED
            findings.append(code.found(place.answer, **{**facts, **told}))
    record, source = in_force.record, in_force.place
    if record is None or source is None:
        return findings
    if record.faults:
        findings.append(Words.FAULTS.found(source.answer, **facts, faults=list(record.faults)))
    if record.is_testing:
        findings.append(Words.TESTING.found(source.answer, **facts))
    if record.historic:
        tags = [f"{name}={value[:20]}" for name, value in record.historic.items()]
        findings.append(Words.HISTORIC.found(source.answer, **facts, tags=tags))
    return findings


def _facts(in_force: InForce, domain: str) -> dict[str, Argument]:
    policy, place = in_force.policy, in_force.place
    return {
        "domain": domain,
        "policy": policy.value if policy else "none",
        "fate": FATES[in_force.effective] if in_force.effective else FATES[Policy.NONE],
        "tag": in_force.tag,
        "at": place.answer.name if place else f"_dmarc.{domain}",
    }


def _todo(subject: Subject) -> str:
    """The record that makes something vouch, as far as our own records hold it. DKIM first: it survives forwarding."""
    domain = subject.sender_domain
    for item in sorted(subject.selectors, key=lambda item: not item.is_signing):
        if item.public_key:
            return f"at {dkim.selector_name(item.selector, domain)} the TXT record {dkim.record_for(item.public_key)}"
    if subject.selectors:
        return f"at {dkim.selector_name(subject.selectors[0].selector, domain)} the DKIM record that we send on request"
    return f"the DKIM record for {domain} that we send on request"


def _proof(in_force: InForce) -> tuple[Evidence, ...]:
    return tuple(Evidence.of(place.answer) for place in in_force.walk.places)


CHECK = Check(
    slug="sender-dmarc",
    question="What will receivers do with our mail in this domain's name?",
    needs=frozenset({"sender_domain"}),
    codes=CODES,
    look=look,
    sources=SOURCES,
)
