"""Does the recipient's domain insist on encryption (MTA-STS), and do its own servers fit what it says?

A policy that forgets a mail server makes careful senders refuse to deliver there, while all others notice nothing: one
of the faults that only some senders' mail shows.
"""

from __future__ import annotations

from collections.abc import Sequence

from diagnostics.engine.check import Check
from diagnostics.engine.findings import Actor, Argument, Code, Finding, Source, Verdict
from diagnostics.engine.names import Address, parse_address, shown
from diagnostics.engine.path import together
from diagnostics.engine.protocols.mtasts import (
    LEAST_AGE,
    Mode,
    PolicyProblem,
    STSPolicy,
    parse_policy,
    record_id,
    select_records,
)
from diagnostics.engine.protocols.mx import Mailroute, Route, mail_route
from diagnostics.engine.protocols.wildcard import HINT, wildcard_behind
from diagnostics.engine.records import STS_POLICY
from diagnostics.engine.resolver import Answer, Resolver
from diagnostics.engine.subject import Subject

RECORD = Source("RFC 8461", "3.1")
POLICY = Source("RFC 8461", "3.2")
FETCH = Source("RFC 8461", "3.3")
NONE = Code(
    "sts.none", Verdict.NOT_APPLICABLE, Actor.NOBODY, "{domain} has no MTA-STS policy",
    "Most domains have none. Mail is then encrypted where both servers can. {hint}", "", (RECORD,),
)  # fmt: skip
FINE = Code(
    "sts.fine", Verdict.OK, Actor.NOBODY, "The MTA-STS policy of {domain} fits its mail servers",
    "Mode {mode}: {patterns}.", "", (POLICY,),
)  # fmt: skip
SWITCHED_OFF = Code(
    "sts.switched_off", Verdict.OK, Actor.NOBODY, "{domain} has switched its MTA-STS policy off",
    "The policy says mode: none, so senders need not follow any.", "", (POLICY,),
)  # fmt: skip
NOT_COVERED = Code(
    "sts.not_covered", Verdict.PROBLEM, Actor.RECIPIENT_IT, "The MTA-STS policy of {domain} shuts out its own servers",
    "The policy is enforced and does not list {missing}. Senders that follow MTA-STS do not deliver to these servers.",
    "The recipient's IT adds the line `mx: {first}` to https://mta-sts.{domain}/.well-known/mta-sts.txt and gives the "
    "record at _mta-sts.{domain} a new id.",
    (Source("RFC 8461", "4.1"), Source("RFC 8461", "5")),
)  # fmt: skip
WOULD_NOT_COVER = Code(
    "sts.would_not_cover", Verdict.NOTICE, Actor.RECIPIENT_IT, "The MTA-STS policy of {domain} forgets some servers",
    "The policy is only tested, so mail still arrives; once it is enforced, {missing} would be shut out.",
    "The recipient's IT adds the line `mx: {first}` to the policy before it is enforced.",
    (Source("RFC 8461", "5"),),
)  # fmt: skip
NO_POLICY = Code(
    "sts.no_policy", Verdict.NOTICE, Actor.RECIPIENT_IT, "{domain} announces an MTA-STS policy that cannot be had",
    "The TXT record is there, but https://mta-sts.{domain}/.well-known/mta-sts.txt gives none: {problem}. Senders that "
    "remember an older policy still follow that one.",
    "The recipient's IT serves the policy at that address, or removes the TXT record at _mta-sts.{domain}.",
    (FETCH,),
)  # fmt: skip
MALFORMED = Code(
    "sts.malformed", Verdict.NOTICE, Actor.RECIPIENT_IT, "The MTA-STS policy of {domain} cannot be read",
    "{problem} Senders take a policy that they cannot read for none.",
    "The recipient's IT mends the policy at https://mta-sts.{domain}/.well-known/mta-sts.txt.",
    (POLICY,),
)  # fmt: skip
BAD_RECORD = Code(
    "sts.bad_record", Verdict.NOTICE, Actor.RECIPIENT_IT, "The MTA-STS record of {domain} cannot be used",
    "{problem} Senders take it for none.",
    "The recipient's IT publishes one TXT record at _mta-sts.{domain}: v=STSv1; id=20260101000000",
    (RECORD,),
)  # fmt: skip
SHORT = Code(
    "sts.short", Verdict.NOTICE, Actor.RECIPIENT_IT, "The MTA-STS policy of {domain} is soon forgotten",
    "max_age is {age} seconds, less than a day, so it protects little.",
    "The recipient's IT raises max_age to some weeks (1209600).",
    (POLICY,),
)  # fmt: skip
UNKNOWN = Code(
    "sts.unknown", Verdict.UNKNOWN, Actor.SUPPORT, "Could not find out the MTA-STS policy of {domain}",
    "{problem}. This says nothing about the policy itself.",
    "Examine again in a few minutes. Where this desk has no way to the web, the policy stays unknown.",
    (FETCH,),
)  # fmt: skip
CODES = (
    FINE, NOT_COVERED, WOULD_NOT_COVER, NO_POLICY, MALFORMED, BAD_RECORD, SHORT, SWITCHED_OFF, NONE, UNKNOWN,
)  # fmt: skip


