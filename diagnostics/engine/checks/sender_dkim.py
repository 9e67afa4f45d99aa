"""Is the key published with which receivers verify our signature in this branch's name?

Selectors cannot be found by asking DNS, but ours are known: we gave them out, and most often the very key as well. So
each is looked up, compared with what we issued to the character, and where something is wrong the remedy is the record
to copy.
"""

from __future__ import annotations

from collections.abc import Sequence

from diagnostics.engine import path
from diagnostics.engine.check import Check
from diagnostics.engine.findings import Actor, Argument, Code, Evidence, Finding, Record, Source, Verdict
from diagnostics.engine.names import NameProblem, normalised
from diagnostics.engine.protocols import dkim
from diagnostics.engine.protocols.dkim import Judgement, State
from diagnostics.engine.protocols.wildcard import HINT, wildcard_behind
from diagnostics.engine.resolver import Answer, Resolver, Status
from diagnostics.engine.subject import DKIMSelector, Subject

_KEY = Source("RFC 6376", "3.6.1")
_LOOKUP = Source("RFC 6376", "3.6.2.2")
_LENGTH = Source("RFC 8301", "3.2")
SOURCES = (_KEY,)

#: What a person copies, where the key is known; where it is not, whom to ask for it.
_PUBLISH = "The branch's IT publishes this TXT record at {name}, and no other beside it: {record}"
_OURS_UNKNOWN = "(ask us for the record; our own records do not hold this key)"

