"""P91 to P102: only what a healthy list says of an address by a code of its own is a listing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from diagnostics.engine.ip import reversed_labels
from diagnostics.engine.lists import lists
from diagnostics.engine.transcript import Recording
from diagnostics.engine.zone import Zone
from tests.diagnostics.scenarios.world import SUBJECT, WORLD, examined, expect, scenario, sent_by, world

ZEN, DNSWL, SPIKE, COP = "zen.spamhaus.org", "list.dnswl.org", "rep.mailspike.net", "bl.spamcop.net"
REAL = "8.8.4.4"


def says(*records: str, zone: str = ZEN, address: str = "192.0.2.10", text: Any = None) -> dict[str, Any]:
    """What a list answers for an address."""
    held: dict[str, Any] = {"A": list(records)}
    return {f"{reversed_labels(address)}.{zone}": held | ({"TXT": text} if text else {})}


CLEAN = "list.clean"
CODES = [
    pytest.param(says("127.255.255.252"), f"{CLEAN} list.refused", "list.listed", id="p91-mistyped"),
    pytest.param(says("127.255.255.254"), f"{CLEAN} list.refused", "list.listed", id="p91-public-resolver"),
    pytest.param(says("127.255.255.255"), f"{CLEAN} list.refused", "list.listed", id="p91-too-many"),
    pytest.param(says("127.0.1.255"), f"{CLEAN} list.invalid", "list.listed", id="p92"),
    pytest.param(says("127.0.0.1"), f"{CLEAN} list.invalid", "list.listed", id="p93"),
    pytest.param(says("1.2.3.4"), f"{CLEAN} list.invalid", "list.listed", id="p94"),
    pytest.param(says("127.0.0.10", "127.0.0.2"), "list.listed", "list.policy list.clean", id="p95-worst"),
    pytest.param(says("127.0.0.2", "127.255.255.254"), f"{CLEAN} list.refused", "list.listed", id="p95-refused"),
    pytest.param(says("127.0.0.2", text="TIMEOUT"), "list.listed", "list.unknown", id="p96"),
    pytest.param(says("127.0.0.2", text=["a trap"]), "list.listed", "list.clean", id="p96-reason"),
    pytest.param(says("127.0.4.3", zone=DNSWL), f"{CLEAN} list.allowed", "list.refused", id="p99-trusted"),
    pytest.param(says("127.0.10.3", zone=DNSWL), f"{CLEAN} list.refused", "list.allowed", id="p99-over-the-limit"),
    pytest.param(says("127.0.0.255", zone=DNSWL), f"{CLEAN} list.refused", "list.allowed", id="p99-refused"),
    pytest.param(says("127.0.0.10", zone=SPIKE), "list.listed", "list.allowed", id="p100-black"),
    pytest.param(says("127.0.0.20", zone=SPIKE), f"{CLEAN} list.allowed", "list.listed", id="p100-white"),
    pytest.param({f"10.2.0.192.{ZEN}": "TIMEOUT"}, f"{CLEAN} list.unknown", "list.listed", id="p04-silent"),
    pytest.param({f"10.2.0.192.{ZEN}": "SERVFAIL"}, f"{CLEAN} list.unknown", "list.listed", id="p03-servfail"),
]


@pytest.mark.parametrize(("changed", "has", "lacks"), CODES)
def test_what_a_list_answers(changed: dict[str, Any], has: str, lacks: str) -> None:
    scenario(changed, has, lacks)


#: The same world, with a sending address that is one.
PUBLIC = {
    "smtp.xenegrade.example": {"A": [REAL]},
    "4.4.8.8.in-addr.arpa": {"PTR": ["smtp.xenegrade.example"]},
    "spf.xenegrade.example": {"TXT": [f"v=spf1 ip4:{REAL} -all"]},
}
LISTED = says("127.0.0.2", address=REAL)


@pytest.mark.parametrize(
    ("health", "has", "lacks"),
    [
        (says("127.0.0.2", address="127.0.0.2"), "list.listed", "list.unhealthy"),
        ({f"*.{ZEN}": {"A": ["127.0.0.2"]}}, "list.unhealthy", "list.listed"),
        ({}, "list.unhealthy", "list.listed"),
        ({f"2.0.0.127.{ZEN}": "TIMEOUT"}, "list.unknown", "list.listed"),
    ],
    ids=["p97-healthy", "p97-lists-everything", "p97-lists-nothing", "p97-silent"],
)
def test_a_list_that_was_shut_down(health: dict[str, Any], has: str, lacks: str) -> None:
    scenario(PUBLIC | LISTED | health, has, lacks, sending_server=sent_by(addresses=(REAL,)))


SIX = "2001:db8::10"
V6 = {
    "smtp.xenegrade.example": {"AAAA": [SIX]},
    "spf.xenegrade.example": {"TXT": [f"v=spf1 ip6:{SIX} -all"]},
    "0.1." + "0." * 22 + "8.b.d.0.1.0.0.2.ip6.arpa": {"PTR": ["smtp.xenegrade.example"]},
}
NIBBLES = "0.1." + "0." * 22 + "8.b.d.0.1.0.0.2"


def test_p98_ipv6_by_nibbles_and_only_where_the_list_knows_it() -> None:
    server = sent_by(addresses=(SIX,))
    scenario(V6 | {f"{NIBBLES}.{ZEN}": {"A": ["127.0.0.3"]}}, "list.listed", sending_server=server)
    recording = Recording(Zone(world(V6 | {f"{NIBBLES}.{COP}": {"A": ["127.0.0.2"]}})))
    expect(examined(recording, replace(SUBJECT, sending_server=server)), CLEAN, "list.listed")
    assert not [item for item in recording.transcript if item["name"].endswith(COP)]


class Outside:
    """The world as real DNS gives it: nothing in it is invented, and what is asked stands in ``asked``."""

    def __init__(self, names: dict[str, Any]) -> None:
        self.zone, self.asked = Zone(names), set[str]()

    async def query(self, name: str, rdtype: str) -> Any:
        self.asked.add(name)
        return await self.zone.query(name, rdtype)


@pytest.mark.parametrize("address", ["192.0.2.10", "10.0.0.1", "127.0.0.1", "169.254.1.1", "2001:db8::1", "fd00::1"])
def test_p101_no_list_hears_of_an_address_of_nobody(address: str) -> None:
    outside = Outside(WORLD)
    told = examined(outside, replace(SUBJECT, sending_server=sent_by(addresses=(address,))))
    assert "list.not_asked" in told.codes
    assert not [name for name in outside.asked if name.endswith(tuple(item.zone for item in lists()))]


def test_p102_a_list_that_is_not_among_those_chosen_is_not_asked() -> None:
    recording = Recording(Zone(world(says("127.0.0.2", zone=ZEN))))
    expect(examined(recording, replace(SUBJECT, lists=(COP,))), CLEAN, "list.listed")
    asked = {item["name"] for item in recording.transcript}
    assert f"10.2.0.192.{COP}" in asked
    assert f"10.2.0.192.{ZEN}" not in asked


def test_p102_no_list_at_all() -> None:
    recording = Recording(Zone(world(says("127.0.0.2", zone=ZEN))))
    expect(examined(recording, replace(SUBJECT, lists=("none",))), "mx.fine", "list.listed list.clean")
    assert not [item for item in recording.transcript if item["name"].endswith(tuple(item.zone for item in lists()))]


def test_p102_no_list_of_ours_has_a_key_in_its_name() -> None:
    """The lists are public data; where one needs a key, the name would show it in every transcript."""
    assert not [item.zone for item in lists() if "dq.spamhaus" in item.zone or max(map(len, item.zone.split("."))) > 20]