async def look(subject: Subject, resolver: Resolver) -> Sequence[Finding]:
    """The record, then the policy, then the servers against it."""
    parsed = parse_address(subject.recipient)
    if not isinstance(parsed, Address) or not parsed.domain:
        return []
    facts: dict[str, Argument] = {"domain": shown(parsed.domain)}
    record = await resolver.query(f"_mta-sts.{parsed.domain}", "TXT")
    if record.is_unknown:
        return [UNKNOWN.found(record, **facts, problem=record.note or record.status.value)]
    texts = select_records(record.records)
    if not texts:
        # P20: there is text, and it is of another kind.
        wildcard = await wildcard_behind(record, resolver) if record.is_ok else None
        proof = (record, wildcard) if wildcard else (record,)
        return [NONE.found(*proof, **facts, hint=HINT if wildcard else "")]
    if problem := _problem_of(texts):
        return [BAD_RECORD.found(record, **facts, problem=problem)]
    host = f"mta-sts.{parsed.domain}"
    policy, route = await together(resolver.query(host, STS_POLICY), mail_route(parsed.domain, resolver))
    return _of_policy(record, policy, route, facts)


def _problem_of(texts: Sequence[str]) -> str:
    if len(texts) > 1:
        return f"There are {len(texts)} records where one must be."
    try:
        record_id(texts[0])
    except PolicyProblem as problem:
        return problem.text
    return ""


def _of_policy(record: Answer, policy: Answer, route: Mailroute, facts: dict[str, Argument]) -> list[Finding]:
    proof = (record, policy)
    if policy.is_unknown:
        return [UNKNOWN.found(*proof, **facts, problem=policy.note or policy.status.value)]
    if policy.is_absent:
        return [NO_POLICY.found(*proof, **facts, problem=f"{policy.name} has no address")]
    head, body = policy.records[0], "".join(policy.records[1:])
    if fault := _problem_of_head(head):
        return [NO_POLICY.found(*proof, **facts, problem=fault)]
    try:
        read = parse_policy(body)
    except PolicyProblem as problem:
        return [MALFORMED.found(*proof, **facts, problem=problem.text)]
    if read.mode is Mode.NONE:
        return [SWITCHED_OFF.found(*proof, **facts)]
    return _of_servers(read, route, proof, facts)


def _problem_of_head(head: str) -> str:
    """Why what came back is no policy: an error, a redirect (never followed, §3.3), another kind of text, no trust."""
    first, _, rest = head.partition(" ")
    if first in ("tls", "too_much"):
        return rest.rstrip(".")
    if first.startswith("3"):
        return f"it redirects (HTTP {first}), which senders do not follow"
    if first != "200":
        return f"HTTP {first}"
    return "" if rest in ("text/plain", "") else f"it is {rest[:60]} and not text/plain"


def _of_servers(
    policy: STSPolicy, route: Mailroute, proof: tuple[Answer, ...], facts: dict[str, Argument]
) -> list[Finding]:
    hosts = route.hosts if route.route in (Route.MX, Route.IMPLICIT) else ()
    missing = [host for host in hosts if not policy.covers(host)]
    facts = facts | {"mode": policy.mode.value, "patterns": list(policy.patterns), "age": policy.max_age}
    if missing:
        code = NOT_COVERED if policy.mode is Mode.ENFORCE else WOULD_NOT_COVER
        return [code.found(*proof, *route.answers, **facts, missing=missing, first=missing[0])]
    if route.route is Route.UNKNOWN:
        return [UNKNOWN.found(*proof, *route.answers, **facts, problem="Its MX records could not be asked for")]
    if policy.max_age < LEAST_AGE:
        return [SHORT.found(*proof, **facts)]
    return [FINE.found(*proof, *route.answers, **facts)]


CHECK = Check(
    slug="recipient-mta-sts",
    question="Does the recipient's domain insist on encryption, and do its servers fit that?",
    needs=frozenset({"recipient"}),
    codes=CODES,
    look=look,
    sources=(Source("RFC 8461"),),
)
