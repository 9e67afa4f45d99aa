"""P01 to P19: what DNS, its servers and the way to them do, and what the whole engine makes of it."""

from __future__ import annotations

import asyncio
import time
from itertools import pairwise
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import pytest

from diagnostics.engine.findings import Verdict
from diagnostics.engine.resolver import DNSResolver
from tests.diagnostics.dns_server import DNSServer, Message, Respond, name_of, reply, zone_of
from tests.diagnostics.scenarios.world import (
    SECONDS,
    SELECTOR,
    WORLD,
    examined,
    expect,
    over_packets,
    scenario,
    served,
    world,
)

SOUND = scenario({}, "mx.fine").codes
HOST, POLICY, INCLUDE = "mx.corp.example", "_dmarc.north.example", "spf.xenegrade.example"
UNKNOWN = "mx.unknown receiver.unknown spf.unknown dkim.unknown dmarc.unknown ptr.unknown list.unknown server.unknown"


def always(rcode: dns.rcode.Rcode, **more: Any) -> Respond:
    return lambda question, transport: [reply(question, rcode=rcode, **more)]


def only(name: str, fault: Respond) -> Respond:
    """A sound server with a ``fault`` at and below one name."""
    sound = served(WORLD)

    def respond(question: Message, transport: str) -> Any:
        return (fault if name_of(question).endswith(name) else sound)(question, transport)

    return respond


ABSENT = [
    pytest.param({"corp.example": None, HOST: None}, "mx.no_domain", "mx.none", id="p01-no-recipient-domain"),
    pytest.param({"corp.example": {"TXT": ["x"]}}, "mx.none", "mx.no_domain", id="p02-recipient-without-mx"),
    pytest.param({SELECTOR: None}, "dkim.absent dmarc.spf_only", "dkim.unknown", id="p01-no-key"),
    pytest.param({SELECTOR: {"A": ["192.0.2.1"]}}, "dkim.absent dmarc.spf_only", "dkim.unknown", id="p02-no-key"),
    pytest.param({POLICY: None}, "dmarc.none", "dmarc.unknown", id="p01-no-policy"),
    pytest.param({POLICY: {}}, "dmarc.none", "dmarc.unknown", id="p02-no-policy"),
    pytest.param({"north.example": {"MX": [[1, HOST]]}}, "spf.none dmarc.aligned", "spf.unknown", id="p02-no-spf"),
]
FAILING = [
    pytest.param({"north.example": {"TXT": "SERVFAIL"}}, "spf.unknown dmarc.aligned", "spf.none", id="p03-spf"),
    pytest.param({INCLUDE: "SERVFAIL"}, "spf.unknown dmarc.aligned", "spf.include_broken", id="p03-include"),
    pytest.param({SELECTOR: "SERVFAIL"}, "dkim.unknown dmarc.spf_aligned", "dkim.absent", id="p03-dkim"),
    pytest.param({POLICY: "SERVFAIL"}, "dmarc.unknown", "dmarc.none", id="p03-dmarc"),
    pytest.param({"corp.example": "SERVFAIL"}, "mx.unknown receiver.unknown", "mx.none mx.no_domain", id="p03-mx"),
    pytest.param({HOST: "SERVFAIL"}, "mx.unknown", "mx.dead_hosts", id="p03-mx-host"),
    pytest.param({"10.2.0.192.in-addr.arpa": "SERVFAIL"}, "ptr.unknown", "ptr.missing", id="p03-ptr"),
    pytest.param({"smtp.xenegrade.example": "SERVFAIL"}, "server.unknown ptr.unknown", "server.no_address", id="p03-a"),
    pytest.param({"north.example": {"TXT": "TIMEOUT"}}, "spf.unknown dkim.ok mx.fine", "spf.none", id="p04-spf"),
    pytest.param({SELECTOR: "TIMEOUT"}, "dkim.unknown spf.pass mx.fine", "dkim.absent", id="p04-dkim"),
    pytest.param({POLICY: "TIMEOUT"}, "dmarc.unknown spf.pass dkim.ok", "dmarc.none", id="p04-dmarc"),
    pytest.param({HOST: {"A": "TIMEOUT"}}, "mx.unknown spf.pass dkim.ok", "mx.dead_hosts", id="p04-mx-host"),
]


@pytest.mark.parametrize(("changed", "has", "lacks"), ABSENT + FAILING)
def test_absence_and_failure(changed: dict[str, Any], has: str, lacks: str) -> None:
    scenario(changed, has, lacks)
    expect(over_packets(served(world(changed))), has, lacks)