OK = Code(
    "dkim.ok",
    Verdict.OK,
    Actor.NOBODY,
    "The key at {name} is the one we issued",
    "Receivers can verify our signature in the name of {domain} ({kind}, {bits} bits).",
    sources=(_KEY,),
)
PRESENT = Code(
    "dkim.present",
    Verdict.OK,
    Actor.NOBODY,
    "There is a sound key at {name}",
    "Our records do not hold the key of this selector, so whether it is the right one could not be compared "
    "({kind}, {bits} bits).",
    sources=(_KEY,),
)
ABSENT = Code(
    "dkim.absent",
    Verdict.PROBLEM,
    Actor.BRANCH_IT,
    "There is no key at {name}",
    "We sign mail in the name of {domain}, and receivers look here for the key to verify it. They find none, so the "
    "signature counts for nothing.",
    _PUBLISH,
    (_LOOKUP,),
    publish=Record("{name}", "TXT", "{record}"),
)
DANGLING = Code(
    "dkim.dangling",
    Verdict.PROBLEM,
    Actor.BRANCH_IT,
    "{name} is an alias that leads nowhere",
    "The name points to {target}, and there is no key there. The signature counts for nothing, and whoever gets hold "
    "of that name could sign for {domain}.",
    "The branch's IT deletes the CNAME record at {name} and publishes this TXT record instead: {record}",
    (_LOOKUP,),
    publish=Record("{name}", "TXT", "{record}"),
)
REVOKED = Code(
    "dkim.revoked",
    Verdict.PROBLEM,
    Actor.BRANCH_IT,
    "The key at {name} was withdrawn",
    "The record has an empty p=, which tells receivers to trust no signature of this selector any more.",
    _PUBLISH,
    (_KEY,),
    publish=Record("{name}", "TXT", "{record}"),
)
TOO_WEAK = Code(
    "dkim.too_weak",
    Verdict.PROBLEM,
    Actor.BRANCH_IT,
    "The key at {name} is too short to be taken",
    "It has {bits} bits, and receivers refuse to verify with fewer than 1024.",
    "We make a new key of 2048 bits under a new selector. The branch's IT publishes the record that we then send.",
    (_LENGTH,),
)
WEAK = Code(
    "dkim.weak",
    Verdict.NOTICE,
    Actor.BRANCH_IT,
    "The key at {name} is short",
    "It has {bits} bits. Receivers still take it, but 2048 have been recommended since 2018, and some score it lower.",
    "We make a new key of 2048 bits under a new selector. The branch's IT publishes the record that we then send.",
    (_LENGTH,),
)
DIFFERENT = Code(
    "dkim.different",
    Verdict.PROBLEM,
    Actor.BRANCH_IT,
    "The key at {name} is not the one we issued",
    "It differs from ours from character {place} on ({length} of {length_issued} characters are there). Receivers "
    "take every signature of ours for forged.",
    _PUBLISH,
    (_KEY,),
    publish=Record("{name}", "TXT", "{record}"),
)
TESTING = Code(
    "dkim.testing",
    Verdict.NOTICE,
    Actor.BRANCH_IT,
    "The key at {name} says that it is only a test",
    "The record has t=y, so receivers may treat our mail as if it were not signed.",
    "The branch's IT takes t=y out of the TXT record at {name}, which then reads: {record}",
    (_KEY,),
    publish=Record("{name}", "TXT", "{record}"),
)
SEVERAL = Code(
    "dkim.several",
    Verdict.NOTICE,
    Actor.BRANCH_IT,
    "There are {count} key records at {name}",
    "Receivers may take any one of them, so our signature is verified by luck.",
    _PUBLISH,
    (_LOOKUP,),
    publish=Record("{name}", "TXT", "{record}"),
)
MALFORMED = Code(
    "dkim.malformed",
    Verdict.PROBLEM,
    Actor.BRANCH_IT,
    "The record at {name} cannot be used",
    "Receivers cannot read the key, so the signature counts for nothing. {problem}",
    _PUBLISH,
    (_KEY, Source("RFC 6376", "3.2")),
    publish=Record("{name}", "TXT", "{record}"),
)
FOREIGN = Code(
    "dkim.foreign",
    Verdict.PROBLEM,
    Actor.BRANCH_IT,
    "What stands at {name} is no key",
    "There is a TXT record of another kind: {problem} {hint}",
    _PUBLISH,
    (_KEY,),
    publish=Record("{name}", "TXT", "{record}"),
)
CNAME_AS_TEXT = Code(
    "dkim.cname_as_text",
    Verdict.PROBLEM,
    Actor.BRANCH_IT,
    "{name} holds the name of the key's place as text",
    "The name {problem} was to be the target of an alias (CNAME), and was published as a TXT record. Receivers do not "
    "follow text.",
    "The branch's IT deletes the TXT record at {name} and publishes there a CNAME record with the target {problem}",
    (_LOOKUP,),
    publish=Record("{name}", "CNAME", "{problem}"),
)
NOT_PUBLISHED_YET = Code(
    "dkim.not_published_yet",
    Verdict.NOTICE,
    Actor.BRANCH_IT,
    "The key at {name} was issued and is not published yet",
    "It was issued for {domain}. Nothing is signed with it before it stands, so no e-mail suffers from its absence.",
    _PUBLISH,
    (_LOOKUP,),
    publish=Record("{name}", "TXT", "{record}"),
)
NOT_RIGHT_YET = Code(
    "dkim.not_right_yet",
    Verdict.NOTICE,
    Actor.BRANCH_IT,
    "What stands at {name} is not yet the key we issued",
    "{problem} Nothing is signed with this key before it stands as it was issued, so no e-mail suffers from it.",
    _PUBLISH,
    (_KEY,),
    publish=Record("{name}", "TXT", "{record}"),
)
UNKNOWN = Code(
    "dkim.unknown",
    Verdict.UNKNOWN,
    Actor.SUPPORT,
    "Could not find out which key stands at {name}",
    "A name server did not answer ({status}). This says nothing about the key itself.",
    "Examine again in a few minutes. If it stays so, the people who run the name servers of {domain} must look.",
    (_LOOKUP,),
)
NO_NAME = Code(
    "dkim.bad_selector",
    Verdict.PROBLEM,
    Actor.SUPPORT,
    "{name} is no name that DNS can hold",
    "The selector in our records cannot be right. {problem}",
    "We correct the selector in the record of {domain} here.",
    (Source("RFC 6376", "3.1"),),
)
NO_SELECTORS = Code(
    "dkim.no_selectors",
    Verdict.NOTICE,
    Actor.BRANCH_IT,
    "No DKIM key is set up for {domain}",
    "With a key in the branch's DNS receivers can verify that our server sends with the branch's consent. Our records "
    "hold none for this domain.",
    "The branch's IT asks us for a DKIM record for {domain} and publishes it. Once it stands, we sign the mail.",
    (Source("RFC 6376", "1"),),
)
NOT_NAMED = Code(
    "dkim.not_named",
    Verdict.NOT_APPLICABLE,
    Actor.NOBODY,
    "No DKIM selector of {domain} was named, so no key was looked for",
    "Selectors cannot be found by asking DNS, and our own records were not asked.",
    sources=(Source("RFC 6376", "3.1"),),
)

CODES = (
    OK,
    PRESENT,
    ABSENT,
    DANGLING,
    DIFFERENT,
    REVOKED,
    TOO_WEAK,
    MALFORMED,
    FOREIGN,
    CNAME_AS_TEXT,
    NO_NAME,
    SEVERAL,
    WEAK,
    TESTING,
    NOT_PUBLISHED_YET,
    NOT_RIGHT_YET,
    UNKNOWN,
    NO_SELECTORS,
    NOT_NAMED,
)
_OF_STATE = {
    State.REVOKED: REVOKED,
    State.TOO_WEAK: TOO_WEAK,
    State.MALFORMED: MALFORMED,
    State.FOREIGN: FOREIGN,
    State.CNAME_AS_TEXT: CNAME_AS_TEXT,
    State.SEVERAL: SEVERAL,
    State.DIFFERENT: DIFFERENT,
}


