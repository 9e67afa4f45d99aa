"""Does the recipient's domain take mail? Its MX records, where they lead, and what stands there instead."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from diagnostics.engine.check import Check
from diagnostics.engine.findings import Actor, Code, Finding, Source, Verdict
from diagnostics.engine.ip import is_documentation
from diagnostics.engine.names import Address, is_under, parse_address, shown
from diagnostics.engine.path import together
from diagnostics.engine.protocols.mx import Mailroute, Route, mail_route
from diagnostics.engine.resolver import Answer, Resolver
from diagnostics.engine.subject import Subject

FINE = Code(
    "mx.fine", Verdict.OK, Actor.NOBODY, "{domain} takes mail",
    "Its MX records lead to servers: {hosts}.", "", (Source("RFC 5321", "5.1"),),
)  # fmt: skip
IMPLICIT = Code(
    "mx.implicit", Verdict.NOTICE, Actor.RECIPIENT_IT, "{domain} has no MX record",
    "Mail is sent to the address of the domain itself. That is allowed, but often that machine is only a web server.",
    "The recipient's IT publishes an MX record, or, if the domain takes no mail, the record `{domain}. MX 0 .`",
    (Source("RFC 5321", "5.1"),),
)  # fmt: skip
NULL = Code(
    "mx.null", Verdict.PROBLEM, Actor.BRANCH, "{domain} says that it takes no mail",
    "The domain publishes a null MX: no address under it can receive mail.",
    "Ask the client for an address on another domain.",
    (Source("RFC 7505", "3"),),
)  # fmt: skip
NONE = Code(
    "mx.none", Verdict.PROBLEM, Actor.BRANCH, "{domain} has nowhere to take mail",
    "The domain exists but has neither an MX record nor an address.",
    "Ask the client whether the address is right. If it is, their provider has to mend the domain's DNS.",
    (Source("RFC 5321", "5.1"),),
)  # fmt: skip
NO_DOMAIN = Code(
    "mx.no_domain", Verdict.PROBLEM, Actor.BRANCH, "{domain} does not exist",
    "DNS knows no such name.",
    "Ask the client whether the address is right: this is most often a typing mistake.",
    (Source("RFC 5321", "5.1"), Source("RFC 8020", "2")),
)  # fmt: skip
DEAD_HOSTS = Code(
    "mx.dead_hosts", Verdict.PROBLEM, Actor.RECIPIENT_IT, "The mail servers of {domain} have no address",
    "The MX records of the domain name servers that DNS has no address for: {hosts}.",
    "The recipient's IT gives these names an address record, or mends the MX record.",
    (Source("RFC 5321", "5.1"),),
)  # fmt: skip
SOME_DEAD = Code(
    "mx.some_dead", Verdict.NOTICE, Actor.RECIPIENT_IT, "Some mail servers of {domain} have no address",
    "These names in its MX records have no address: {hosts}. Mail goes to the others.",
    "The recipient's IT takes them out of the MX record, or gives them an address.",
    (Source("RFC 5321", "5.1"),),
)  # fmt: skip
ALIAS = Code(
    "mx.alias", Verdict.NOTICE, Actor.RECIPIENT_IT, "An MX record of {domain} names an alias",
    "MX records must name servers by their own names; {hosts} is an alias (CNAME). Some servers do not follow it.",
    "The recipient's IT names the server itself in the MX record.",
    (Source("RFC 2181", "10.3"), Source("RFC 5321", "5.1")),
)  # fmt: skip
LITERAL = Code(
    "mx.literal", Verdict.PROBLEM, Actor.RECIPIENT_IT, "An MX record of {domain} holds an IP address",
    "MX records hold names. {hosts} is an address, so no server can be found by it.",
    "The recipient's IT gives that server a name and puts the name into the MX record.",
    (Source("RFC 1035", "3.3.9"),),
)  # fmt: skip
PRIVATE = Code(
    "mx.private", Verdict.PROBLEM, Actor.RECIPIENT_IT, "The mail servers of {domain} have addresses nobody can reach",
    "{hosts} is for private networks, so mail from outside cannot get there.",
    "The recipient's IT publishes the public address of the server.",
    (Source("RFC 6890", "2.2"),),
)  # fmt: skip
NULL_BESIDE = Code(
    "mx.null_beside_others", Verdict.NOTICE, Actor.RECIPIENT_IT, "{domain} contradicts itself about taking mail",
    "A null MX must stand alone; beside other MX records it has no meaning, and servers differ in what they do.",
    "The recipient's IT removes the MX record of {domain} with the value 0 and a dot.",
    (Source("RFC 7505", "3"),),
)  # fmt: skip
UNKNOWN = Code(
    "mx.unknown", Verdict.UNKNOWN, Actor.SUPPORT, "Could not find out where {domain} takes its mail",
    "Its name servers did not answer. This says nothing about the address.",
    "Run the checks again in a few minutes.",
    (Source("RFC 5321", "5.1"),),
)  # fmt: skip
CODES = (FINE, IMPLICIT, NULL, NONE, NO_DOMAIN, DEAD_HOSTS, SOME_DEAD, ALIAS, LITERAL, PRIVATE, NULL_BESIDE, UNKNOWN)
SIMPLE = {Route.NULL: NULL, Route.NONE: NONE, Route.NO_DOMAIN: NO_DOMAIN, Route.UNKNOWN: UNKNOWN}
#: A hostile zone may name hundreds; mail servers try no more than a few.
MOST_HOSTS = 10
#: P86: Microsoft lets a domain prove whose it is by an MX record of a name below this, which never exists.
PROOF = "msv1.invalid"


async def look(subject: Subject, resolver: Resolver) -> Sequence[Finding]:
    """Find the route, then the address of each host on it."""
    parsed = parse_address(subject.recipient)
    if not isinstance(parsed, Address) or not parsed.domain:
        return []
    route = await mail_route(parsed.domain, resolver)
    domain = shown(parsed.domain)
    if route.route in SIMPLE:
        return [SIMPLE[route.route].found(*route.answers, domain=domain)]
    if route.route is Route.IMPLICIT:
        return [IMPLICIT.found(*route.answers, domain=domain)]
    return await _hosts(domain, route, resolver)


async def _hosts(domain: str, route: Mailroute, resolver: Resolver) -> list[Finding]:
    """What the hosts of the MX records come to."""
    found: list[Finding] = []
    if route.has_null_beside_others:
        found.append(NULL_BESIDE.found(*route.answers, domain=domain))
    literals = [host for host in route.hosts if _is_address(host)]
    if literals:
        found.append(LITERAL.found(*route.answers, domain=domain, hosts=literals))
    servers = [host for host in route.hosts if not is_under(host, PROOF)] or route.hosts
    names = [host for host in servers if not _is_address(host)][:MOST_HOSTS]
    questions = [resolver.query(name, kind) for name in names for kind in ("A", "AAAA")]
    answers = await together(*questions) if questions else ()
    by_name = {name: answers[2 * index : 2 * index + 2] for index, name in enumerate(names)}
    dead = [name for name, both in by_name.items() if all(answer.is_absent for answer in both)]
    unknown = [name for name, both in by_name.items() if not any(a.is_ok for a in both) and name not in dead]
    aliases = [name for name, both in by_name.items() if any(answer.chain for answer in both)]
    proofs = (*route.answers, *(answer for name in dead for answer in by_name[name]))
    if dead and not (len(dead) < len(names)):
        found.append(DEAD_HOSTS.found(*proofs, domain=domain, hosts=dead))
    elif dead:
        found.append(SOME_DEAD.found(*proofs, domain=domain, hosts=dead))
    if aliases:
        found.append(ALIAS.found(*route.answers, domain=domain, hosts=aliases))
    private = _private(answers)
    if private and not any(answer.is_ok for answer in answers if not _private([answer])):
        found.append(PRIVATE.found(*route.answers, *answers, domain=domain, hosts=private))
    if unknown and len(unknown) == len(names):
        found.append(UNKNOWN.found(*route.answers, *answers, domain=domain))
    return found or [FINE.found(*route.answers, domain=domain, hosts=list(route.hosts))]


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _private(answers: Sequence[Answer]) -> list[str]:
    """The addresses among the answers that the world cannot reach; documentation addresses stand for public ones."""
    return [
        record
        for answer in answers
        for record in answer.records
        if _is_address(record) and not ipaddress.ip_address(record).is_global and not is_documentation(record)
    ]


CHECK = Check(
    slug="recipient-mx",
    question="Does the recipient's domain take mail?",
    needs=frozenset({"recipient"}),
    codes=CODES,
    look=look,
    sources=(Source("RFC 5321", "5.1"),),
)
