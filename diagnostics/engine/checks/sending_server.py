"""Is the sending server where our records say (WL-01)? Everything that recipients allow hangs on its addresses.

An allow-list names addresses, so does SPF, and so do we. When the server's name leads to others than our records hold,
somebody has moved it, and every allow-list entry that was ever asked for may be void.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from diagnostics.engine.check import Check
from diagnostics.engine.findings import Actor, Argument, Code, Evidence, Finding, Source, Verdict
from diagnostics.engine.ip import is_public
from diagnostics.engine.path import together
from diagnostics.engine.resolver import Resolver
from diagnostics.engine.subject import Subject

RULE = (Source("RFC 5321", "4.1.1.1"),)
FINE = Code(
    "server.fine", Verdict.OK, Actor.NOBODY, "{host} is where our records say",
    "Its name leads to {found}.", "", RULE,
)  # fmt: skip
MOVED = Code(
    "server.moved", Verdict.NOTICE, Actor.SUPPORT, "{host} has other addresses than our records hold",
    "DNS says {found}; our records say {known}. What recipients have allowed, and what SPF names, are the addresses.",
    "Support finds out from which addresses the server sends, corrects our records, and asks the organisations that "
    "have allowed the old ones to allow {added} too.",
    RULE,
)  # fmt: skip
NO_ADDRESS = Code(
    "server.no_address", Verdict.PROBLEM, Actor.SUPPORT, "{host} has no address",
    "Our own sending server is not to be found in DNS, so receivers that check its greeting refuse it.",
    "Whoever runs the DNS of {host} publishes an {kind} record at {host} with the value {first}.",
    RULE,
)  # fmt: skip
UNKNOWN = Code(
    "server.unknown", Verdict.UNKNOWN, Actor.SUPPORT, "Could not find out where {host} is",
    "A name server did not answer.", "Examine again in a few minutes.", RULE,
)  # fmt: skip
UNNAMED = Code(
    "server.unnamed", Verdict.NOT_APPLICABLE, Actor.NOBODY, "Only the addresses of the sending server are known",
    "So there is no name to look them up by.", "", RULE,
)  # fmt: skip
CODES = (NO_ADDRESS, MOVED, FINE, UNKNOWN, UNNAMED)


async def look(subject: Subject, resolver: Resolver) -> Sequence[Finding]:
    """The addresses of the server's name against those of our records; records without any are no drift."""
    server = subject.sending_server
    if server is None:
        return []
    if not server.host:
        return [UNNAMED.found()]
    answers = await together(resolver.query(server.host, "A"), resolver.query(server.host, "AAAA"))
    found = [record for answer in answers for record in answer.records if answer.is_ok]
    known = [str(ipaddress.ip_address(address)) for address in server.addresses]
    added = [address for address in found if address not in known]
    ours = Evidence.record(f"the addresses of {server.host} in our records", *known)
    first = next((address for address in known if is_public(address)), "its public address")
    facts: dict[str, Argument] = {
        "host": server.host, "found": found, "known": known, "added": added, "first": first,
        "kind": "AAAA" if ":" in first else "A",
    }  # fmt: skip
    if not found and any(answer.is_unknown for answer in answers):
        return [UNKNOWN.found(*answers, ours, **facts)]
    if not found:
        return [NO_ADDRESS.found(*answers, ours, **facts)]
    # More addresses in our records than the name leads to are no drift: a server may send from others besides.
    return [(MOVED if known and added else FINE).found(*answers, ours, **facts)]


CHECK = Check(
    slug="sending-server",
    question="Is the sending server where our records say?",
    needs=frozenset({"sending_server"}),
    codes=CODES,
    look=look,
    sources=RULE,
)
