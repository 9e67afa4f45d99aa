"""P20 to P29: wildcards, what is remembered and for how long, the order of answers, and names at the edge."""

from __future__ import annotations

import asyncio
import socket
import socketserver
import threading
from dataclasses import replace
from typing import Any

import dns.rcode
import pytest

from diagnostics.engine.cache import CEILING, FLOOR, Cache
from diagnostics.engine.protocols.wildcard import HINT, unpublished_name
from diagnostics.engine.resolver import DNSResolver, Status
from diagnostics.engine.transcript import Recording
from diagnostics.engine.zone import Zone
from tests.diagnostics.dns_server import DNSServer, Message, Respond, reply, unused_port
from tests.diagnostics.scenarios.world import (
    PATIENCE,
    SELECTOR,
    SUBJECT,
    WORLD,
    OverZone,
    Told,
    examined,
    expect,
    over_packets,
    scenario,
    served,
    world,
)

POLICY = "_dmarc.north.example"
FOREIGN = {"TXT": ["v=spf1 -all"]}
TEXT = {"north.example": ['300 TXT "x"']}


def hint(told: Told, code: str) -> str:
    return str(told.of(code).arguments["hint"])


@pytest.mark.parametrize(
    ("name", "wildcard", "has", "code"),
    [
        (SELECTOR, "*.north.example", "dkim.foreign dmarc.spf_only", "dkim.foreign"),
        (SELECTOR, "*._domainkey.north.example", "dkim.foreign dmarc.spf_only", "dkim.foreign"),
        (POLICY, "*.north.example", "dmarc.none", "dmarc.none"),
        ("_mta-sts.corp.example", "*.corp.example", "sts.none", "sts.none"),
    ],
    ids=["p20-dkim", "p20-dkim-below", "p20-p21-dmarc", "p20-sts"],
)
def test_a_wildcard_is_told_from_a_record(name: str, wildcard: str, has: str, code: str) -> None:
    lacks = "dmarc.malformed dkim.malformed sts.bad_record"
    told = scenario({name: None, wildcard: FOREIGN}, has, lacks)
    assert hint(told, code) == HINT
    assert f"{unpublished_name(name)} TXT" in [item.question for item in told.of(code).evidence]
    assert hint(scenario({name: FOREIGN}, has, lacks), code) == ""
    # What the probe could not find out is not said.
    assert hint(scenario({name: FOREIGN, unpublished_name(name): "TIMEOUT"}, has, lacks), code) == ""
    assert hint(expect(over_packets(served(world({name: None, wildcard: FOREIGN}))), has, lacks), code) == HINT


def test_p20_nothing_is_probed_where_nothing_foreign_stands() -> None:
    recording = Recording(Zone(WORLD))
    examined(recording)
    assert not [item for item in recording.transcript if item["name"].startswith("wildcard-")]


def test_p21_a_wildcard_that_is_spf_stands_in_the_place_of_no_policy() -> None:
    """Neither a policy nor a broken one, and a policy above is still found."""
    told = scenario({POLICY: None, "*.north.example": FOREIGN, "_dmarc.example": {"TXT": ["v=DMARC1; p=reject"]}}, "")
    assert "dmarc.aligned" in told.codes
    assert "dmarc.malformed" not in told.codes


class Remembering:
    """A resolver with a memory and a clock of its own before a server that counts."""

    def __init__(self, respond: Respond) -> None:
        self.now = 0.0
        self.cache = Cache(clock=lambda: self.now)
        self.respond = respond

    def asked_after(self, *seconds: float, kind: str = "TXT") -> list[tuple[int, Status]]:
        """How often the server had been asked, and what was answered, at each of the times."""
        found = []
        with DNSServer(self.respond) as server:
            for self.now in seconds:
                resolver = DNSResolver([server.address], self.cache, seconds=0.5, tries=1)
                answer = asyncio.run(resolver.query("north.example", kind))
                found.append((len(server.asked), answer.status))
        return found


@pytest.mark.parametrize(
    ("ttl", "held"), [(0, FLOOR), (300, 300), (604_800, CEILING)], ids=["p22-ttl-0", "p22-ttl", "p22-seven-days"]
)
def test_a_ttl_is_held_between_floor_and_ceiling(ttl: int, held: float) -> None:
    found = Remembering(served(WORLD, ttl=ttl)).asked_after(0, held - 1, held + 1)
    assert [count for count, _ in found] == [1, 1, 2]


def test_p23_absence_lives_by_the_soa() -> None:
    """The server's SOA has a TTL of 900 and a minimum of 60: the lesser counts."""
    found = Remembering(served({"north.example": {"MX": [[1, "m.example"]]}})).asked_after(0, 59, 61)
    assert found == [(1, Status.NODATA), (1, Status.NODATA), (2, Status.NODATA)]


