"""A zone in memory answers as DNS would, failures included, and an overlay knows for whom it speaks."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from diagnostics.engine.resolver import Answer, Resolver, Status
from diagnostics.engine.transcript import Recording
from diagnostics.engine.zone import Overlay, Zone, ZoneProblem, is_over_zone, read_zone

ZONE = Zone(
    {
        "North.example": {
            "TXT": ["v=spf1 -all", ["two ", "strings"]],
            "MX": [[20, "mx2.north.example"], "10 MX1.north.example."],
            "A": ["192.0.2.1"],
            "AAAA": ["2001:DB8::1"],
            "CAA": '0 issue "x"',
        },
        "null.example": {"MX": [[0, "."]]},
        "slow.example": "TIMEOUT",
        "broken.example": {"TXT": "SERVFAIL", "A": ["192.0.2.1"]},
        "closed.example": {"MX": "refused"},
        "alias.example": {"CNAME": ["north.example"]},
        "dangling.example": {"CNAME": ["gone.example"]},
        "x.example": {"CNAME": ["y.example"]},
        "y.example": {"CNAME": ["x.example"]},
        "both.example": {"CNAME": ["north.example"], "TXT": ["its own"]},
        "*.wild.example": {"TXT": ["foreign"]},
        "held.wild.example": {"A": ["192.0.2.1"]},
        "müller.example": {"TXT": ["grüße ☃"]},
        "_25._tcp.mx.example": {"TLSA": ["3 1 1 AB"]},
        "_x._tcp.example": {"SRV": ["0 5 587 Mail.north.example."]},
    }
)


def ask(name: str, rdtype: str, resolver: Resolver = ZONE) -> Answer:
    return asyncio.run(resolver.query(name, rdtype))


@pytest.mark.parametrize(
    ("name", "rdtype", "status", "records"),
    [
        ("NORTH.example.", "txt", Status.OK, ("two strings", "v=spf1 -all")),
        ("north.example", "MX", Status.OK, ("10 mx1.north.example", "20 mx2.north.example")),
        ("north.example", "AAAA", Status.OK, ("2001:db8::1",)),
        ("north.example", "CAA", Status.OK, ('0 issue "x"',)),
        ("null.example", "MX", Status.OK, ("0 .",)),
        ("north.example", "PTR", Status.NODATA, ()),
        ("gone.example", "TXT", Status.NXDOMAIN, ()),
        ("slow.example", "TXT", Status.TIMEOUT, ()),
        ("_dmarc.slow.example", "TXT", Status.TIMEOUT, ()),
        ("broken.example", "TXT", Status.SERVFAIL, ()),
        ("broken.example", "A", Status.OK, ("192.0.2.1",)),
        ("broken.example", "AAAA", Status.NODATA, ()),
        ("closed.example", "MX", Status.REFUSED, ()),
        ("both.example", "TXT", Status.OK, ("its own",)),
        ("x.example", "TXT", Status.ERROR, ()),
        ("a.b.wild.example", "TXT", Status.OK, ("foreign",)),
        ("a.wild.example", "A", Status.NODATA, ()),
        ("held.wild.example", "TXT", Status.NODATA, ()),
        ("a.held.wild.example", "TXT", Status.NXDOMAIN, ()),
        # RFC 4592 §2.2.2: a name that only has names below it exists.
        ("wild.example", "TXT", Status.NODATA, ()),
        ("xn--mller-kva.example", "TXT", Status.OK, ("grüße ☃".encode().decode("latin-1"),)),
        ("_25._tcp.mx.example", "TLSA", Status.OK, ("3 1 1 AB",)),
        ("_x._tcp.example", "SRV", Status.OK, ("0 5 587 mail.north.example",)),
        ("a..b", "TXT", Status.ERROR, ()),
    ],
)
def test_p01_p02_p20_what_the_zone_says(name: str, rdtype: str, status: Status, records: tuple[str, ...]) -> None:
    answer = ask(name, rdtype)
    assert (answer.status, answer.records, answer.elapsed_ms) == (status, records, 0.0)


def test_p13_p15_aliases_are_followed() -> None:
    assert (ask("alias.example", "A").records, ask("alias.example", "A").chain) == (("192.0.2.1",), ("north.example",))
    dangling = ask("dangling.example", "A")
    assert (dangling.status, dangling.chain) == (Status.NXDOMAIN, ("gone.example",))
    assert ask("alias.example", "CNAME").records == ("north.example",)


def test_a_delay_is_told() -> None:
    assert ask("a.example", "A", Zone({}, delay=0.001)).elapsed_ms == 1.0
    slow = Zone({}, delay={"a.example": 0.001})
    assert (ask("a.example", "A", slow).elapsed_ms, ask("b.example", "A", slow).elapsed_ms) == (1.0, 0.0)


def test_an_overlay_speaks_for_its_names_and_the_reserved_ones() -> None:
    real = Zone({"college.edu": {"TXT": ["real"]}, "mail.host.net": {"A": ["8.8.8.8"]}})
    zone = Zone({"vendor.net": {"TXT": ["zone"]}, "away.example": {"CNAME": ["mail.host.net"]}})
    overlay = Overlay(zone, real)
    assert ask("college.edu", "TXT", overlay).records == ("real",)
    assert ask("vendor.net", "TXT", overlay).records == ("zone",)
    for name in ("sub.vendor.net", "nobody.example", "nobody.test", "10.2.0.192.list.edu", "10.2.0.192.in-addr.arpa"):
        assert ask(name, "TXT", overlay).status is Status.NXDOMAIN
    away = ask("away.example", "A", overlay)
    assert (away.name, away.records, away.chain) == ("away.example", ("8.8.8.8",), ("mail.host.net",))
    assert ask("a..b", "A", overlay).status is Status.ERROR


def test_a_check_can_know_that_it_asks_a_zone() -> None:
    class Real:
        async def query(self, name: str, rdtype: str) -> Answer:
            raise AssertionError(name)

    assert is_over_zone(Recording(Overlay(ZONE, Real())))
    assert is_over_zone(ZONE)
    assert not is_over_zone(Recording(Real()))


@pytest.mark.parametrize("document", [{"a.example": {"A": ["192.0.2.1"]}}, {"zone": {"a.example": {"A": "192.0.2.1"}}}])
def test_a_zone_or_a_case_is_read(tmp_path: Path, document: object) -> None:
    path = tmp_path / "zone.json"
    path.write_text(json.dumps(document))
    assert ask("a.example", "A", read_zone(path)).records == ("192.0.2.1",)


@pytest.mark.parametrize(
    "text",
    ["{", "[]", '{"a.example": "SLOW"}', '{"a.example": []}', '{"a.example": {"A": 1}}', '{"a..b": {}}'],
)
def test_what_is_no_zone_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "zone.json"
    path.write_text(text)
    with pytest.raises(ZoneProblem):
        read_zone(path)
    with pytest.raises(ZoneProblem):
        read_zone(tmp_path / "none.json")
