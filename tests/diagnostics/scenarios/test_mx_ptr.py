"""P85 to P89: where the recipient's domain takes its mail, and what the sending address is called."""

from __future__ import annotations

from typing import Any

import pytest

from diagnostics.engine.ip import reverse_name
from tests.diagnostics.scenarios.world import WORLD, expect, over_packets, scenario, sent_by, served, world

HOST = WORLD["mx.corp.example"]


def mx(*records: Any, **others: Any) -> dict[str, Any]:
    """The recipient's MX records, and what stands at other names (``a_example`` for ``a.example``)."""
    return {"corp.example": {"MX": list(records)}, **{name.replace("_", "."): held for name, held in others.items()}}


OURS, DEAD, PROOF = [10, "mx.corp.example"], [20, "gone.corp.example"], [32767, "ms12345678.msv1.invalid"]
ROUTES = [
    pytest.param(mx([0, "."]), "mx.null", "mx.fine mx.none", id="p85-null"),
    pytest.param(mx([5, "."]), "mx.null", "mx.fine", id="p85-null-with-another-preference"),
    pytest.param(mx([0, "."], OURS), "mx.null_beside_others", "mx.null", id="p85-null-beside-others"),
    pytest.param(
        mx([10, "alias.corp.example"], alias_corp_example={"CNAME": ["mx.corp.example"]}),
        "mx.alias",
        "mx.dead_hosts",
        id="p86-alias",
    ),
    pytest.param(mx([10, "198.51.100.5"]), "mx.literal", "mx.fine", id="p86-literal"),
    pytest.param(mx(DEAD), "mx.dead_hosts", "mx.unknown mx.fine", id="p86-dead"),
    pytest.param(mx(OURS, DEAD), "mx.some_dead", "mx.dead_hosts", id="p86-some-dead"),
    pytest.param(mx(OURS, mx_corp_example={"A": ["127.0.0.1"]}), "mx.private", "mx.fine", id="p86-loopback"),
    pytest.param(mx(OURS, mx_corp_example={"A": ["10.1.2.3"]}), "mx.private", "mx.fine", id="p86-rfc1918"),
    pytest.param(mx(OURS, mx_corp_example={"AAAA": ["fd00::1"]}), "mx.private", "mx.fine", id="p86-v6-private"),
    pytest.param(mx(OURS, [10, "b.corp.example"], b_corp_example=HOST), "mx.fine", "mx.some_dead", id="p86-equal"),
    pytest.param(mx(OURS, PROOF), "mx.fine", "mx.some_dead", id="p86-msv1-invalid"),
    pytest.param(mx(PROOF), "mx.dead_hosts", "mx.fine", id="p86-msv1-invalid-alone"),
    pytest.param({"corp.example": HOST}, "mx.implicit", "mx.none mx.fine", id="p87-implicit"),
    pytest.param({"corp.example": {"AAAA": ["2001:db8::5"]}}, "mx.implicit", "mx.none", id="p87-implicit-v6"),
    pytest.param({"corp.example": {"TXT": ["x"]}}, "mx.none", "mx.implicit", id="p87-neither"),
    pytest.param(
        {"corp.example": {"A": "TIMEOUT", "AAAA": []}}, "mx.unknown receiver.unknown", "mx.none", id="p87-silent"
    ),
]
POINTER = "10.2.0.192.in-addr.arpa"
NAME = "smtp.xenegrade.example"
NAMES = [
    pytest.param({POINTER: None}, "ptr.missing", "ptr.unknown", id="p88-nxdomain"),
    pytest.param({POINTER: {}}, "ptr.missing", "ptr.unknown", id="p88-missing"),
    pytest.param({POINTER: {"PTR": ["gone.example", NAME]}}, "ptr.fine", "ptr.unconfirmed", id="p88-several"),
    pytest.param({POINTER: {"PTR": ["gone.example"]}}, "ptr.unconfirmed", "ptr.missing", id="p88-not-confirmed"),
    pytest.param(
        {POINTER: {"PTR": ["other.example"]}, "other.example": {"A": ["192.0.2.99"]}},
        "ptr.unconfirmed",
        "ptr.fine",
        id="p88-somebody-else",
    ),
    pytest.param(
        {POINTER: {"PTR": ["other.example"]}, "other.example": "TIMEOUT"},
        "ptr.unknown",
        "ptr.unconfirmed ptr.missing",
        id="p88-name-silent",
    ),
    pytest.param({POINTER: "TIMEOUT"}, "ptr.unknown", "ptr.missing", id="p88-dropped"),
    pytest.param({POINTER: "SERVFAIL"}, "ptr.unknown", "ptr.missing", id="p88-servfail"),
    pytest.param(
        {POINTER: {"CNAME": ["10.0-15.2.0.192.in-addr.arpa"]}, "10.0-15.2.0.192.in-addr.arpa": {"PTR": [NAME]}},
        "ptr.fine",
        "ptr.missing",
        id="p89-delegated",
    ),
    pytest.param(
        {POINTER: {"CNAME": ["10.0-15.2.0.192.in-addr.arpa"]}, "10.0-15.2.0.192.in-addr.arpa": "SERVFAIL"},
        "ptr.unknown",
        "ptr.missing",
        id="p89-delegated-to-a-broken-server",
    ),
]


@pytest.mark.parametrize(("changed", "has", "lacks"), ROUTES + NAMES)
def test_routes_and_names(changed: dict[str, Any], has: str, lacks: str) -> None:
    scenario(changed, has, lacks)
    expect(over_packets(served(world(changed))), has, lacks)


@pytest.mark.parametrize(
    ("held", "has"), [({"PTR": [NAME]}, "ptr.fine"), (None, "ptr.missing"), ("TIMEOUT", "ptr.unknown")]
)
def test_p88_the_nibbles_of_ipv6(held: Any, has: str) -> None:
    name = "0.1." + "0." * 22 + "8.b.d.0.1.0.0.2.ip6.arpa"
    assert name == reverse_name("2001:db8::10")
    six = {
        name: held,
        NAME: {"A": ["192.0.2.10"], "AAAA": ["2001:db8::10"]},
        "spf.xenegrade.example": {"TXT": ["v=spf1 ip6:2001:db8::10 -all"]},
    }
    scenario(six, has, sending_server=sent_by(addresses=("2001:db8::10",)))


def test_p86_equal_preferences_are_told_in_one_order() -> None:
    records = [[10, f"{letter}.corp.example"] for letter in "cab"]
    hosts = {f"{letter}.corp.example": HOST for letter in "abc"}
    one = scenario({**mx(*records), **hosts}, "mx.fine").of("mx.fine").arguments["hosts"]
    assert one == ["a.corp.example", "b.corp.example", "c.corp.example"]
    assert scenario({**mx(*records[::-1]), **hosts}, "mx.fine").of("mx.fine").arguments["hosts"] == one
