"""Does SPF let our server send for this branch?

A receiver asks SPF about the domain of the envelope (MAIL FROM), which people never see. Where our server uses an
envelope domain of its own, that domain must authorise its addresses, and the branch's own SPF does not decide; where
it uses the branch's domain, the branch's record does. Each sending address is evaluated as a receiver would.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from diagnostics.engine import path
from diagnostics.engine.check import Check
from diagnostics.engine.checks.sender_spf_codes import CODES, SOURCES, Words
from diagnostics.engine.findings import Argument, Evidence, Finding
from diagnostics.engine.ip import is_public
from diagnostics.engine.protocols import spf
from diagnostics.engine.protocols.spf import Evaluation, Outcome, Result, Trace
from diagnostics.engine.resolver import Answer, Resolver, Status
from diagnostics.engine.subject import SendingServer, Subject

#: From this many on, the next service that a domain adds may break its record.
NEAR_LIMIT = 9
#: How many items a sentence lists; a record with more is hostile or beyond help.
MOST_TOLD = 12

Proof = tuple[Evidence | Answer, ...]


@dataclass(frozen=True, slots=True)
class _Domain:
    """One domain whose SPF is looked at, and what evaluating it gave."""

    name: str
    answer: Answer
    texts: tuple[str, ...]
    evaluations: tuple[Evaluation, ...]
    terms: tuple[str, ...]


async def look(subject: Subject, resolver: Resolver) -> Sequence[Finding]:
    server = subject.sending_server
    if server is None:
        return await _record_alone(subject, resolver)
    addresses = server.addresses or await _addresses_of(server.host, resolver)
    private = [address for address in addresses if not is_public(address)]
    # Nobody is ever advised to publish what no receiver can see.
    addresses = tuple(address for address in addresses if address not in private)
    unseen = [Words.NOT_PUBLIC.found(addresses=private)] if private else []
    if private and not addresses:
        return unseen
    if not addresses:
        return [Words.NO_ADDRESS.found(Evidence.record("our record of the sending server"), host=server.host)]
    envelope = server.envelope_domain or subject.sender_domain
    terms = spf.terms_for(server.spf_include, addresses)
    names = list(dict.fromkeys((envelope, subject.sender_domain)))
    domains = await path.together(*(_examined(name, server, addresses, terms, resolver) for name in names))
    own, author = domains[0], domains[-1]
    if author.answer.status is Status.NXDOMAIN:
        return [*(_of_vendor(own) if own is not author else ()), _no_domain(subject, author.answer), *unseen]
    if envelope != subject.sender_domain:
        return [*_of_vendor(own), *_of_bystander(author, envelope), *unseen]
    return [*_of_branch(own, server), *unseen, *await _advice(own, resolver)]


async def _addresses_of(host: str, resolver: Resolver) -> tuple[str, ...]:
    if not host:
        return ()
    found = await path.together(resolver.query(host, "A"), resolver.query(host, "AAAA"))
    return tuple(record for answer in found for record in answer.records)


async def _examined(
    name: str, server: SendingServer, addresses: Sequence[str], terms: tuple[str, ...], resolver: Resolver
) -> _Domain:
    sender = f"postmaster@{name}"
    answer, evaluations = await path.together(
        resolver.query(name, "TXT"),
        path.together(*(spf.check_host(resolver, ip, name, sender, server.helo or server.host) for ip in addresses)),
    )
    return _Domain(name, answer, spf.select_records(answer.records), evaluations, terms)


def _no_domain(subject: Subject, answer: Answer) -> Finding:
    """Of a domain that does not exist that is all there is to say, and once: the recipient's is told of elsewhere."""
    code = Words.NOT_LOOKED_AT if subject.is_to_itself else Words.NO_DOMAIN
    return code.found(answer, domain=subject.sender_domain)


async def _record_alone(subject: Subject, resolver: Resolver) -> list[Finding]:
    """Without a server to ask about, only whether the record can be read."""
    name = subject.sender_domain
    answer = await resolver.query(name, "TXT")
    if answer.status is Status.NXDOMAIN:
        return [_no_domain(subject, answer)]
    domain = _Domain(name, answer, spf.select_records(answer.records), (), ())
    if answer.is_unknown:
        return [Words.TEMPERROR.found(answer, domain=name, asked=_asked(answer))]
    if not domain.texts:
        return [Words.NO_RECORD.found(answer, domain=name)]
    if len(domain.texts) > 1:
        return [_several(domain)]
    try:
        spf.parse_record(domain.texts[0])
    except spf.RecordProblem as problem:
        return [Words.SYNTAX.found(answer, domain=name, problem=str(problem), record=domain.texts[0])]
    return [Words.RECORD.found(answer, domain=name), *await _advice(domain, resolver)]


