"""Are the answers of DNS signed, and do the signatures hold (P17, P19)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from diagnostics.engine.checks.signed_dns import CHECK, CODES
from diagnostics.engine.resolver import Answer
from diagnostics.engine.subject import Subject
from diagnostics.engine.transcript import Recording
from diagnostics.engine.zone import Zone

SOA, DS = ["ns.example. root.example. 1 2 3 4 5"], ["12345 13 2 abcd"]
COM: dict[str, Any] = {"com": {"DS": DS}}


class Vouched(Zone):
    async def query(self, name: str, rdtype: str) -> Answer:
        return replace(await super().query(name, rdtype), authenticated=True)


def look(zone: dict[str, Any], kind: type[Zone] = Zone, **subject: str) -> list[str]:
    about = Subject(**(subject or {"sender_domain": "north.example"}))  # type: ignore[arg-type]
    found = asyncio.run(CHECK.look(about, Recording(kind(zone))))  # type: ignore[arg-type]
    return [finding.code.id for finding in found]


CASES: list[tuple[dict[str, Any], type[Zone], list[str]]] = [
    ({"north.example": {"SOA": SOA}}, Zone, ["dnssec.unsigned"]),
    ({"north.example": {"SOA": SOA, "DS": DS}}, Zone, ["dnssec.signed"]),
    # P19: only a resolver that is trusted sets the mark at all.
    ({"north.example": {"SOA": SOA, "DS": DS}}, Vouched, ["dnssec.valid"]),
    ({"other.example": {"SOA": SOA}}, Zone, ["dnssec.no_domain"]),
    # P17
    ({**COM, "north.example": {"SOA": "BOGUS", "DS": DS}}, Zone, ["dnssec.bogus"]),
    # A resolver that takes everything for forged says nothing about one domain.
    ({"com": "BOGUS", "north.example": {"SOA": "BOGUS", "DS": DS}}, Zone, ["dnssec.unknown"]),
    ({"com": "TIMEOUT", "north.example": "BOGUS"}, Zone, ["dnssec.unknown"]),
    ({"north.example": "TIMEOUT"}, Zone, ["dnssec.unknown"]),
    ({"north.example": {"SOA": SOA, "DS": "SERVFAIL"}}, Zone, ["dnssec.unknown"]),
]


@pytest.mark.parametrize(("zone", "kind", "expected"), CASES)
def test_p17_p19(zone: dict[str, Any], kind: type[Zone], expected: list[str]) -> None:
    assert look(zone, kind) == expected


def test_the_recipients_domain_is_their_turn() -> None:
    zone = {**COM, "corp.example": {"SOA": "BOGUS", "DS": DS}, "north.example": {"SOA": SOA}}
    found = look(zone, recipient="lee@corp.example", sender_domain="north.example")
    assert sorted(found) == ["dnssec.bogus_recipient", "dnssec.unsigned"]


def test_one_domain_is_looked_at_once() -> None:
    zone: dict[str, Any] = {"north.example": {"SOA": SOA}}
    assert look(zone, recipient="lee@north.example", sender_domain="north.example") == ["dnssec.unsigned"]


def test_every_code_is_met() -> None:
    met = {code for *_, expected in CASES for code in expected} | {"dnssec.bogus_recipient"}
    assert met == {code.id for code in CODES}
