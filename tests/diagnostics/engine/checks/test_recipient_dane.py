"""Does signed DNS vouch for the recipient's mail servers (P83)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from diagnostics.engine.checks.recipient_dane import CHECK, CODES
from diagnostics.engine.resolver import Answer
from diagnostics.engine.subject import Subject
from diagnostics.engine.transcript import Recording
from diagnostics.engine.zone import Zone

CERTIFICATE, KEY = "ab" * 32, "cd" * 32
VISIT = [
    "! connected to 198.51.100.5",
    "S: 220 mx",
    "! TLS: TLSv1.3, the certificate is valid for mx.corp.example",
    f"! certificate sha256={CERTIFICATE} key sha256={KEY}",
]


class Signed(Zone):
    """A zone for which a validating resolver vouches."""

    async def query(self, name: str, rdtype: str) -> Answer:
        return replace(await super().query(name, rdtype), authenticated=True)


def world(*records: str, visit: Any = None) -> dict[str, Any]:
    zone: dict[str, Any] = {
        "corp.example": {"MX": [[10, "mx.corp.example"]]},
        "mx.corp.example": {"A": ["198.51.100.5"]},
    }
    if visit:
        zone["mx.corp.example"]["SMTP"] = visit
    if records:
        zone["_25._tcp.mx.corp.example"] = {"TLSA": list(records)}
    return zone


def look(zone: dict[str, Any], kind: type[Zone], probe: str = "") -> list[str]:
    subject = Subject(recipient="lee@corp.example", probe=probe)
    found = asyncio.run(CHECK.look(subject, Recording(kind(zone))))  # type: ignore[arg-type]
    return [finding.code.id for finding in found]


GOOD = f"3 1 1 {KEY}"
CASES: list[tuple[dict[str, Any], type[Zone], str, list[str]]] = [
    (world(), Signed, "", ["dane.none"]),
    ({"corp.example": {"A": ["198.51.100.5"]}}, Signed, "", ["dane.none"]),
    (world(GOOD), Signed, "", ["dane.fine"]),
    # P83: without DNSSEC the record counts for nothing, and that is said and no fault.
    (world(GOOD), Zone, "", ["dane.unsigned"]),
    # P83: usages 0 and 1 are not for mail; neither is what has the wrong length.
    (world(f"1 1 1 {KEY}"), Signed, "", ["dane.unusable"]),
    (world("3 1 1 abcd"), Signed, "", ["dane.unusable"]),
    (world("garbage"), Signed, "", ["dane.unusable"]),
    (world(f"0 0 1 {KEY}", GOOD), Signed, "", ["dane.fine"]),
    # P83: a record left over from another certificate.
    (world(GOOD, visit=VISIT), Signed, "greeting", ["dane.fine"]),
    (world(f"3 0 1 {CERTIFICATE}", visit=VISIT), Signed, "greeting", ["dane.fine"]),
    (world(f"3 1 1 {'00' * 32}", visit=VISIT), Signed, "greeting", ["dane.stale"]),
    (world(f"3 1 1 {'00' * 32}", GOOD, visit=VISIT), Signed, "greeting", ["dane.fine"]),
    # What cannot be compared is left open: another usage, another hash, a server not called on.
    (world(f"2 1 1 {'00' * 32}", visit=VISIT), Signed, "greeting", ["dane.fine"]),
    (world(f"3 1 2 {'00' * 64}", visit=VISIT), Signed, "greeting", ["dane.fine"]),
    (world(f"3 1 1 {'00' * 32}", visit=VISIT), Signed, "", ["dane.fine"]),
    ({**world(), "_25._tcp.mx.corp.example": "TIMEOUT"}, Signed, "", ["dane.unknown"]),
    ({"corp.example": "SERVFAIL"}, Signed, "", ["dane.unknown"]),
]


@pytest.mark.parametrize(("zone", "kind", "probe", "expected"), CASES)
def test_p83(zone: dict[str, Any], kind: type[Zone], probe: str, expected: list[str]) -> None:
    assert look(zone, kind, probe) == expected


def test_every_code_is_met() -> None:
    assert {code for *_, expected in CASES for code in expected} == {code.id for code in CODES}
