"""Does the recipient's domain insist on encryption, and do its servers fit (P81)."""

from __future__ import annotations

from typing import Any

import pytest

from diagnostics.engine.checks.recipient_mta_sts import CHECK, CODES
from tests.diagnostics.engine.checks.looked import codes, findings

LINES = "version: STSv1\r\nmode: {mode}\r\nmx: {mx}\r\nmax_age: {age}\r\n"


def policy(mode: str = "enforce", mx: str = "*.corp.example", age: int = 604800) -> list[str]:
    return ["200 text/plain", LINES.format(mode=mode, mx=mx, age=age)]


def world(served: Any = None, record: Any = ("v=STSv1; id=20260101",), mx: Any = "mx.corp.example") -> dict[str, Any]:
    zone: dict[str, Any] = {
        "corp.example": {"MX": [[10, mx]]},
        "mx.corp.example": {"A": ["198.51.100.5"]},
        "_mta-sts.corp.example": {"TXT": record if isinstance(record, str) else list(record)},
    }
    if served is not None:
        zone["mta-sts.corp.example"] = {"STS-POLICY": served}
    return zone


CASES: list[tuple[dict[str, Any], list[str]]] = [
    ({"corp.example": {"MX": [[10, "mx.corp.example"]]}}, ["sts.none"]),
    (world(record=["unrelated text"]), ["sts.none"]),
    # A record of another version, or with a blank before it, is none (RFC 8461 §3.1).
    (world(record=[" v=STSv1; id=1"]), ["sts.none"]),
    (world(policy()), ["sts.fine"]),
    (world(policy("testing")), ["sts.fine"]),
    (world(policy("none")), ["sts.switched_off"]),
    (world([policy()[0], policy()[1].replace("\r\n", "\n")]), ["sts.fine"]),
    # P37 for STS: two records are none that can be used.
    (world(policy(), record=["v=STSv1; id=1", "v=STSv1; id=2"]), ["sts.bad_record"]),
    (world(policy(), record=["v=STSv1; id=no blanks"]), ["sts.bad_record"]),
    (world(policy(), record=["v=STSv1;"]), ["sts.bad_record"]),
    # The policy forgets a server; `*.` stands for one label only.
    (world(policy(mx="mail.corp.example")), ["sts.not_covered"]),
    (world(policy(mx="*.example")), ["sts.not_covered"]),
    (world(policy("testing", "mail.corp.example")), ["sts.would_not_cover"]),
    (world(policy(), mx="a.b.corp.example"), ["sts.not_covered"]),
    # What the web server does.
    (world(["301 text/html", ""]), ["sts.no_policy"]),
    (world(["404 text/html", ""]), ["sts.no_policy"]),
    (world(["200 text/html", "<html>"]), ["sts.no_policy"]),
    (world(["tls The certificate is not valid: certificate has expired."]), ["sts.no_policy"]),
    (world(["too_much The policy is longer than 65536 octets."]), ["sts.no_policy"]),
    (world(), ["sts.no_policy"]),
    (world(["200 text/plain", "version: STSv1\nmode: enforce\nmax_age: 1"]), ["sts.malformed"]),
    (world(["200 text/plain", "nonsense"]), ["sts.malformed"]),
    (world(policy(age=31557601)), ["sts.malformed"]),
    (world(policy(age=60)), ["sts.short"]),
    # Could not find out is never a fault.
    (world("TIMEOUT"), ["sts.unknown"]),
    (world("REFUSED"), ["sts.unknown"]),
    (world(policy(), record="SERVFAIL"), ["sts.unknown"]),
    ({**world(policy()), "corp.example": {"MX": "TIMEOUT"}}, ["sts.unknown"]),
]


@pytest.mark.parametrize(("zone", "expected"), CASES)
def test_p81(zone: dict[str, Any], expected: list[str]) -> None:
    assert codes(CHECK, zone, recipient="lee@corp.example") == expected


def test_every_code_is_met() -> None:
    assert {code for _, expected in CASES for code in expected} == {code.id for code in CODES}


def test_the_remedy_is_the_very_line() -> None:
    (found,) = findings(CHECK, world(policy(mx="mail.corp.example")), recipient="lee@corp.example")
    assert "mx: mx.corp.example" in found.remedy


def test_an_address_without_a_domain_is_not_asked_about() -> None:
    assert codes(CHECK, {}, recipient="lee@[192.0.2.1]") == []