def test_p04_one_silent_server_holds_up_its_own_check_only() -> None:
    began = time.monotonic()
    told = over_packets(only(SELECTOR, lambda question, transport: []), seconds=1.0)
    assert time.monotonic() - began < 10
    expect(told, "dkim.unknown dmarc.spf_aligned spf.pass mx.fine")


@pytest.mark.parametrize("rcode", [dns.rcode.REFUSED, dns.rcode.FORMERR, dns.rcode.NOTIMP], ids=dns.rcode.to_text)
def test_p05_the_next_server_is_asked_and_without_one_all_is_unknown(rcode: dns.rcode.Rcode) -> None:
    assert over_packets([always(rcode), served(WORLD)]).codes == SOUND
    expect(over_packets(always(rcode)), UNKNOWN)


def test_p06_a_lame_server_says_nothing_about_the_domain() -> None:
    lame = always(dns.rcode.NOERROR, flags=0, authority=["example 300 NS ns.elsewhere.example."])
    expect(over_packets(lame), UNKNOWN)
    assert over_packets([lame, served(WORLD)]).codes == SOUND


def _cut_short(question: Message, transport: str) -> Any:
    if transport == "udp":
        return [reply(question, flags=dns.flags.TC)]
    return served(WORLD)(question, transport)


def test_p07_what_is_cut_short_comes_by_tcp() -> None:
    assert over_packets(_cut_short).codes == SOUND


def test_p08_without_tcp_it_is_unknown() -> None:
    expect(over_packets(_cut_short, tcp=False), UNKNOWN)


def test_p09_a_server_that_knows_no_edns() -> None:
    def respond(question: Message, transport: str) -> Any:
        if question.edns >= 0:
            assert question.payload == 1232
            return [reply(question, rcode=dns.rcode.FORMERR)]
        return served(WORLD)(question, transport)

    assert over_packets(respond).codes == SOUND


def _forged(question: Message, *, wrong_id: bool) -> Message:
    """ "No such name", in answer to another question than the one that was asked."""
    if wrong_id:
        message = reply(question, rcode=dns.rcode.NXDOMAIN)
        message.id ^= 1
        return message
    other = dns.message.make_query("other.example.", question.question[0].rdtype, id=question.id)
    return reply(other, rcode=dns.rcode.NXDOMAIN)


@pytest.mark.parametrize("wrong_id", [True, False], ids=["p10-id", "p10-question"])
def test_what_answers_another_question_is_not_heard(wrong_id: bool) -> None:
    sound = served(WORLD)
    told = over_packets(lambda question, way: [_forged(question, wrong_id=wrong_id), *sound(question, way)])
    assert told.codes == SOUND
    expect(over_packets(lambda question, way: [_forged(question, wrong_id=wrong_id)], seconds=SECONDS), UNKNOWN)


def test_p11_an_answer_in_mixed_case() -> None:
    def respond(question: Message, transport: str) -> list[bytes]:
        name = question.question[0].name.to_wire() or b""
        mixed = bytes(octet - 32 if at % 2 and 97 <= octet <= 122 else octet for at, octet in enumerate(name))
        return [
            item.to_wire(max_size=65535).replace(name, mixed)
            for item in served(WORLD)(question, transport)
            if isinstance(item, dns.message.Message)
        ]

    assert over_packets(respond).codes == SOUND


def test_p12_no_search_list_is_applied() -> None:
    """A name of one label, which a search list would lengthen, is asked for as it stands, and nothing else is."""
    with DNSServer(zone_of({})) as server:
        asyncio.run(DNSResolver([server.address], seconds=0.15).query("gone", "TXT"))
    assert {name for name, _, _ in server.asked} == {"gone"}


def _chain(hops: int) -> dict[str, Any]:
    """The selector's name as an alias that leads to the key in ``hops`` steps."""
    names = [SELECTOR, *(f"k{hop}.vendor.example" for hop in range(1, hops)), "key.vendor.example"]
    chain: dict[str, Any] = {one: {"CNAME": [other]} for one, other in pairwise(names)}
    return chain | {"key.vendor.example": WORLD[SELECTOR]}