def test_p24_a_failure_is_soon_forgotten_and_never_becomes_absence() -> None:
    states = iter([False, True, True])

    def respond(question: Message, transport: str) -> Any:
        return served(WORLD)(question, transport) if next(states) else [reply(question, rcode=dns.rcode.REFUSED)]

    found = Remembering(respond).asked_after(0, FLOOR - 1, FLOOR + 1)
    assert found == [(1, Status.REFUSED), (1, Status.REFUSED), (2, Status.OK)]


def test_p25_forty_who_ask_the_same_at_once_are_one_question() -> None:
    async def forty(resolver: Recording) -> list[Any]:
        return await asyncio.gather(*(resolver.query(name, "txt") for name in ["north.example", "NORTH.example."] * 20))

    with DNSServer(served(WORLD)) as server:
        answers = asyncio.run(forty(Recording(DNSResolver([server.address], seconds=1))))
    assert len(server.asked) == 1
    assert {answer.records for answer in answers} == {("v=spf1 include:spf.xenegrade.example -all",)}


class _IPv6Server(socketserver.ThreadingUDPServer):
    address_family = socket.AF_INET6
    daemon_threads = True
    block_on_close = False


def _speaks_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
            sock.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.skipif(not _speaks_ipv6(), reason="This machine has no IPv6.")
def test_p27_a_name_server_of_one_family_only() -> None:
    """Over IPv6 alone; and where the server of the other family is not to be reached, the one that is answers."""
    sound = scenario({}, "mx.fine").codes
    with DNSServer(served(WORLD)) as inner:

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                wire, sock = self.request
                for item in inner.respond(wire, "udp"):
                    sock.sendto(item, self.client_address)

        with _IPv6Server(("::1", 0), Handler) as six:
            threading.Thread(target=six.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
            address = f"[::1]:{six.server_address[1]}"
            assert examined(OverZone([address], seconds=PATIENCE)).codes == sound
            assert examined(OverZone([f"127.0.0.1:{unused_port()}", address], seconds=PATIENCE)).codes == sound
            six.shutdown()
        assert examined(OverZone([f"[::1]:{unused_port()}", inner.address], seconds=PATIENCE)).codes == sound


def test_p28_the_order_of_an_answer_changes_nothing() -> None:
    many = world(
        {
            "north.example": {"TXT": ["b=1", "v=spf1 mx include:spf.xenegrade.example -all", "a=2"]},
            "corp.example": {"MX": [[10, "mx2.corp.example"], [10, "mx.corp.example"], [5, "gone.corp.example"]]},
            "mx2.corp.example": {"A": ["198.51.100.7", "198.51.100.6"]},
            "smtp.xenegrade.example": {"A": ["192.0.2.11", "192.0.2.10"]},
        }
    )

    def shuffled(question: Message, transport: str) -> Any:
        answers = list(served(many)(question, transport))
        for item in answers:
            assert isinstance(item, Message)
            item.answer.reverse()
        return answers

    def told(respond: Respond) -> list[Any]:
        found = over_packets(respond).findings
        return [(item.code.id, item.arguments, [proof.lines for proof in item.evidence]) for item in found]

    assert told(served(many)) == told(shuffled)


LONG = ".".join(["a" * 60] * 4) + ".example"
RECIPIENTS = [
    pytest.param("lee@" + "a" * 64 + ".example", "address.malformed", id="p29-label"),
    pytest.param(f"lee@{LONG}", "address.malformed", id="p29-name"),
    pytest.param("lee@corp..example", "address.malformed", id="p29-empty-label"),
    pytest.param("lee@corp.example.", "address.fine mx.fine", id="p29-trailing-dot"),
    pytest.param("lee@my_corp.example", "address.malformed", id="p29-underscore"),
    pytest.param("lee@192.0.2.1", "address.malformed", id="p29-numeric"),
    pytest.param("lee@corp.123", "address.malformed", id="p29-numeric-top"),
]


@pytest.mark.parametrize(("recipient", "has"), RECIPIENTS)
def test_names_at_the_edge(recipient: str, has: str) -> None:
    scenario({}, f"{has} spf.pass dkim.ok dmarc.aligned", recipient=recipient)


@pytest.mark.parametrize("name", ["a" * 64 + ".example", LONG, "north..example", "_north.example", "north.123"])
def test_p29_a_sender_that_dns_cannot_carry_breaks_nothing(name: str) -> None:
    told = examined(Zone(WORLD), replace(SUBJECT, sender_domain=name))
    assert "check.failed" not in told.codes
    assert "mx.fine" in told.codes
