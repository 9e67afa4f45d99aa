"""Does the recipient's domain hear of failed encryption (P82)."""

from __future__ import annotations

from typing import Any

import pytest

from diagnostics.engine.checks.recipient_tls_reports import CHECK, CODES
from tests.diagnostics.engine.checks.looked import codes, findings


def world(*records: str) -> dict[str, Any]:
    return {"_smtp._tls.corp.example": {"TXT": list(records)}}


CASES: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["tlsrpt.none"]),
    (world("something else"), ["tlsrpt.none"]),
    (world("v=TLSRPTv1; rua=mailto:tls@corp.example"), ["tlsrpt.fine"]),
    (world("v=TLSRPTv1;rua=https://r.example/x, mailto:a@corp.example"), ["tlsrpt.fine"]),
    # P82: a scheme that nobody can report to.
    (world("v=TLSRPTv1; rua=ftp://corp.example"), ["tlsrpt.malformed"]),
    (world("v=TLSRPTv1; rua=tls@corp.example"), ["tlsrpt.malformed"]),
    (world("v=TLSRPTv1;"), ["tlsrpt.malformed"]),
    (world("v=TLSRPTv1; rua=mailto:a@b.example", "v=TLSRPTv1; rua=mailto:c@d.example"), ["tlsrpt.malformed"]),
    ({"_smtp._tls.corp.example": "TIMEOUT"}, ["tlsrpt.unknown"]),
    ({"_smtp._tls.corp.example": "SERVFAIL"}, ["tlsrpt.unknown"]),
]


@pytest.mark.parametrize(("zone", "expected"), CASES)
def test_p82(zone: dict[str, Any], expected: list[str]) -> None:
    assert codes(CHECK, zone, recipient="lee@corp.example") == expected


def test_every_code_is_met() -> None:
    assert {code for _, expected in CASES for code in expected} == {code.id for code in CODES}


def test_the_record_to_publish() -> None:
    (found,) = findings(CHECK, world("v=TLSRPTv1;"), recipient="lee@corp.example")
    assert found.publish is not None
    assert (found.publish.name, found.publish.rdtype) == ("_smtp._tls.corp.example", "TXT")
