"""Does SPF let the server send: the envelope decides, and what cannot be found out stays open."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from diagnostics.engine.checks.sender_spf import CHECK
from diagnostics.engine.findings import Actor, Verdict
from diagnostics.engine.subject import SendingServer
from tests.diagnostics.engine.checks.looked import SERVER, codes, findings

OURS = replace(SERVER, addresses=("192.0.2.10", "2001:db8::10"))
#: MAIL FROM is in the branch's own domain.
THEIRS = replace(OURS, envelope_domain="")
VENDOR: dict[str, Any] = {
    "xenegrade.example": {"TXT": ["v=spf1 include:spf.xenegrade.example -all"]},
    "spf.xenegrade.example": {"TXT": ["v=spf1 ip4:192.0.2.10 ip6:2001:db8::10 -all"]},
}
TEN = "v=spf1 " + " ".join(f"include:s{i}.example" for i in range(10))
EMPTY: dict[str, Any] = {f"s{i}.example": {"TXT": ["v=spf1 ip4:198.51.100.1 -all"]} for i in range(11)}


def north(*records: str) -> dict[str, Any]:
    return {"north.example": {"TXT": list(records)}}


#: The domain exists and says nothing of who may send.
MUTE: dict[str, Any] = {"north.example": {"MX": [[1, "m.example"]]}}

BRANCH: list[tuple[str, dict[str, Any], list[str]]] = [
    ("pass", north("v=spf1 include:spf.xenegrade.example -all"), ["spf.pass"]),
    ("fail", north("v=spf1 mx -all"), ["spf.fail"]),
    ("softfail", north("v=spf1 ip4:198.51.100.1 ~all"), ["spf.softfail"]),
    ("neutral-p57", north("v=spf1 ?all"), ["spf.neutral"]),
    ("p57-no-end", north("v=spf1 ip4:198.51.100.1"), ["spf.neutral", "spf.no_end"]),
    ("p57-anybody", north("v=spf1 +all"), ["spf.pass", "spf.anybody"]),
    (
        "p57-behind-all",
        north("v=spf1 -all include:spf.xenegrade.example"),
        ["spf.fail", "spf.unreachable"],
    ),
    ("p01-no-domain", {}, ["spf.no_domain"]),
    ("p02-no-record", MUTE, ["spf.none"]),
    ("p41-type-99", {"north.example": {"SPF": ["v=spf1 +all"]}}, ["spf.none"]),
    ("p03-servfail", {"north.example": {"TXT": "SERVFAIL"}}, ["spf.unknown"]),
    ("p04-timeout", {"north.example": "TIMEOUT"}, ["spf.unknown"]),
    ("p43-include-timeout", north("v=spf1 include:slow.example -all") | {"slow.example": "TIMEOUT"}, ["spf.unknown"]),
    ("p37-two", north("v=spf1 mx -all", "v=spf1 a ~all"), ["spf.several"]),
    ("syntax", north("v=spf1 ipv4:192.0.2.10 -all"), ["spf.syntax"]),
    ("p42-include-none", north("v=spf1 include:nowhere.example -all"), ["spf.include_broken"]),
    (
        "include-has-two",
        north("v=spf1 include:two.example -all") | {"two.example": {"TXT": ["v=spf1 a", "v=spf1 mx"]}},
        ["spf.include_broken"],
    ),
    ("p47-ten", north(f"{TEN} -all") | EMPTY, ["spf.fail", "spf.near_limit"]),
    ("p47-eleven", north(f"{TEN} include:s10.example -all") | EMPTY, ["spf.too_many_lookups"]),
    (
        "p58-near-and-passing",
        north(f"v=spf1 include:spf.xenegrade.example{TEN[6:]} -all") | EMPTY,
        ["spf.pass", "spf.near_limit"],
    ),
    ("p48-voids", north("v=spf1 a:a.example a:b.example a:c.example -all"), ["spf.too_many_voids"]),
    ("ptr", north("v=spf1 ptr ip4:192.0.2.10 ip6:2001:db8::10 -all"), ["spf.pass", "spf.ptr"]),
    (
        "one-address-of-two",
        north("v=spf1 ip4:192.0.2.10 -all"),
        ["spf.fail", "spf.pass"],
    ),
    (
        "our-include-lacks-it",
        north("v=spf1 include:spf.xenegrade.example -all")
        | {"spf.xenegrade.example": {"TXT": ["v=spf1 ip4:192.0.2.99 -all"]}},
        ["spf.include_lacks"],
    ),
]


@pytest.mark.parametrize(("zone", "expected"), [case[1:] for case in BRANCH], ids=[case[0] for case in BRANCH])
def test_the_branchs_own_envelope(zone: dict[str, Any], expected: list[str]) -> None:
    assert codes(CHECK, VENDOR | zone, sender_domain="north.example", sending_server=THEIRS) == expected


def test_p49_voids_of_one_family_are_disputed() -> None:
    hosts = {f"v{i}.example": {"A": ["198.51.100.1"]} for i in range(3)}
    zone = hosts | north("v=spf1 a:v0.example a:v1.example a:v2.example ip6:2001:db8::10 ip4:192.0.2.10 -all")
    found = codes(CHECK, zone, sender_domain="north.example", sending_server=THEIRS)
    assert found == ["spf.voids_disputed", "spf.pass"]


WL: list[tuple[str, dict[str, Any], list[str]]] = [
    ("wl07-from-does-not-exist", VENDOR, ["spf.envelope_pass", "spf.no_domain"]),
    ("wl06-pass", VENDOR | MUTE, ["spf.envelope_pass", "spf.from_not_needed"]),
    (
        "wl07-from-names-us-too",
        VENDOR | north("v=spf1 include:spf.xenegrade.example -all"),
        ["spf.envelope_pass", "spf.from_pass"],
    ),
    ("wl07-from-forbids", VENDOR | north("v=spf1 -all"), ["spf.envelope_pass", "spf.from_not_needed"]),
    ("wl07-from-two", VENDOR | north("v=spf1 a", "v=spf1 mx"), ["spf.envelope_pass", "spf.from_broken"]),
    ("wl07-from-syntax", VENDOR | north("v=spf1 x"), ["spf.envelope_pass", "spf.from_broken"]),
    ("wl07-from-silent", VENDOR | {"north.example": "TIMEOUT"}, ["spf.envelope_pass", "spf.from_unknown"]),
    ("wl06-none", MUTE, ["spf.envelope_fail", "spf.from_not_needed"]),
    (
        "wl06-softfail",
        MUTE | {"xenegrade.example": {"TXT": ["v=spf1 ~all"]}},
        ["spf.envelope_weak", "spf.from_not_needed"],
    ),
    (
        "wl06-broken",
        MUTE | {"xenegrade.example": {"TXT": ["v=spf1 a", "v=spf1 mx"]}},
        ["spf.envelope_fail", "spf.from_not_needed"],
    ),
    ("wl06-silent", MUTE | {"xenegrade.example": "SERVFAIL"}, ["spf.envelope_unknown", "spf.from_not_needed"]),
]


@pytest.mark.parametrize(("zone", "expected"), [case[1:] for case in WL], ids=[case[0] for case in WL])
def test_the_vendors_envelope(zone: dict[str, Any], expected: list[str]) -> None:
    assert codes(CHECK, zone, sender_domain="north.example", sending_server=OURS) == expected


ALONE: list[tuple[str, dict[str, Any], list[str]]] = [
    ("record", north("v=spf1 mx -all"), ["spf.record"]),
    ("none", MUTE, ["spf.no_record"]),
    ("p01-no-domain", {}, ["spf.no_domain"]),
    ("two", north("v=spf1 a", "v=spf1 mx"), ["spf.several"]),
    ("syntax", north("v=spf1 x -all"), ["spf.syntax"]),
    ("silent", {"north.example": "TIMEOUT"}, ["spf.unknown"]),
]


@pytest.mark.parametrize(("zone", "expected"), [case[1:] for case in ALONE], ids=[case[0] for case in ALONE])
def test_without_a_server_the_record_alone(zone: dict[str, Any], expected: list[str]) -> None:
    assert codes(CHECK, zone, sender_domain="north.example") == expected


def test_a_server_without_addresses_is_looked_up() -> None:
    server = replace(OURS, addresses=())
    host = {"smtp.xenegrade.example": {"A": ["192.0.2.10"]}}
    assert codes(CHECK, VENDOR | host, sender_domain="xenegrade.example", sending_server=server) == ["spf.pass"]
    assert codes(CHECK, VENDOR, sender_domain="north.example", sending_server=server) == ["spf.no_address"]


@pytest.mark.parametrize(
    ("records", "record"),
    [
        (["v=spf1 mx -all"], "v=spf1 mx include:spf.xenegrade.example -all"),
        ([], "v=spf1 include:spf.xenegrade.example ~all"),
        (["v=spf1 mx -all", "v=spf1 a ~all"], "v=spf1 a mx include:spf.xenegrade.example ~all"),
    ],
)
def test_the_remedy_is_the_record_to_copy(records: list[str], record: str) -> None:
    zone = VENDOR | ({"north.example": {"TXT": records}} if records else MUTE)
    found = findings(CHECK, zone, sender_domain="north.example", sending_server=THEIRS)
    assert record in found[0].remedy


def test_that_the_recipients_domain_does_not_exist_is_told_once() -> None:
    """The check of the MX tells it; nobody is advised to publish anything there."""
    for subject in ({"sending_server": THEIRS}, {}):
        about = {"recipient": "postmaster@north.example", "sender_domain": "north.example", **subject}
        assert codes(CHECK, VENDOR, **about) == ["spf.not_looked_at"]
        assert codes(CHECK, VENDOR, **{**about, "recipient": "lee@corp.example"}) == ["spf.no_domain"]


def test_whose_turn_it_is() -> None:
    assert {code.actor for code in CHECK.codes if code.id.startswith("spf.envelope")} == {Actor.SUPPORT, Actor.NOBODY}
    assert all(code.verdict is Verdict.UNKNOWN for code in CHECK.codes if code.id.endswith("unknown"))


def test_the_evidence_holds_the_budget() -> None:
    zone = VENDOR | north("v=spf1 include:spf.xenegrade.example -all")
    found = findings(CHECK, zone, sender_domain="north.example", sending_server=THEIRS)
    assert found[0].evidence[1].lines == (
        "include:spf.xenegrade.example: matches (pass) [1 of 10]",
        "  ip4:192.0.2.10: matches",
    )


@pytest.mark.parametrize("address", ["10.0.0.1", "127.0.0.1", "fe80::1"])
def test_nobody_is_advised_to_publish_what_no_receiver_sees(address: str) -> None:
    server = SendingServer(host="", addresses=(address,))
    assert codes(CHECK, north("v=spf1 -all"), sender_domain="north.example", sending_server=server) == [
        "spf.not_public"
    ]
    both = SendingServer(host="", addresses=("192.0.2.10", address))
    assert codes(CHECK, north("v=spf1 -all"), sender_domain="north.example", sending_server=both) == [
        "spf.fail",
        "spf.not_public",
    ]