def _of_branch(domain: _Domain, server: SendingServer) -> list[Finding]:
    """What is to be said where the branch's own record decides."""
    if len(domain.texts) > 1 and not domain.answer.is_unknown:
        return [_several(domain)]
    findings = []
    for result, group in _by_result(domain.evaluations):
        evidence = _proof(domain, group)
        facts = _facts(domain, group)
        if result is Result.PERMERROR:
            findings.append(_permanent(domain, group, evidence))
        elif result is Result.TEMPERROR:
            failed = group[0].failed
            asked = _asked(failed) if failed else group[0].problem
            findings.append(Words.TEMPERROR.found(*evidence, domain=domain.name, asked=asked))
        elif result in (Result.FAIL, Result.SOFTFAIL, Result.NEUTRAL) and _includes(group[0], server.spf_include):
            findings.append(Words.INCLUDE_LACKS.found(*evidence, **facts, include=server.spf_include))
        else:
            findings.append(Words.OF_BRANCH[result].found(*evidence, **facts))
    return findings


def _of_vendor(domain: _Domain) -> list[Finding]:
    """What is to be said of the vendor's own envelope domain: any fault is ours."""
    findings = []
    for result, group in _by_result(domain.evaluations):
        code = Words.OF_VENDOR[result]
        evidence = _proof(domain, group)
        findings.append(code.found(*evidence, **_facts(domain, group), result=result.value, problem=group[0].problem))
    return findings


def _of_bystander(domain: _Domain, envelope: str) -> list[Finding]:
    """WL-07: the From-domain's SPF, when the envelope is the vendor's and so decides."""
    results = {item.result for item in domain.evaluations}
    evidence = _proof(domain, domain.evaluations)
    facts = {**_facts(domain, domain.evaluations), "envelope": envelope}
    if results == {Result.PASS}:
        return [Words.FROM_PASS.found(*evidence, **facts)]
    if Result.TEMPERROR in results:
        return [Words.FROM_UNKNOWN.found(*evidence, **facts)]
    if len(domain.texts) > 1:
        return [Words.FROM_BROKEN.found(*evidence, **{**facts, "record": spf.merged(domain.texts, domain.terms)})]
    if Result.PERMERROR in results:
        return [Words.FROM_BROKEN.found(*evidence, **facts)]
    return [Words.FROM_NOT_NEEDED.found(*evidence, **facts)]


def _permanent(domain: _Domain, group: Sequence[Evaluation], evidence: Proof) -> Finding:
    """Which of the permanent errors it is, and so what is to be done."""
    found = group[0]
    facts: dict[str, Argument] = {**_facts(domain, group), "problem": found.problem, "lookups": found.used.lookups}
    if found.used.lookups > spf.MAX_LOOKUPS:
        return Words.TOO_MANY_LOOKUPS.found(*evidence, **facts, costs=_costs(found.trace))
    if found.used.voids > spf.MAX_VOIDS:
        code = Words.VOIDS_DISPUTED if found.is_voids_disputed else Words.TOO_MANY_VOIDS
        voids: dict[str, Argument] = {
            "voids": found.used.voids,
            "voids_of_both": found.used.voids_of_both,
            "empty": _empty(found),
        }
        return code.found(*evidence, **facts, **voids)
    if found.trace.record is None:
        record = domain.texts[0] if domain.texts else ""
        return Words.SYNTAX.found(*evidence, domain=domain.name, problem=found.problem, record=record)
    deciding = found.deciding
    if deciding is not None and deciding.nested is None and deciding.term.lstrip("+-~?").lower().startswith("mx"):
        # P50: nothing else makes an "mx" an error for good.
        return Words.TOO_MANY_SERVERS.found(*evidence, **facts, term=deciding.term, where=deciding.where)
    return Words.INCLUDE_BROKEN.found(*evidence, **facts, term=deciding.term if deciding else "")


