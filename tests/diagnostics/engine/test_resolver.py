"""Asking DNS for real, over UDP and TCP, and telling its answers apart. P numbers are those of the pitfall matrix."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import pytest

from diagnostics.engine.nameservers import NameServer, read_nameserver, system_nameservers
from diagnostics.engine.resolver import Answer, DNSResolver, Status
from tests.diagnostics.dns_server import DNSServer, Message, Respond, name_of, reply, unused_port, zone_of

NORTH = {
    "north.example": ['300 TXT "v=spf1 " "-all"', "300 MX 20 MX2.north.example.", "300 MX 10 mx1.north.example."],
    "null.example": ["300 MX 0 ."],
    "alias.example": ["60 CNAME north.example."],
    "dangling.example": ["60 CNAME gone.example."],
    "both.example": ["60 CNAME north.example.", '60 TXT "its own"'],
    "bytes.example": ['300 TXT "a\\000b\\195\\188"'],
    "hosts.example": ["300 A 192.0.2.2", "300 AAAA 2001:DB8:0::1", "300 PTR Host.North.Example."],
}


def asked(
    respond: Respond, name: str, rdtype: str = "TXT", *, tcp: bool = True, **options: Any
) -> tuple[Answer, DNSServer]:
    with DNSServer(respond, tcp=tcp) as server:
        resolver = DNSResolver([server.address], **{"seconds": 0.15, **options})
        return asyncio.run(resolver.query(name, rdtype)), server


def always(**arguments: Any) -> Respond:
    return lambda question, transport: [reply(question, **arguments)]


@pytest.mark.parametrize(
    ("name", "rdtype", "status", "records"),
    [
        ("north.example", "TXT", Status.OK, ("v=spf1 -all",)),
        ("NORTH.example.", "mx", Status.OK, ("10 mx1.north.example", "20 mx2.north.example")),
        ("null.example", "MX", Status.OK, ("0 .",)),
        ("hosts.example", "A", Status.OK, ("192.0.2.2",)),
        ("hosts.example", "AAAA", Status.OK, ("2001:db8::1",)),
        ("hosts.example", "PTR", Status.OK, ("host.north.example",)),
        ("bytes.example", "TXT", Status.OK, ("a\x00b\xc3\xbc",)),
        ("gone.example", "TXT", Status.NXDOMAIN, ()),
        ("north.example", "AAAA", Status.NODATA, ()),
    ],
)
def test_p01_p02_p31_what_dns_says(name: str, rdtype: str, status: Status, records: tuple[str, ...]) -> None:
    answer, _ = asked(zone_of(NORTH), name, rdtype)
    assert (answer.status, answer.records) == (status, records)
    assert answer.name == name.lower().rstrip(".")
    assert answer.elapsed_ms > 0


def test_p03_servfail_is_not_absence() -> None:
    answer, _ = asked(always(rcode=dns.rcode.SERVFAIL), "north.example")
    assert answer.status is Status.SERVFAIL
    assert answer.is_unknown


def test_p04_silence_is_a_timeout_within_its_time() -> None:
    answer, server = asked(lambda question, transport: [], "north.example")
    assert answer.status is Status.TIMEOUT
    assert len(server.asked) == 2
    assert 250 < answer.elapsed_ms < 1000


@pytest.mark.parametrize(
    ("rcode", "status"),
    [
        (dns.rcode.REFUSED, Status.REFUSED),
        (dns.rcode.FORMERR, Status.ERROR),
        (dns.rcode.NOTIMP, Status.ERROR),
        (dns.rcode.NOTAUTH, Status.ERROR),
    ],
)
def test_p05_a_server_that_will_not_is_unknown(rcode: dns.rcode.Rcode, status: Status) -> None:
    assert asked(always(rcode=rcode), "north.example")[0].status is status


@pytest.mark.parametrize("rcode", [dns.rcode.REFUSED, dns.rcode.FORMERR, dns.rcode.NOTIMP, dns.rcode.SERVFAIL])
def test_p05_the_next_server_is_asked(rcode: dns.rcode.Rcode) -> None:
    with DNSServer(always(rcode=rcode)) as bad, DNSServer(zone_of(NORTH)) as good:
        resolver = DNSResolver([bad.address, good.address], seconds=0.15)
        answer = asyncio.run(resolver.query("north.example", "TXT"))
    assert answer.status is Status.OK
    assert bad.asked


def test_p05_the_next_server_is_asked_when_one_is_silent() -> None:
    with DNSServer(lambda question, transport: []) as dead, DNSServer(zone_of(NORTH)) as good:
        resolver = DNSResolver([dead.address, good.address], seconds=0.1)
        answer = asyncio.run(resolver.query("north.example", "TXT"))
    assert answer.status is Status.OK


def test_p05_a_server_that_was_silent_is_not_waited_for_again() -> None:
    async def twice(resolver: DNSResolver) -> list[Answer]:
        return [await resolver.query(name, "TXT") for name in ("north.example", "both.example")]

    with DNSServer(lambda question, transport: []) as dead, DNSServer(zone_of(NORTH)) as good:
        first, second = asyncio.run(twice(DNSResolver([dead.address, dead.address, good.address], seconds=0.1)))
    assert first.is_ok
    assert second.elapsed_ms < 100 < first.elapsed_ms
    assert len(dead.asked) == 2


def test_p06_a_referral_is_no_answer() -> None:
    answer, _ = asked(always(authority=["example 300 NS ns.elsewhere.example."], flags=0), "north.example")
    assert answer.status is Status.ERROR


def test_p06_an_empty_answer_without_soa_is_no_data() -> None:
    assert asked(always(flags=0), "north.example")[0].status is Status.NODATA


def _truncated(size: int) -> Respond:
    strings = " ".join(['"' + "x" * 250 + '"'] * size)

    def respond(question: Message, transport: str) -> list[Message]:
        if transport == "udp":
            return [reply(question, flags=dns.flags.TC)]
        return [reply(question, f"{name_of(question)} 300 TXT {strings}")]

    return respond


@pytest.mark.parametrize("strings", [2, 255])
def test_p07_p39_truncation_leads_to_tcp_up_to_64_kb(strings: int) -> None:
    answer, server = asked(_truncated(strings), "north.example", seconds=2.0)
    assert [transport for _, _, transport in server.asked] == ["udp", "tcp"]
    assert answer.records == ("x" * 250 * strings,)


def test_p07_truncation_in_the_middle_of_a_record() -> None:
    def respond(question: Message, transport: str) -> list[Message | bytes]:
        whole = reply(question, f'{name_of(question)} 300 TXT "{"y" * 200}"')
        if transport == "tcp":
            return [whole]
        whole.flags |= dns.flags.TC
        return [whole.to_wire()[:-50]]

    assert asked(respond, "north.example")[0].records == ("y" * 200,)


def test_p08_truncation_without_tcp_is_unknown() -> None:
    answer, _ = asked(_truncated(2), "north.example", tcp=False)
    assert answer.is_unknown


def test_p09_edns_that_is_not_understood_is_left_out() -> None:
    def respond(question: Message, transport: str) -> list[Message]:
        if question.edns >= 0:
            assert question.payload == 1232
            return [reply(question, rcode=dns.rcode.FORMERR)]
        return zone_of(NORTH)(question, transport)  # type: ignore[return-value]

    answer, server = asked(respond, "north.example")
    assert answer.status is Status.OK
    assert server.edns == [0, -1]


def _with_wrong_id(message: Message) -> Message:
    message.id ^= 1
    return message


def _with_wrong_question(message: Message) -> Message:
    other = dns.message.make_query("other.example.", "TXT", id=message.id)
    return reply(other, 'other.example 300 TXT "forged"')


@pytest.mark.parametrize("spoil", [_with_wrong_id, _with_wrong_question])
def test_p10_what_answers_another_question_is_not_heard(spoil: Callable[[Message], Message]) -> None:
    def forged(question: Message) -> Message:
        return spoil(reply(question, f'{name_of(question)} 300 TXT "forged"'))

    answer, _ = asked(lambda question, transport: [forged(question)], "north.example")
    assert answer.status is Status.TIMEOUT
    answer, _ = asked(lambda question, transport: [forged(question), *zone_of(NORTH)(question, "")], "north.example")
    assert answer.records == ("v=spf1 -all",)


def test_p10_garbage_is_not_heard() -> None:
    answer, _ = asked(lambda question, transport: [b"\x00\x01", *zone_of(NORTH)(question, "")], "north.example")
    assert answer.status is Status.OK


def test_p11_mixed_case_in_an_answer() -> None:
    def respond(question: Message, transport: str) -> list[bytes]:
        wire = reply(question, 'north.example 300 TXT "yes"').to_wire()
        return [wire.replace(b"north", b"NoRtH")]

    assert asked(respond, "north.example")[0].records == ("yes",)


def test_p12_names_are_absolute() -> None:
    _, server = asked(zone_of(NORTH), "gone", "TXT")
    assert {name for name, _, _ in server.asked} == {"gone"}


@pytest.mark.parametrize(("hops", "status"), [(1, Status.OK), (8, Status.OK), (9, Status.ERROR)])
@pytest.mark.parametrize("in_one_message", [True, False])
def test_p13_aliases_are_followed_eight_hops(hops: int, status: Status, in_one_message: bool) -> None:
    records = {f"a{hop}.example": [f"60 CNAME a{hop + 1}.example."] for hop in range(hops)}
    records[f"a{hops}.example"] = ['60 TXT "end"']

    def one_by_one(question: Message, transport: str) -> list[Message]:
        name = name_of(question)
        return [reply(question, f"{name} {records[name][0]}")]

    answer, _ = asked(zone_of(records) if in_one_message else one_by_one, "a0.example")
    assert answer.status is status
    if status is Status.OK:
        assert answer.chain == tuple(f"a{hop + 1}.example" for hop in range(hops))
        assert (answer.records, answer.ttl) == (("end",), 60)


@pytest.mark.parametrize("in_one_message", [True, False])
def test_p14_a_circle_of_aliases_is_bounded_and_unknown(in_one_message: bool) -> None:
    def respond(question: Message, transport: str) -> list[Message]:
        lines = ["x.example 60 CNAME y.example.", "y.example 60 CNAME x.example."]
        return [reply(question, *(line for line in lines if in_one_message or line.startswith(name_of(question))))]

    answer, server = asked(respond, "x.example")
    assert answer.status is Status.ERROR
    assert len(server.asked) <= 3


def test_p15_a_dangling_alias_shows_in_the_chain() -> None:
    answer, _ = asked(zone_of(NORTH), "dangling.example")
    assert (answer.status, answer.chain) == (Status.NXDOMAIN, ("gone.example",))


def test_p16_a_record_beside_an_alias_is_taken() -> None:
    assert asked(zone_of(NORTH), "both.example")[0].records == ("its own",)


def test_p17_what_is_served_only_unchecked_is_bogus() -> None:
    def respond(question: Message, transport: str) -> list[Message]:
        if question.flags & dns.flags.CD:
            return zone_of(NORTH)(question, transport)  # type: ignore[return-value]
        return [reply(question, rcode=dns.rcode.SERVFAIL)]

    answer, _ = asked(respond, "north.example")
    assert answer.status is Status.BOGUS
    assert answer.is_unknown


@pytest.mark.parametrize("code", [6, 7, 8, 9, 10, 11, 12])
def test_p18_the_server_says_that_signatures_are_bad(code: int) -> None:
    answer, _ = asked(always(rcode=dns.rcode.SERVFAIL, ede=(code, "expired yesterday")), "north.example")
    assert answer.status is Status.BOGUS
    assert f"EDE {code}" in answer.note
    assert "expired yesterday" in answer.note


@pytest.mark.parametrize("code", [4, 15, 16, 17])
def test_f8_an_nxdomain_that_its_server_calls_a_lie_is_unknown(code: int) -> None:
    answer, _ = asked(always(rcode=dns.rcode.NXDOMAIN, ede=(code, "")), "north.example")
    assert answer.is_unknown


@pytest.mark.parametrize(("trust", "believed"), [(None, True), (True, True), (False, False)])
def test_p19_the_ad_flag_is_believed_of_servers_we_trust(trust: bool | None, believed: bool) -> None:
    def respond(question: Message, transport: str) -> list[Message]:
        return [reply(question, 'north.example 300 TXT "x"', flags=dns.flags.AD)]

    assert asked(respond, "north.example", trust_ad=trust)[0].authenticated is believed


def test_p23_absence_lives_by_the_lesser_of_the_soa() -> None:
    assert asked(zone_of(NORTH), "gone.example")[0].ttl == 60
    assert asked(always(rcode=dns.rcode.NXDOMAIN), "gone.example")[0].ttl == 0


def test_p28_the_order_of_an_answer_does_not_matter() -> None:
    lines = [f'north.example 300 TXT "{letter}"' for letter in "cab"]
    one, _ = asked(lambda question, transport: [reply(question, *lines)], "north.example")
    two, _ = asked(lambda question, transport: [reply(question, *lines[::-1])], "north.example")
    assert one.records == two.records == ("a", "b", "c")


@pytest.mark.parametrize("name", ["a" * 64 + ".example", "a..example", "", "a b.example", "\\", "a\x00.example"])
def test_p29_a_name_that_dns_cannot_carry_is_an_answer_too(name: str) -> None:
    assert asked(zone_of(NORTH), name)[0].status in (Status.ERROR, Status.NXDOMAIN)


def test_an_unknown_type_is_an_answer_too() -> None:
    assert asked(zone_of(NORTH), "north.example", "NONSENSE")[0].status is Status.ERROR


def test_p30_nobody_listens() -> None:
    resolver = DNSResolver([f"127.0.0.1:{unused_port()}"], seconds=0.05)
    assert asyncio.run(resolver.query("north.example", "TXT")).is_unknown


def test_p30_no_name_server_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("diagnostics.engine.resolver.system_nameservers", lambda: ((), False))
    assert asyncio.run(DNSResolver().query("north.example", "TXT")).status is Status.ERROR


def test_f8_three_hundred_strings() -> None:
    strings = " ".join(['"ab"'] * 300)
    answer, _ = asked(lambda question, transport: [reply(question, f"n.example 60 TXT {strings}")], "n.example")
    assert answer.records == ("ab" * 300,)


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("192.0.2.53", NameServer("192.0.2.53")),
        ("192.0.2.53:5353", NameServer("192.0.2.53", 5353)),
        ("2001:db8::53", NameServer("2001:db8::53")),
        ("[2001:db8::53]:5353", NameServer("2001:db8::53", 5353)),
        ("unbound:5353", NameServer("unbound", 5353)),
    ],
)
def test_p27_name_servers_are_read(text: str, server: NameServer) -> None:
    assert read_nameserver(text) == server


@pytest.mark.parametrize("text", ["", "a b", "192.0.2.53:0", "192.0.2.53:65536", "[nonsense]:53", "http://x/"])
def test_what_is_no_name_server_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_nameserver(text)


def test_a_name_server_may_be_a_host_name() -> None:
    with DNSServer(zone_of(NORTH)) as server:
        resolver = DNSResolver([server.address.replace("127.0.0.1", "localhost")], seconds=0.15)
        assert asyncio.run(resolver.query("north.example", "TXT")).is_ok


def test_the_systems_name_servers(tmp_path: Path) -> None:
    path = tmp_path / "resolv.conf"
    path.write_text("search lan\nnameserver 192.0.2.53\nnameserver 2001:db8::53\noptions edns0 trust-ad\nnameserver\n")
    assert system_nameservers(path) == ((NameServer("192.0.2.53"), NameServer("2001:db8::53")), True)
    assert system_nameservers(tmp_path / "none") == ((), False)