async def look(subject: Subject, resolver: Resolver) -> Sequence[Finding]:
    if not subject.selectors and not subject.is_from_records:
        return [NOT_NAMED.found(domain=subject.sender_domain)]
    if not subject.selectors:
        evidence = Evidence.record(f"selectors of {subject.sender_domain} in our records")
        return [NO_SELECTORS.found(evidence, domain=subject.sender_domain)]
    each = await path.together(*(_of_selector(item, subject.sender_domain, resolver) for item in subject.selectors))
    return [finding for findings in each for finding in findings]


def _not_yet(finding: Finding, facts: dict[str, Argument]) -> Finding:
    """What is wrong at a selector that nothing is signed with yet: something to do, and no reason for any loss."""
    if finding.code is ABSENT:
        return NOT_PUBLISHED_YET.found(*finding.evidence, **facts)
    if finding.code.verdict is not Verdict.PROBLEM and finding.code is not SEVERAL:
        return finding
    return NOT_RIGHT_YET.found(*finding.evidence, **{**facts, "problem": f"{finding.title}."})


async def _of_selector(selector: DKIMSelector, domain: str, resolver: Resolver) -> list[Finding]:
    name = dkim.selector_name(selector.selector, domain)
    issued = dkim.bare_key(selector.public_key)
    facts: dict[str, Argument] = {
        "name": name,
        "domain": domain,
        "record": dkim.record_for(issued) if issued else _OURS_UNKNOWN,
    }
    ours = [Evidence.record(f"the key we issued for {name}", issued)] if issued else []
    try:
        normalised(name)
    except NameProblem as problem:
        return [NO_NAME.found(Evidence.record("the selector", selector.selector), **facts, problem=problem.text)]
    answer = await resolver.query(name, "TXT")
    if answer.is_unknown:
        return [UNKNOWN.found(answer, *ours, **facts, status=answer.note or answer.status.value)]
    judgement = dkim.judged(answer.records, issued)
    if answer.is_absent or judgement.state is not State.USABLE or judgement.record is None:
        if answer.is_absent:
            found = await _absent(answer, ours, facts, resolver)
        else:
            found = await _at_fault(judgement, issued, answer, ours, facts, resolver)
        return [found if selector.is_signing else _not_yet(found, facts)]
    record = judgement.record
    facts |= {"kind": "RSA" if record.kind == "rsa" else "Ed25519", "bits": record.bits}
    findings = [(OK if issued else PRESENT).found(answer, *ours, **facts)]
    if record.is_weak:
        findings.append(WEAK.found(answer, **facts))
    if record.is_testing:
        facts["record"] = dkim.record_for(record.key)
        findings.append(TESTING.found(answer, **facts))
    return findings


async def _absent(answer: Answer, ours: list[Evidence], facts: dict[str, Argument], resolver: Resolver) -> Finding:
    """P15: an alias to nothing is another matter than nothing at all."""
    if answer.chain:
        return DANGLING.found(answer, *ours, **facts, target=answer.chain[-1])
    if answer.status is Status.NODATA:
        alias = await resolver.query(answer.name, "CNAME")
        if alias.is_ok:
            return DANGLING.found(answer, alias, *ours, **facts, target=alias.records[0])
    return ABSENT.found(answer, *ours, **facts)


async def _at_fault(
    judgement: Judgement,
    issued: str,
    answer: Answer,
    ours: list[Evidence],
    facts: dict[str, Argument],
    resolver: Resolver,
) -> Finding:
    record = judgement.record
    # P20: text of another kind is most often a wildcard's, and then nobody has put it there.
    wildcard = await wildcard_behind(answer, resolver) if judgement.state is State.FOREIGN else None
    published = record.key if record else ""
    return _OF_STATE[judgement.state].found(
        answer,
        *([wildcard] if wildcard else []),
        *ours,
        **facts,
        problem=judgement.problem,
        hint=HINT if wildcard else "",
        count=len(judgement.candidates),
        place=judgement.difference,
        length=len(published),
        length_issued=len(issued),
        bits=record.bits if record else 0,
    )


CHECK = Check(
    slug="sender-dkim",
    question="Is the key for our signature published?",
    needs=frozenset({"sender_domain"}),
    codes=CODES,
    look=look,
    sources=SOURCES,
)
