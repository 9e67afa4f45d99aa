"""check_host(): does a domain's SPF authorise an address to send in its name (RFC 7208 §4)?

The record's terms are tried in their order until one matches; ``include`` and ``redirect`` go into other domains'
records. Ten terms may ask DNS in all, and what cannot be found out is a temporary error, apart from what is wrong with
the record for good. The evaluation goes term by term as the standard counts, but before it does, :func:`_foresee` asks
the questions of the whole tree at once, so that a resolver that remembers answers then has them at hand.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import replace

from diagnostics.engine import path
from diagnostics.engine.ip import IPAddress, reverse_name
from diagnostics.engine.names import NameProblem, is_under, normalised
from diagnostics.engine.protocols.spf.macros import Facts, MacroProblem, read_macros, shortened
from diagnostics.engine.protocols.spf.parse import Mechanism, RecordProblem, SPFRecord, parse_record, select_records
from diagnostics.engine.protocols.spf.trace import (
    MAX_LOOKUPS,
    MAX_VOIDS,
    Budget,
    Evaluation,
    Outcome,
    Result,
    Step,
    Trace,
)
from diagnostics.engine.resolver import Answer, Resolver, Status, failed

MAX_MX = 10  # RFC 7208 §4.6.4
MAX_PTR = 10  # RFC 7208 §4.6.4
#: How many questions may be asked before their turn; a tree that keeps the limits has hardly more.
MAX_FORESEEN = 40
#: Under this note stands a name that was not asked for, because no DNS message can hold it.
NOT_CARRIED = "DNS cannot carry this name"

_RESULTS = {"+": Result.PASS, "-": Result.FAIL, "~": Result.SOFTFAIL, "?": Result.NEUTRAL}
_OUTCOMES = {Result.TEMPERROR: Outcome.TEMPERROR, Result.PERMERROR: Outcome.PERMERROR}


class _Stop(Exception):
    """The evaluation ends here, with ``result`` and because of ``problem``."""

    def __init__(self, result: Result, problem: str) -> None:
        super().__init__(problem)
        self.result = result
        self.problem = problem


async def check_host(
    resolver: Resolver,
    ip: str | IPAddress,
    domain: str,
    sender: str = "",
    helo: str = "",
    *,
    receiver: str = "unknown",
    now: int = 0,
) -> Evaluation:
    """What the SPF of ``domain`` says of ``ip``, when ``sender`` (its MAIL FROM) greets as ``helo``.

    ValueError when ``ip`` is none. ``now`` (seconds since 1970) and ``receiver`` fill macros of the explanation.
    """
    address = ipaddress.ip_address(str(ip))
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped  # RFC 7208 §5: an IPv4-mapped address is an IPv4 address.
    local, _, origin = sender.rpartition("@")
    # RFC 7208 §4.3: without a local part it is postmaster's.
    sender = f"{local or 'postmaster'}@{origin or domain}"
    facts = Facts(ip=address, sender=sender, domain=domain, helo=helo or domain, receiver=receiver, now=now)
    evaluator = _Evaluator(resolver, facts)
    trace = await evaluator.evaluate(domain)
    explanation = await evaluator.explain(trace) if trace.result is Result.FAIL else ""
    return Evaluation(ip=str(address), domain=domain, result=trace.result, trace=trace, explanation=explanation)


def is_checkable(domain: str) -> bool:
    """``domain`` is a name of several labels that DNS can carry, and no address literal (RFC 7208 §4.3)."""
    try:
        name = normalised(domain)
    except NameProblem:
        return False
    return "." in name and re.fullmatch(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?", name.rpartition(".")[2]) is not None


class _Evaluator:
    """The state of one evaluation: what has been used up, and what stays the same in all records."""

    def __init__(self, resolver: Resolver, facts: Facts) -> None:
        self.resolver = resolver
        self.facts = facts
        self.used = Budget()
        self._is_foreseen = False
        #: What the term being tried has asked so far.
        self._asked: list[Answer] = []

    async def evaluate(self, domain: str) -> Trace:
        """The result for ``domain``, and how it came to be."""
        before = self.used
        if not is_checkable(domain):
            problem = f"{domain[:80]!r} is no domain that can have a record."
            return Trace(domain=domain, result=Result.NONE, before=before, after=before, problem=problem)
        answer = await self.resolver.query(domain, "TXT")
        try:
            record = _record_of(domain, answer)
        except _Stop as stop:
            return Trace(domain, stop.result, before, self.used, answer=answer, problem=stop.problem)
        if not self._is_foreseen:
            self._is_foreseen = True
            await _foresee(self.resolver, self.facts, domain, record)
        steps: list[Step] = []
        result, problem = await self._terms(domain, record, steps)
        return Trace(domain, result, before, self.used, answer, record, tuple(steps), problem)

    async def _terms(self, domain: str, record: SPFRecord, steps: list[Step]) -> tuple[Result, str]:
        """The result of the record's terms, and the problem where it is an error; ``steps`` is filled on the way."""
        for mechanism in record.mechanisms:
            step = await self._step(domain, mechanism)
            steps.append(step)
            if step.outcome is Outcome.MATCH:
                return _RESULTS[mechanism.qualifier], ""
            if step.outcome is not Outcome.NO_MATCH:
                return Result(step.outcome.value), step.problem
        if record.redirect is None:
            return Result.NEUTRAL, ""  # RFC 7208 §4.7
        step, result = await self._redirect(domain, record.redirect.text, record.redirect.value)
        steps.append(step)
        return result, step.problem

    async def _step(self, domain: str, mechanism: Mechanism) -> Step:
        """One mechanism, tried."""
        self._asked = []
        target, problem = "", ""
        nested: Trace | None = None
        try:
            self._count(mechanism.asks)
            target = await self._target(domain, mechanism)
            if mechanism.name == "include":
                nested = await self._include(target)
                outcome = _included(nested)
                problem = "" if outcome in (Outcome.MATCH, Outcome.NO_MATCH) else nested.problem
            else:
                outcome = Outcome.MATCH if await self._matches(mechanism, target) else Outcome.NO_MATCH
        except _Stop as stop:
            outcome, problem = Outcome(stop.result.value), stop.problem
        answers = () if nested else tuple(self._asked)
        return Step(mechanism.text, domain, outcome, self.used, target, problem, answers, nested)

    async def _redirect(self, domain: str, term: str, spec: str) -> tuple[Step, Result]:
        """RFC 7208 §6.1: the other record's result is this one's, but a domain without a record is an error."""
        target = ""
        try:
            self._count(True)
            target = await self._expanded(domain, spec)
            nested = await self.evaluate(target)
        except _Stop as stop:
            outcome = Outcome(stop.result.value)
            return Step(term, domain, outcome, self.used, target, stop.problem), stop.result
        result = nested.result
        problem = nested.problem
        if result is Result.NONE:
            result, problem = Result.PERMERROR, f"{target} has no SPF record, and {term} leads there."
        outcome = _OUTCOMES.get(result, Outcome.MATCH)
        return Step(term, domain, outcome, self.used, target, problem, nested=nested), result

    async def _include(self, target: str) -> Trace:
        nested = await self.evaluate(target)
        if nested.result is Result.NONE:
            # RFC 7208 §5.2: to include a domain without a record is an error for good.
            problem = f"{target} has no SPF record, and is included all the same."
            return replace(nested, problem=problem)
        return nested

    def _count(self, asks: bool) -> None:
        if not asks:
            return
        self.used = replace(self.used, lookups=self.used.lookups + 1)
        if self.used.lookups > MAX_LOOKUPS:
            raise _Stop(Result.PERMERROR, f"More than {MAX_LOOKUPS} terms make a receiver ask DNS.")

    async def _target(self, domain: str, mechanism: Mechanism) -> str:
        if mechanism.name in ("all", "ip4", "ip6"):
            return ""
        return await self._expanded(domain, mechanism.domain) if mechanism.domain else domain

    async def _expanded(self, domain: str, spec: str) -> str:
        text = read_macros(spec)
        facts = replace(self.facts, domain=domain)
        if "p" in text.letters:
            facts = replace(facts, validated=await self._validated_name(domain))
        return shortened(text.expand(facts))

    async def _matches(self, mechanism: Mechanism, target: str) -> bool:
        if mechanism.name == "all":
            return True
        if mechanism.network is not None:
            return _is_in(self.facts.ip, mechanism.network)
        if _never_matches(mechanism.domain, self.facts.sender):
            return False
        if mechanism.name == "a":
            return self._covers(mechanism, await self._addresses(target))
        if mechanism.name == "mx":
            return await self._mx(mechanism, target)
        if mechanism.name == "ptr":
            return bool(await self._validated_names(under=target, counts=True))
        # RFC 7208 §5.7: the question is for A, whatever the client's family.
        return (await self._ask(target, "A")).is_ok

    def _covers(self, mechanism: Mechanism, addresses: Iterable[str]) -> bool:
        prefix = mechanism.prefix4 if self.facts.ip.version == 4 else mechanism.prefix6
        for text in addresses:
            try:
                network = ipaddress.ip_network(f"{text}/{prefix}", strict=False)
            except ValueError:
                continue
            if _is_in(self.facts.ip, network):
                return True
        return False

    async def _mx(self, mechanism: Mechanism, target: str) -> bool:
        answer = await self._ask(target, "MX")
        hosts = _hosts(answer)
        if len(hosts) > MAX_MX:
            # RFC 7208 §4.6.4: the names of one "mx" are ten at most.
            raise _Stop(Result.PERMERROR, f"{target} has {len(hosts)} mail servers; {MAX_MX} are the most for mx.")
        await path.together(*(self.resolver.query(host, self._family) for host in hosts))
        for host in hosts:
            if self._covers(mechanism, await self._addresses(host)):
                return True
        return False

    @property
    def _family(self) -> str:
        return "A" if self.facts.ip.version == 4 else "AAAA"

    async def _addresses(self, name: str) -> tuple[str, ...]:
        other = "AAAA" if self._family == "A" else "A"
        return (await self._ask(name, self._family, other=other)).records

    async def _ask(self, name: str, rdtype: str, *, other: str = "") -> Answer:
        """The answer, empty where the name or the record does not exist; stops where it could not be had.

        An empty one counts. ``other`` is the type of the other family, asked for so that both ways of counting are
        known.
        """
        answer = await _query(self.resolver, name, rdtype)
        self._asked.append(answer)
        if answer.is_unknown:
            raise _Stop(Result.TEMPERROR, f"{answer.name} {rdtype}: {answer.note or answer.status.value}")
        if answer.is_absent and answer.note != NOT_CARRIED:
            is_one_sided = False
            if other and answer.status is Status.NODATA:
                is_one_sided = not (await _query(self.resolver, name, other)).is_absent
            self._count_void(is_one_sided=is_one_sided)
        return answer

    def _count_void(self, *, is_one_sided: bool = False) -> None:
        """One more question came back empty; ``is_one_sided`` when the other family has an address."""
        used = self.used
        of_both = used.voids_of_both + (not is_one_sided)
        self.used = replace(used, voids=used.voids + 1, voids_of_both=of_both)
        if self.used.voids > MAX_VOIDS:
            raise _Stop(Result.PERMERROR, f"More than {MAX_VOIDS} questions came back empty.")

    async def _validated_names(self, *, under: str = "", counts: bool = False) -> list[str]:
        """The names of the address that lead back to it (RFC 7208 §5.5), of those under ``under`` where it is given.

        What cannot be found out here is passed over: the standard says so.
        """
        answer = await self.resolver.query(reverse_name(self.facts.ip), "PTR")
        self._asked.append(answer)
        if counts and answer.is_absent:
            self._count_void()
        # RFC 7208 §4.6.4: of more than ten names the first ten are looked at.
        names = [name for name in answer.records[:MAX_PTR] if not under or is_under(name, _lower(under))]
        found = await path.together(*(_query(self.resolver, name, self._family) for name in names))
        self._asked.extend(found)
        return [name for name, reply in zip(names, found, strict=True) if str(self.facts.ip) in reply.records]

    async def _validated_name(self, domain: str) -> str:
        """What ``%{p}`` stands for (RFC 7208 §7.3): the domain itself, else a name under it, else any."""
        names = await self._validated_names()
        own = _lower(domain)
        if own in names:
            return own
        return next((name for name in names if is_under(name, own)), names[0] if names else "unknown")

    async def explain(self, trace: Trace) -> str:
        """The domain's own words on a failure (RFC 7208 §6.2), empty where it has none. Never changes the result."""
        while trace.steps and trace.steps[-1].nested and trace.steps[-1].term.lower().startswith("redirect="):
            trace = trace.steps[-1].nested
        if trace.record is None or trace.record.exp is None:
            return ""
        spec = trace.record.exp.value
        if _never_matches(spec, self.facts.sender):
            return ""
        answer = await _query(self.resolver, await self._expanded(trace.domain, spec), "TXT")
        if len(answer.records) != 1:
            return ""
        try:
            text = read_macros(answer.records[0], explains=True)
        except MacroProblem:
            return ""
        facts = replace(self.facts, domain=trace.domain)
        if "p" in text.letters:
            facts = replace(facts, validated=await self._validated_name(trace.domain))
        return text.expand(facts)


