"""Would mail programs show the sender's logo (P84)."""

from __future__ import annotations

from typing import Any

import pytest

from diagnostics.engine.checks.sender_bimi import CHECK, CODES
from tests.diagnostics.engine.checks.looked import codes

LOGO = "v=BIMI1; l=https://north.example/logo.svg"
MARK = f"{LOGO}; a=https://north.example/mark.pem"


def world(record: Any, policy: Any = "v=DMARC1; p=reject") -> dict[str, Any]:
    return {
        "default._bimi.north.example": record if isinstance(record, str) else {"TXT": list(record)},
        "_dmarc.north.example": policy if policy == "TIMEOUT" else {"TXT": [policy]},
        "north.example": {"TXT": ["x"]},
    }


CASES: list[tuple[dict[str, Any], list[str]]] = [
    ({"north.example": {}}, ["bimi.none"]),
    (world(["v=spf1 -all"]), ["bimi.none"]),
    (world([MARK]), ["bimi.fine"]),
    (world([MARK], "v=DMARC1; p=quarantine"), ["bimi.fine"]),
    # P84
    (world([MARK], "v=DMARC1; p=none"), ["bimi.not_enforced"]),
    (world([LOGO]), ["bimi.no_certificate"]),
    (world(["v=BIMI1; l=; a="]), ["bimi.declined"]),
    (world(["v=BIMI1; l=http://north.example/logo.svg"]), ["bimi.malformed"]),
    (world(["v=BIMI1; l=https://north.example/logo.png"]), ["bimi.malformed"]),
    (world(["v=BIMI1; nonsense"]), ["bimi.malformed"]),
    (world(["v=BIMI1; a=https://north.example/mark.pem"]), ["bimi.malformed"]),
    (world([LOGO, MARK]), ["bimi.malformed"]),
    (world("TIMEOUT"), ["bimi.unknown"]),
    # An unknown policy is not a weak one.
    (world([MARK], "TIMEOUT"), ["bimi.fine"]),
]


@pytest.mark.parametrize(("zone", "expected"), CASES)
def test_p84(zone: dict[str, Any], expected: list[str]) -> None:
    assert codes(CHECK, zone, sender_domain="north.example") == expected


def test_every_code_is_met() -> None:
    assert {code for _, expected in CASES for code in expected} == {code.id for code in CODES}
