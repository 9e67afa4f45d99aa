"""A small world in which everything is as it should be, and what the whole engine says when a part of it is not.

North College writes to a client at ``corp.example``, with its own domain in the envelope. A scenario is this world with
some names changed, and the codes that must come of it. What is not named must not come: a PROBLEM that a scenario does
not expect fails it, and so does a check that breaks down.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import dns.flags
import dns.rcode
import dns.rdatatype
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from diagnostics.engine.findings import Finding, Verdict
from diagnostics.engine.plan import examine
from diagnostics.engine.resolver import DNSResolver, Resolver, Status
from diagnostics.engine.subject import DKIMSelector, SendingServer, Subject
from diagnostics.engine.transcript import Recording
from diagnostics.engine.zone import Zone
from tests.diagnostics.dns_server import DNSServer, Message, Respond, name_of, reply


def rsa(bits: int = 2048, form: PublicFormat = PublicFormat.SubjectPublicKeyInfo) -> str:
    """A public key of that length, the same each time."""
    key = RSAPublicNumbers(65537, (1 << (bits - 1)) + 12345).public_key()
    return base64.b64encode(key.public_bytes(Encoding.DER, form)).decode()


KEY = rsa()
SERVER = SendingServer(
    host="smtp.xenegrade.example",
    addresses=("192.0.2.10",),
    helo="smtp.xenegrade.example",
    spf_include="spf.xenegrade.example",
)
SUBJECT = Subject(
    recipient="lee@corp.example",
    sender_domain="north.example",
    sending_server=SERVER,
    selectors=(DKIMSelector(selector="xen1", public_key=KEY),),
    now="2026-03-04T12:00:00+00:00",
)
SELECTOR = "xen1._domainkey.north.example"
WORLD: dict[str, Any] = {
    "com": {
        "NS": ["a.gtld-servers.net"],
        "DS": ["60485 13 2 " + "ab" * 32],
    },
    "north.example": {"TXT": ["v=spf1 include:spf.xenegrade.example -all"], "MX": [[10, "mx.north.example"]]},
    SELECTOR: {"TXT": [f"v=DKIM1; k=rsa; p={KEY}"]},
    "_dmarc.north.example": {"TXT": ["v=DMARC1; p=reject"]},
    "spf.xenegrade.example": {"TXT": ["v=spf1 ip4:192.0.2.10 -all"]},
    "smtp.xenegrade.example": {"A": ["192.0.2.10"]},
    "10.2.0.192.in-addr.arpa": {"PTR": ["smtp.xenegrade.example"]},
    "corp.example": {"MX": [[10, "mx.corp.example"]]},
    "mx.corp.example": {"A": ["198.51.100.5"]},
}


def world(changed: Mapping[str, Any]) -> dict[str, Any]:
    """The world with some names ``changed``; None takes a name out of it."""
    return {name: held for name, held in {**WORLD, **changed}.items() if held is not None}


@dataclass(frozen=True, slots=True)
class Told:
    """What the whole plan found, in the order of the checks."""

    findings: tuple[Finding, ...]

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(finding.code.id for finding in self.findings)

    @property
    def problems(self) -> set[str]:
        return {finding.code.id for finding in self.findings if finding.verdict is Verdict.PROBLEM}

    def of(self, code: str) -> Finding:
        """The first finding of that code."""
        return next(finding for finding in self.findings if finding.code.id == code)


def examined(resolver: Resolver, subject: Subject = SUBJECT, **options: Any) -> Told:
    """What the whole plan finds through ``resolver``."""
    return asyncio.run(_examined(resolver, subject, options))


async def _examined(resolver: Resolver, subject: Subject, options: Mapping[str, Any]) -> Told:
    by_place: dict[int, tuple[Finding, ...]] = {}
    async for result in examine(subject, Recording(resolver), **options):
        by_place[result.position] = result.findings
    return Told(tuple(finding for place in sorted(by_place) for finding in by_place[place]))


def expect(told: Told, has: str, lacks: str = "") -> Told:
    """The codes in ``has`` were found, those in ``lacks`` were not, and no PROBLEM that ``has`` does not name."""
    expected = set(has.split())
    assert expected <= set(told.codes), sorted(expected - set(told.codes))
    assert told.problems <= expected, sorted(told.problems - expected)
    assert not set(told.codes) & {"check.failed", *lacks.split()}
    for finding in told.findings:
        # A brace of our own sentences that nothing filled; a record's macros have theirs behind a percent sign.
        assert not re.search(r"(?<!%)\{[a-z_]+\}", finding.title + finding.meaning + finding.remedy), finding
    return told


def scenario(changed: Mapping[str, Any], has: str, lacks: str = "", **subject: Any) -> Told:
    """The whole plan over the world with some names ``changed``."""
    return expect(examined(Zone(world(changed)), replace(SUBJECT, **subject)), has, lacks)


def sent_by(**server: Any) -> SendingServer:
    """The sending server with some fields changed."""
    return replace(SERVER, **server)


class OverZone(DNSResolver):
    """Real DNS, behind which there is only our own world: lists may be asked about its addresses."""

    is_over_zone = True


#: So long a server that never answers is waited for, and one that does on a machine that has other things to do.
SECONDS = 0.15
PATIENCE = 1.0


def over_packets(respond: Respond | Iterable[Respond], *, tcp: bool = True, **options: Any) -> Told:
    """The whole plan through real packets, from one server or several in turn."""
    responds = [respond] if callable(respond) else list(respond)
    with contextlib.ExitStack() as stack:
        addresses = [stack.enter_context(DNSServer(item, tcp=tcp)).address for item in responds]
        return examined(OverZone(addresses, **{"seconds": PATIENCE, **options}))


_RCODES = {Status.SERVFAIL: dns.rcode.SERVFAIL, Status.REFUSED: dns.rcode.REFUSED, Status.NXDOMAIN: dns.rcode.NXDOMAIN}


def served(names: Mapping[str, Any], *, ttl: int = 300) -> Respond:
    """A well-behaved server of a zone; where the zone says TIMEOUT it is silent."""
    zone = Zone(names)

    def respond(question: Message, transport: str) -> list[Message]:
        kind = dns.rdatatype.to_text(question.question[0].rdtype)
        answer = asyncio.run(zone.query(name_of(question), kind))
        if answer.status is Status.TIMEOUT:
            return []
        lines, name = [], answer.name
        for alias in answer.chain:
            lines.append(f"{name} {ttl} CNAME {alias}.")
            name = alias
        lines += [f"{name} {ttl} {kind} {_data(kind, record)}" for record in answer.records]
        rcode = _RCODES.get(answer.status, dns.rcode.NOERROR)
        soa = ["example 900 SOA a. b. 1 2 3 4 60"] if answer.is_absent else []
        message = reply(question, *lines, rcode=rcode, authority=soa)
        if transport == "udp" and len(message.to_wire(max_size=65535)) > max(question.payload, 512):
            return [reply(question, flags=dns.flags.RA | dns.flags.TC)]
        return [message]

    return respond


def _data(kind: str, record: str) -> str:
    if kind == "TXT":
        octets = record.encode("latin-1")
        strings = [octets[at : at + 255] for at in range(0, len(octets), 255)] or [b""]
        return " ".join('"' + "".join(f"\\{octet:03d}" for octet in string) + '"' for string in strings)
    return f"{record}." if kind in ("MX", "PTR", "CNAME", "NS") and not record.endswith(".") else record