def _record_of(domain: str, answer: Answer) -> SPFRecord:
    """The one SPF record in ``answer`` (RFC 7208 §4.4 to §4.6)."""
    if answer.is_unknown:
        raise _Stop(Result.TEMPERROR, f"{answer.name} TXT: {answer.note or answer.status.value}")
    texts = select_records(answer.records)
    if not texts:
        raise _Stop(Result.NONE, f"{domain} has no SPF record.")
    if len(texts) > 1:
        raise _Stop(Result.PERMERROR, f"{domain} has {len(texts)} SPF records, and may have one.")
    try:
        return parse_record(texts[0])
    except RecordProblem as problem:
        raise _Stop(Result.PERMERROR, f"{domain}: {problem}") from problem


def _included(nested: Trace) -> Outcome:
    """RFC 7208 §5.2: what an include makes of the other record's result."""
    if nested.result is Result.NONE:
        return Outcome.PERMERROR
    if nested.result in _OUTCOMES:
        return _OUTCOMES[nested.result]
    return Outcome.MATCH if nested.result is Result.PASS else Outcome.NO_MATCH


def _never_matches(spec: str, sender: str) -> bool:
    """RFC 8616 §4: a local part that is not ASCII stands in no name, so a term that needs it matches nothing."""
    return bool(spec) and not sender.isascii() and bool(read_macros(spec).letters & {"s", "l"})