async def _advice(domain: _Domain, resolver: Resolver) -> list[Finding]:
    """What is weak in a record that can be read."""
    if len(domain.texts) != 1:
        return []
    try:
        record = spf.parse_record(domain.texts[0])
    except spf.RecordProblem:
        return []
    findings = []
    last = record.all
    if last is not None and last.qualifier == "+":
        findings.append(Words.ANYBODY.found(domain.answer, domain=domain.name))
    elif last is None and record.redirect is None:
        findings.append(Words.NO_END.found(domain.answer, domain=domain.name, record=f"{record.text.rstrip()} ~all"))
    if record.unreachable:
        terms = [item.text for item in record.unreachable[:MOST_TOLD]]
        findings.append(Words.UNREACHABLE.found(domain.answer, domain=domain.name, terms=terms))
    if any(item.name == "ptr" for item in record.mechanisms):
        findings.append(Words.PTR.found(domain.answer, domain=domain.name))
    cost = await spf.cost_of(resolver, domain.name, record.text)
    is_over = any(item.used.lookups > spf.MAX_LOOKUPS for item in domain.evaluations)
    if cost.total >= NEAR_LIMIT and not is_over:
        dearest = sorted(cost.branches, key=lambda item: -item.total)[:MOST_TOLD]
        costs = [f"{item.domain} {1 + item.total}" for item in dearest]
        findings.append(Words.NEAR_LIMIT.found(domain.answer, domain=domain.name, lookups=cost.total, costs=costs))
    return findings


def _several(domain: _Domain) -> Finding:
    record = spf.merged(domain.texts, domain.terms)
    return Words.SEVERAL.found(domain.answer, domain=domain.name, count=len(domain.texts), record=record)


def _by_result(evaluations: Sequence[Evaluation]) -> list[tuple[Result, list[Evaluation]]]:
    """The evaluations that gave the same result together, the worst first."""
    groups = [(result, [item for item in evaluations if item.result is result]) for result in Words.WORST_FIRST]
    return [(result, group) for result, group in groups if group]


def _facts(domain: _Domain, group: Sequence[Evaluation]) -> dict[str, Argument]:
    current = domain.texts[0] if len(domain.texts) == 1 else ""
    return {
        "domain": domain.name,
        "addresses": [item.ip for item in group],
        "record": spf.with_terms(current, domain.terms),
        "terms": list(domain.terms),
    }


def _includes(found: Evaluation, include: str) -> bool:
    """The record already leads to what authorises our server, and that did not name the address."""
    return bool(include) and any(trace.domain.lower() == include.lower() for trace in found.trace.walk())


def _costs(trace: Trace) -> list[str]:
    # The term itself is one, and what its record asks comes on top.
    return [f"{step.nested.domain} {1 + step.nested.own_lookups}" for step in trace.steps if step.nested is not None]


def _empty(found: Evaluation) -> list[str]:
    """The questions that came back empty."""
    answers = (answer for trace in found.trace.walk() for step in trace.steps for answer in step.answers)
    return list(dict.fromkeys(_asked(answer) for answer in answers if answer.is_absent))


def _asked(answer: Answer) -> str:
    return f"{answer.name} {answer.rdtype}"


def _proof(domain: _Domain, group: Sequence[Evaluation]) -> Proof:
    return (domain.answer, *(_story(item) for item in group))


def _story(found: Evaluation) -> Evidence:
    """The evaluation as lines: each term, how it ended, and how many of the ten look-ups were used by then."""
    return Evidence(
        question=f"SPF of {found.domain} for {found.ip}",
        status=found.result.value,
        lines=tuple(_lines(found.trace, "")),
        note=found.problem or found.explanation,
        form="tree",
    )


def _lines(trace: Trace, indent: str) -> list[str]:
    lines = []
    for step in trace.steps:
        budget = f" [{step.used.lookups} of {spf.MAX_LOOKUPS}]" if step.nested or step.answers else ""
        nested = step.nested
        result = f" ({nested.result.value})" if nested else ""
        outcome = "matches" if step.outcome is Outcome.MATCH else step.outcome.value.replace("_", " ")
        lines.append(f"{indent}{step.term}: {outcome}{result}{budget}")
        if nested is not None:
            lines.extend(_lines(nested, indent + "  "))
    return lines


CHECK = Check(
    slug="sender-spf",
    question="Does SPF let our server send for this domain?",
    needs=frozenset({"sender_domain"}),
    codes=CODES,
    look=look,
    sources=SOURCES,
)
