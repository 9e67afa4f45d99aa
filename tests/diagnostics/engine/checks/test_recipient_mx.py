"""Does the recipient's domain take mail: every way it can, cannot, or would not say (P85 to P87)."""

from __future__ import annotations

from typing import Any

import pytest

from diagnostics.engine.checks.recipient_mx import CHECK
from tests.diagnostics.engine.checks.looked import codes

MX: dict[str, Any] = {"MX": [[10, "mx.corp.example"]]}
HOST: dict[str, Any] = {"A": ["198.51.100.5"]}


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ({"corp.example": MX, "mx.corp.example": HOST}, ["mx.fine"]),
        ({"corp.example": MX, "mx.corp.example": {"AAAA": ["2001:db8::5"]}}, ["mx.fine"]),
        # P87
        ({"corp.example": HOST}, ["mx.implicit"]),
        # P85
        ({"corp.example": {"MX": [[0, "."]]}}, ["mx.null"]),
        ({"corp.example": {"MX": [[5, "."]]}}, ["mx.null"]),
        (
            {"corp.example": {"MX": [[0, "."], [10, "mx.corp.example"]]}, "mx.corp.example": HOST},
            ["mx.null_beside_others"],
        ),
        # P02 and P01: no record, no name.
        ({"corp.example": {"TXT": ["x"]}}, ["mx.none"]),
        ({}, ["mx.no_domain"]),
        # P03 P04 P05
        ({"corp.example": "TIMEOUT"}, ["mx.unknown"]),
        ({"corp.example": "SERVFAIL"}, ["mx.unknown"]),
        ({"corp.example": "REFUSED"}, ["mx.unknown"]),
        ({"corp.example": {"A": "SERVFAIL"}}, ["mx.unknown"]),
        # P86
        ({"corp.example": MX}, ["mx.dead_hosts"]),
        ({"corp.example": MX, "mx.corp.example": "TIMEOUT"}, ["mx.unknown"]),
        (
            {"corp.example": {"MX": [[10, "mx.corp.example"], [20, "gone.corp.example"]]}, "mx.corp.example": HOST},
            ["mx.some_dead"],
        ),
        (
            {"corp.example": MX, "mx.corp.example": {"CNAME": ["real.corp.example"]}, "real.corp.example": HOST},
            ["mx.alias"],
        ),
        ({"corp.example": {"MX": [[10, "198.51.100.5"]]}}, ["mx.literal"]),
        ({"corp.example": MX, "mx.corp.example": {"A": ["10.0.0.5"]}}, ["mx.private"]),
        ({"corp.example": MX, "mx.corp.example": {"A": ["127.0.0.1"]}}, ["mx.private"]),
        ({"corp.example": MX, "mx.corp.example": {"A": ["10.0.0.5", "198.51.100.5"]}}, ["mx.private"]),
    ],
)
def test_the_route_is_judged(zone: dict[str, Any], expected: list[str]) -> None:
    assert codes(CHECK, zone, recipient="lee@corp.example") == expected


def test_an_address_literal_has_no_domain_to_ask_about() -> None:
    assert codes(CHECK, {}, recipient="lee@[192.0.2.1]") == []


def test_an_address_that_cannot_be_read_is_for_another_check() -> None:
    assert codes(CHECK, {}, recipient="lee") == []


def test_an_international_domain_is_asked_for_by_its_a_labels() -> None:
    zone = {"xn--bcher-kva.example": {"MX": [[10, "mx.corp.example"]]}, "mx.corp.example": HOST}
    assert codes(CHECK, zone, recipient="lee@bücher.example") == ["mx.fine"]