def _lower(name: str) -> str:
    return name.lower().removesuffix(".")


def _is_in(ip: IPAddress, network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    return ip.version == network.version and ip in network


def _hosts(answer: Answer) -> tuple[str, ...]:
    """The mail servers of an MX answer, without the "no mail here" of RFC 7505."""
    hosts = (record.partition(" ")[2] for record in answer.records)
    return tuple(host for host in hosts if host not in ("", "."))


def in_dns_form(name: str) -> str:
    """``name`` with what a macro may bring into it, a space say, written as DNS writes it (RFC 1035 §5.1)."""
    return re.sub(r"[\x00-\x20\x7f\\]", lambda match: f"\\{ord(match[0]):03d}", name)


async def _query(resolver: Resolver, name: str, rdtype: str) -> Answer:
    """The answer; a name that DNS cannot carry does not exist (RFC 7208 §4.8)."""
    try:
        return await resolver.query(normalised(in_dns_form(name)), rdtype)
    except NameProblem:
        return failed(name, rdtype, Status.NXDOMAIN, NOT_CARRIED)


async def _foresee(resolver: Resolver, facts: Facts, domain: str, record: SPFRecord) -> None:
    """Ask what the tree below ``record`` will ask, all branches at once, for a resolver that remembers answers.

    Bounded by :data:`MAX_FORESEEN` questions and by the names seen, so a hostile tree costs no more than a large one.
    Nothing here counts, and nothing here decides.
    """
    seen: set[tuple[str, str]] = {(_lower(domain), "TXT")}

    async def go(where: str, read: SPFRecord, depth: int) -> None:
        await path.together(*(follow(*question, depth) for question in _questions(facts, where, read)))

    async def follow(name: str, rdtype: str, leads_on: bool, depth: int) -> None:
        if (_lower(name), rdtype) in seen or len(seen) >= MAX_FORESEEN:
            return
        seen.add((_lower(name), rdtype))
        answer = await _query(resolver, name, rdtype)
        if rdtype == "MX":
            hosts = _hosts(answer)[:MAX_MX]
            family = "A" if facts.ip.version == 4 else "AAAA"
            await path.together(*(follow(host, family, False, depth) for host in hosts))
        if not leads_on or depth >= MAX_LOOKUPS:
            return
        try:
            nested = _record_of(name, answer)
        except _Stop:
            return
        await go(name, nested, depth + 1)

    await go(domain, record, 1)


def _questions(facts: Facts, domain: str, record: SPFRecord) -> list[tuple[str, str, bool]]:
    """The questions of a record's own terms: name, type, and whether the answer is another record."""
    questions: list[tuple[str, str, bool]] = []
    kinds = {"include": "TXT", "a": "A" if facts.ip.version == 4 else "AAAA", "mx": "MX", "exists": "A"}
    own = replace(facts, domain=domain)
    for mechanism in record.mechanisms:
        if mechanism.name == "all" or (mechanism.network and _is_in(facts.ip, mechanism.network)):
            # What stands behind the term that matches is never asked.
            return questions[:MAX_LOOKUPS]
        if mechanism.name == "ptr":
            questions.append((reverse_name(facts.ip), "PTR", False))
        if mechanism.name not in kinds:
            continue
        text = read_macros(mechanism.domain)
        if "p" not in text.letters:
            name = shortened(text.expand(own)) or domain
            questions.append((name, kinds[mechanism.name], mechanism.name == "include"))
    if record.redirect:
        text = read_macros(record.redirect.value)
        if "p" not in text.letters:
            questions.append((shortened(text.expand(own)), "TXT", True))
    return questions[:MAX_LOOKUPS]
