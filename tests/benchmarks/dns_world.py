"""A name server of its own process that answers each question after a fixed delay: what a run costs is then the depth
of its questions, and nothing of a real network blurs it.

The world is one domain with everything a careful branch publishes: two mail servers, SPF with four nested includes,
DKIM, DMARC, MTA-STS, TLS reports, BIMI, and a sending address with its reverse name. Beside it lie a domain that takes
no mail and one whose SPF lets nobody of ours send. A desk answers names under ``.test`` and ``.example`` from its own
zone, so these are under another name that leads nowhere, and the questions that do arrive are counted.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import multiprocessing
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

DOMAIN = "north.bench.internal"
ADDRESS = "192.0.2.10"
#: One of the open internet and nobody's mail server (RFC 7534): lists are asked about it, as about a real one.
OPEN_ADDRESS = "192.175.48.10"
_KEY = base64.b64encode(
    rsa.generate_private_key(65537, 2048).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
).decode()
RECORDS: dict[str, list[str]] = {
    DOMAIN: [
        f"SOA ns1.{DOMAIN}. root.{DOMAIN}. 1 7200 900 1209600 300",
        f"NS ns1.{DOMAIN}.",
        f"NS ns2.{DOMAIN}.",
        f"MX 10 mx1.{DOMAIN}.",
        f"MX 20 mx2.{DOMAIN}.",
        f'TXT "v=spf1 mx include:a.{DOMAIN} -all"',
    ],
    f"a.{DOMAIN}": [f'TXT "v=spf1 include:b.{DOMAIN} -all"'],
    f"b.{DOMAIN}": [f'TXT "v=spf1 include:c.{DOMAIN} -all"'],
    f"c.{DOMAIN}": [f'TXT "v=spf1 include:d.{DOMAIN} -all"'],
    f"d.{DOMAIN}": [f'TXT "v=spf1 ip4:{ADDRESS} -all"'],
    f"_dmarc.{DOMAIN}": [f'TXT "v=DMARC1; p=reject; rua=mailto:dmarc@{DOMAIN}"'],
    f"xen1._domainkey.{DOMAIN}": [f'TXT "v=DKIM1; k=rsa; p={_KEY[:200]}" "{_KEY[200:]}"'],
    f"_mta-sts.{DOMAIN}": ['TXT "v=STSv1; id=20260101"'],
    f"_smtp._tls.{DOMAIN}": [f'TXT "v=TLSRPTv1; rua=mailto:tls@{DOMAIN}"'],
    f"default._bimi.{DOMAIN}": [f'TXT "v=BIMI1; l=https://{DOMAIN}/logo.svg"'],
    "10.2.0.192.in-addr.arpa": [f"PTR out.{DOMAIN}."],
    f"out.{DOMAIN}": [f"A {ADDRESS}"],
    f"ns1.{DOMAIN}": ["A 192.0.2.53"],
    f"ns2.{DOMAIN}": ["A 192.0.2.54"],
    f"mx1.{DOMAIN}": ["A 192.0.2.21", "AAAA 2001:db8::21"],
    f"mx2.{DOMAIN}": ["A 192.0.2.22", "AAAA 2001:db8::22"],
    "21.2.0.192.in-addr.arpa": [f"PTR mx1.{DOMAIN}."],
    "22.2.0.192.in-addr.arpa": [f"PTR mx2.{DOMAIN}."],
    f"nomail.{DOMAIN}": ["MX 0 ."],
    f"strict.{DOMAIN}": [f"MX 10 mx1.{DOMAIN}.", f'TXT "v=spf1 include:e.{DOMAIN} -all"'],
    f"_dmarc.strict.{DOMAIN}": ['TXT "v=DMARC1; p=reject"'],
    f"e.{DOMAIN}": [f'TXT "v=spf1 include:f.{DOMAIN} -all"'],
    f"f.{DOMAIN}": [f'TXT "v=spf1 include:g.{DOMAIN} -all"'],
    f"g.{DOMAIN}": [f'TXT "v=spf1 include:h.{DOMAIN} -all"'],
    f"h.{DOMAIN}": ['TXT "v=spf1 ip4:192.0.2.77 -all"'],
    f"smtp.{DOMAIN}": [f"A {OPEN_ADDRESS}"],
    "10.48.175.192.in-addr.arpa": [f"PTR smtp.{DOMAIN}."],
    "com": ["NS ns1.bench.internal."],
}
_TWIN = re.compile(r"\bd\d+\.bench\.internal$")
#: RFC 5782 §5: the entry by which a list shows that it works.
_LISTED = re.compile(r"2\.0\.0\.127\..+")


def answer(wire: bytes) -> bytes:
    """The reply to one question."""
    question = dns.message.from_wire(wire)
    reply = dns.message.make_response(question)
    reply.flags |= dns.flags.RA | dns.flags.AA
    asked = question.question[0]
    name = asked.name.to_text(omit_final_dot=True).lower()
    kind = dns.rdatatype.to_text(asked.rdtype)
    # Every d1.bench.internal, d2.bench.internal and so on is a domain like north.
    twin = _TWIN.search(name)
    own = twin[0] if twin else DOMAIN
    name = name.replace(own, DOMAIN)
    data = [
        record.partition(" ")[2].replace(DOMAIN, own)
        for record in RECORDS.get(name, ())
        if record.startswith(f"{kind} ")
    ]
    if kind == "A" and _LISTED.fullmatch(name):
        data = ["127.0.0.2"]
    if data:
        reply.answer.append(dns.rrset.from_text(asked.name, 300, "IN", kind, *data))
    else:
        exists = any(held == name or held.endswith(f".{name}") for held in RECORDS)
        reply.set_rcode(dns.rcode.NOERROR if exists else dns.rcode.NXDOMAIN)
        reply.authority.append(dns.rrset.from_text("internal.", 300, "IN", "SOA", "ns. root. 1 2 3 4 300"))
    return reply.to_wire(max_size=65535)


class _Server(asyncio.DatagramProtocol):
    def __init__(self, delay: float, asked: Any) -> None:
        self.delay, self.asked = delay, asked
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        assert self.transport is not None
        self.asked.value += 1
        asyncio.get_running_loop().call_later(self.delay, self.transport.sendto, answer(data), addr)


def _serve(delay: float, asked: Any, pipe: Connection) -> None:
    async def forever() -> None:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: _Server(delay, asked), local_addr=("127.0.0.1", 0))
        pipe.send(transport.get_extra_info("sockname")[1])
        await asyncio.Event().wait()

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(forever())


@dataclass(frozen=True, slots=True)
class Served:
    """A name server that is running: its port on 127.0.0.1, and how many questions have come to it."""

    port: int
    counter: Any

    @property
    def asked(self) -> int:
        return int(self.counter.value)


@contextlib.contextmanager
def served(delay: float) -> Iterator[Served]:
    """A name server that answers after ``delay`` seconds, while the block lasts."""
    ours, theirs = multiprocessing.Pipe()
    asked = multiprocessing.Value("q", 0)
    process = multiprocessing.Process(target=_serve, args=(delay, asked, theirs), daemon=True)
    process.start()
    try:
        port: int = ours.recv()
        # The first packet finds the server ready.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.settimeout(5)
            probe.sendto(dns.message.make_query(DOMAIN, "SOA").to_wire(), ("127.0.0.1", port))
            probe.recv(4096)
        asked.value = 0
        yield Served(port, asked)
    finally:
        process.terminate()
        process.join()
