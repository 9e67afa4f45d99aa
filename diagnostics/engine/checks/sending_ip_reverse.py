"""Does each sending address have a name that leads back to it? Many receivers refuse those that do not."""

from __future__ import annotations

from collections.abc import Sequence

from diagnostics.engine.check import Check
from diagnostics.engine.findings import Actor, Code, Finding, Record, Source, Verdict
from diagnostics.engine.ip import is_public, reverse_name
from diagnostics.engine.names import normalised
from diagnostics.engine.path import together
from diagnostics.engine.protocols.iprev import IPRev, Reverse, is_generic, look_up
from diagnostics.engine.resolver import Resolver
from diagnostics.engine.subject import Subject

RULE = (Source("RFC 8601", "2.7.3"), Source("RFC 1912", "2.1"))
FINE = Code(
    "ptr.fine", Verdict.OK, Actor.NOBODY, "{address} is {name}, and {name} is {address}",
    "The reverse name of the sending address leads back to it.", "", RULE,
)  # fmt: skip
MISSING = Code(
    "ptr.missing", Verdict.PROBLEM, Actor.SUPPORT, "{address} has no reverse name",
    "The sending address has no PTR record. Gmail, Outlook and many others refuse mail from such addresses.",
    "Whoever owns the address (most often the internet provider) publishes a PTR record at {reverse} with the value "
    "{wanted}.",
    RULE, publish=Record("{reverse}", "PTR", "{wanted}."),
)  # fmt: skip
UNCONFIRMED = Code(
    "ptr.unconfirmed", Verdict.PROBLEM, Actor.SUPPORT, "The name of {address} does not lead back to it",
    "Its PTR record says {name}, but that name has other addresses or none. Receivers treat it as missing.",
    "Give {name} the {kind} record {address}, or set the PTR record to the server's real name.",
    RULE,
)  # fmt: skip
GENERIC = Code(
    "ptr.generic", Verdict.NOTICE, Actor.SUPPORT, "The name of {address} looks like that of a home connection",
    "{name} seems made from the address. Many receivers distrust such names.",
    "Whoever owns the address (most often the internet provider) publishes a PTR record at {reverse} with the value "
    "{wanted}.",
    (*RULE, Source("M3AAWG Sender Best Practices", "4.1")), publish=Record("{reverse}", "PTR", "{wanted}."),
)  # fmt: skip
NOT_HELO = Code(
    "ptr.not_helo", Verdict.NOTICE, Actor.SUPPORT, "{address} greets as {helo} but is called {name}",
    "The name in HELO and the reverse name differ. Few receivers mind, but some count it.",
    "Let the server greet as {name}, or set the PTR record to {helo}.",
    (Source("RFC 5321", "4.1.4"),),
)  # fmt: skip
UNKNOWN = Code(
    "ptr.unknown", Verdict.UNKNOWN, Actor.SUPPORT, "Could not find out the name of {address}",
    "The name servers of the address did not answer. That does not mean that the name is missing.",
    "Run the checks again in a few minutes.", RULE,
)  # fmt: skip
NOT_PUBLIC = Code(
    "ptr.not_public", Verdict.NOT_APPLICABLE, Actor.NOBODY, "No receiver ever sees {addresses}",
    "Such addresses belong to private networks or to a host itself, so their names do not matter.", "",
    (Source("RFC 6890", "2.2"),),
)  # fmt: skip
CODES = (FINE, MISSING, UNCONFIRMED, GENERIC, NOT_HELO, UNKNOWN, NOT_PUBLIC)


async def look(subject: Subject, resolver: Resolver) -> Sequence[Finding]:
    """Look each address up and back."""
    server = subject.sending_server
    if server is None or not server.addresses:
        return []
    private = [address for address in server.addresses if not is_public(address)]
    found = await together(*(look_up(item, resolver) for item in server.addresses if item not in private))
    judged = [finding for reverse in found for finding in _judge(reverse, server.helo, server.host)]
    return [*judged, *([NOT_PUBLIC.found(addresses=private)] if private else [])]


def _judge(reverse: Reverse, helo: str, host: str) -> list[Finding]:
    arguments = {
        "address": reverse.address,
        "name": reverse.confirmed or (reverse.names[0] if reverse.names else ""),
        "reverse": f"{reverse_name(reverse.address)}.",
        "wanted": helo or host or "(the server's name)",
        "kind": "AAAA" if ":" in reverse.address else "A",
        "helo": helo,
    }
    if reverse.result is IPRev.TEMPERROR:
        return [UNKNOWN.found(*reverse.answers, **arguments)]
    if reverse.result is IPRev.MISSING:
        return [MISSING.found(*reverse.answers, **arguments)]
    if reverse.result is IPRev.FAIL:
        return [UNCONFIRMED.found(*reverse.answers, **arguments)]
    found: list[Finding] = []
    if is_generic(reverse.confirmed, reverse.address):
        found.append(GENERIC.found(*reverse.answers, **arguments))
    if helo and normalised(helo) not in reverse.names:
        found.append(NOT_HELO.found(*reverse.answers, **arguments))
    return found or [FINE.found(*reverse.answers, **arguments)]


CHECK = Check(
    slug="sending-ip-reverse",
    question="Does the sending server have a proper reverse name?",
    needs=frozenset({"sending_server"}),
    codes=CODES,
    look=look,
    sources=RULE,
)
