"""Is a sending address on a blocklist or an allow-list? Only what a healthy list says about the address counts.

Documentation addresses are never sent out to real lists. Over a zone (tests, cases, the demo world) they stand for real
ones and are asked about; the list's health is then not asked for, since no list is behind the zone.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from diagnostics.engine.check import Check
from diagnostics.engine.findings import Actor, Code, Finding, Source, Verdict
from diagnostics.engine.ip import is_documentation
from diagnostics.engine.lists import lists_called
from diagnostics.engine.path import together
from diagnostics.engine.protocols.dnsbl import Health, Listing, Standing, ask, health
from diagnostics.engine.resolver import Resolver
from diagnostics.engine.subject import Subject
from diagnostics.engine.zone import is_over_zone

RULE = (Source("RFC 5782", "2.1"), Source("RFC 5782", "5"))
CLEAN = Code(
    "list.clean", Verdict.OK, Actor.NOBODY, "The sending addresses are on none of the blocklists that answered",
    "Asked about {addresses}: {lists}.", "", RULE,
)  # fmt: skip
LISTED = Code(
    "list.listed", Verdict.PROBLEM, Actor.SUPPORT, "{address} is on the blocklist {list}",
    "{list} says: {words}. {reason}",
    "Support finds and ends what put it there, then asks for removal at {delisting}.",
    RULE,
)  # fmt: skip
POLICY = Code(
    "list.policy", Verdict.NOTICE, Actor.SUPPORT, "{address} is on {list}, which few receivers refuse for",
    "{list} says: {words}. {reason}",
    "Support looks at {delisting}; mail is rarely refused for this alone.",
    RULE,
)  # fmt: skip
ALLOWED = Code(
    "list.allowed", Verdict.OK, Actor.NOBODY, "{address} is known to {list} as a good sender",
    "{list} says: {words}.", "", RULE,
)  # fmt: skip
KNOWN = Code(
    "list.known", Verdict.NOTICE, Actor.NOBODY, "{address} is known to {list}, which trusts it little",
    "{list} says: {words}. That harms nothing, and helps little.", "", RULE,
)  # fmt: skip
REFUSED = Code(
    "list.refused", Verdict.UNKNOWN, Actor.SUPPORT, "{list} refuses to answer our resolver",
    "Its answer is a refusal ({words}), not a listing. It says nothing about the address.",
    "Ask by a resolver of your own (RESOLVERS), or register it with the list.",
    RULE,
)  # fmt: skip
INVALID = Code(
    "list.invalid", Verdict.UNKNOWN, Actor.SUPPORT, "The answer of {list} cannot be believed",
    "It gave {words}. A resolver that rewrites answers, or a list that was given up, does so.",
    "Use a resolver that passes answers on unchanged; if it is the list, take it out.",
    RULE,
)  # fmt: skip
UNHEALTHY = Code(
    "list.unhealthy", Verdict.UNKNOWN, Actor.SUPPORT, "{list} does not answer as a list must",
    "It should list 127.0.0.2 and not list 127.0.0.1. So what it says about our addresses counts for nothing.",
    "Nothing for the branch to do. If it stays so, the list has been given up and is to be taken out.",
    RULE,
)  # fmt: skip
UNKNOWN = Code(
    "list.unknown", Verdict.UNKNOWN, Actor.SUPPORT, "Could not find out whether {address} is on {list}",
    "The list did not answer.", "Run the checks again in a few minutes.", RULE,
)  # fmt: skip
NOT_ASKED = Code(
    "list.not_asked", Verdict.NOT_APPLICABLE, Actor.NOBODY, "No list was asked: {addresses} cannot be on any",
    "Private and documentation addresses are never sent to the lists.", "", RULE,
)  # fmt: skip
CODES = (CLEAN, LISTED, POLICY, ALLOWED, KNOWN, REFUSED, INVALID, UNHEALTHY, UNKNOWN, NOT_ASKED)
BY_STANDING = {
    Standing.LISTED: LISTED,
    Standing.POLICY: POLICY,
    Standing.ALLOWED: ALLOWED,
    Standing.KNOWN: KNOWN,
    Standing.REFUSED: REFUSED,
    Standing.INVALID: INVALID,
    Standing.UNKNOWN: UNKNOWN,
}


async def look(subject: Subject, resolver: Resolver) -> Sequence[Finding]:
    """Ask every list about every address at once, and each list about itself."""
    addresses = subject.sending_server.addresses if subject.sending_server else ()
    askable = [address for address in addresses if _may_be_asked(address, resolver)]
    if not askable:
        return [NOT_ASKED.found(addresses=list(addresses))] if addresses else []
    wanted = lists_called(subject.lists)
    pairs = [(item, address) for item in wanted for address in askable if item.has_ipv6 or ":" not in address]
    listings = await together(*(ask(address, item, resolver) for item, address in pairs))
    believed = await _health(_needing_health(listings), resolver)
    found = [finding for listing in listings for finding in _judge(listing, believed)]
    # A list that refuses, or is not believed, has not said that an address is not on it; an allow-list never does.
    clean = [item for item in listings if item.standing in (Standing.ABSENT, Standing.ALLOWED)]
    clean = [item for item in clean if not item.list.is_allow_list]
    if clean and not any(finding.code in (LISTED, POLICY) for finding in found):
        names = list(dict.fromkeys(item.list.name for item in clean))
        proofs = [answer for item in clean for answer in item.answers]
        found.insert(0, CLEAN.found(*proofs, addresses=askable, lists=names))
    return _once(found)


def _may_be_asked(address: str, resolver: Resolver) -> bool:
    if is_documentation(address):
        return is_over_zone(resolver)
    return ipaddress.ip_address(address).is_global


def _needing_health(listings: Sequence[Listing]) -> list[Listing]:
    """Health matters where a list says something about a real address; about documentation there is no list to ask."""
    said = (Standing.LISTED, Standing.POLICY)
    return [item for item in listings if item.standing in said and not is_documentation(item.address)]


async def _health(listings: Sequence[Listing], resolver: Resolver) -> dict[str, Health]:
    wanted = {item.list.zone: item.list for item in listings}
    six = {item.list.zone for item in listings if ":" in item.address}
    found = await together(*(health(item, resolver, of_ipv6=item.zone in six) for item in wanted.values()))
    return dict(zip(wanted, found, strict=True))


def _judge(listing: Listing, believed: dict[str, Health]) -> list[Finding]:
    code = BY_STANDING.get(listing.standing)
    if code is None:
        return []
    state = believed.get(listing.list.zone)
    answers = listing.answers
    if state is not None and state.is_healthy is not True:
        code = UNHEALTHY if state.is_healthy is False else UNKNOWN
        answers = (*answers, *state.answers)
    return [
        code.found(
            *answers,
            address=listing.address,
            list=listing.list.name,
            zone=listing.list.zone,
            words="; ".join(listing.words),
            reason=f"Its reason: {listing.reason}" if listing.reason else "",
            delisting=listing.list.delisting,
        )
    ]


def _once(found: Sequence[Finding]) -> list[Finding]:
    """A list that refuses, refuses for every address: that is said once."""
    seen: set[tuple[str, object]] = set()
    kept: list[Finding] = []
    for finding in found:
        key = (finding.code.id, finding.arguments.get("list"))
        if finding.code in (REFUSED, INVALID, UNHEALTHY) and key in seen:
            continue
        seen.add(key)
        kept.append(finding)
    return kept


CHECK = Check(
    slug="sending-ip-listed",
    question="Is the sending server on a blocklist?",
    needs=frozenset({"sending_server"}),
    codes=CODES,
    look=look,
    sources=RULE,
)