@pytest.mark.parametrize(
    ("hops", "has"),
    [(1, "dkim.ok dmarc.aligned"), (8, "dkim.ok dmarc.aligned"), (9, "dkim.unknown dmarc.spf_aligned")],
    ids=["p13-one", "p13-eight", "p13-nine-are-not-followed"],
)
def test_aliases_are_followed(hops: int, has: str) -> None:
    scenario(_chain(hops), has)
    expect(over_packets(served(world(_chain(hops)))), has)


@pytest.mark.parametrize(
    ("name", "has"),
    [
        (SELECTOR, "dkim.unknown dmarc.spf_aligned"),
        (INCLUDE, "spf.unknown dmarc.aligned"),
        (HOST, "mx.unknown"),
        (POLICY, "dmarc.unknown"),
    ],
    ids=["p14-dkim", "p14-spf", "p14-mx", "p14-dmarc"],
)
def test_a_circle_of_aliases_is_unknown(name: str, has: str) -> None:
    changed = {name: {"CNAME": ["circle.example"]}, "circle.example": {"CNAME": [name]}}
    scenario(changed, has)

    def circle(question: Message, transport: str) -> list[Message]:
        return [reply(question, f"{name} 60 CNAME circle.example.", f"circle.example 60 CNAME {name}.")]

    expect(over_packets(only(name, circle)), has)


@pytest.mark.parametrize(
    ("name", "has", "lacks"),
    [
        (SELECTOR, "dkim.dangling dmarc.spf_only", "dkim.absent"),
        (INCLUDE, "spf.include_broken", "spf.unknown"),
        (HOST, "mx.dead_hosts mx.alias", "mx.unknown"),
    ],
    ids=["p15-dkim", "p15-spf", "p15-mx"],
)
def test_an_alias_that_leads_nowhere(name: str, has: str, lacks: str) -> None:
    told = scenario({name: {"CNAME": ["gone.vendor.example"]}}, has, lacks)
    if name == SELECTOR:
        assert told.of("dkim.dangling").arguments["target"] == "gone.vendor.example"


def test_p16_a_record_beside_an_alias_is_taken() -> None:
    scenario({SELECTOR: {"CNAME": ["gone.vendor.example"], **WORLD[SELECTOR]}}, "dkim.ok dmarc.aligned")


def _bogus(question: Message, transport: str) -> Any:
    if question.flags & dns.flags.CD:
        return served(WORLD)(question, transport)
    return [reply(question, rcode=dns.rcode.SERVFAIL)]


def test_p17_signatures_that_do_not_hold_are_the_domains_fault() -> None:
    told = expect(over_packets(only("north.example", _bogus)), "dnssec.bogus spf.unknown dkim.unknown dmarc.unknown")
    assert told.of("dnssec.bogus").verdict is Verdict.PROBLEM
    expect(over_packets(only("corp.example", _bogus)), "dnssec.bogus_recipient mx.unknown spf.pass")


def test_p17_a_resolver_that_takes_all_for_forged_has_a_fault_of_its_own() -> None:
    expect(over_packets(_bogus), f"{UNKNOWN} dnssec.unknown", "dnssec.bogus dnssec.bogus_recipient")


@pytest.mark.parametrize("ede", [6, 7, 8, 9, 10, 11, 12])
def test_p18_the_server_says_why(ede: int) -> None:
    fault = always(dns.rcode.SERVFAIL, ede=(ede, "see the log"))
    told = expect(over_packets(only("north.example", fault)), "dnssec.bogus spf.unknown")
    assert f"EDE {ede}" in told.of("dnssec.bogus").meaning


@pytest.mark.parametrize(
    ("trust", "valid"), [(True, True), (None, True), (False, False)], ids=["p19", "p19-lo", "p19-no"]
)
def test_signatures_are_believed_of_a_resolver_that_is_trusted(trust: bool | None, valid: bool) -> None:
    def respond(question: Message, transport: str) -> Any:
        answers = list(served(WORLD)(question, transport))
        for item in answers:
            assert isinstance(item, dns.message.Message)
            item.flags |= dns.flags.AD
        return answers

    told = over_packets(respond, trust_ad=trust)
    assert ("dnssec.valid" in told.codes) is valid


def test_p30_no_network_at_all() -> None:
    """Every check that asks is unknown. That the page is still shown, tests/diagnostics/test_dns_faults.py asks."""
    told = expect(
        examined(DNSResolver(["127.0.0.1:9"], seconds=0.05)), UNKNOWN.replace("list.unknown", "list.not_asked")
    )
    assert told.problems == set()
