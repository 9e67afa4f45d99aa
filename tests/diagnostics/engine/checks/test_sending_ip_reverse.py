"""The reverse name of a sending address: there, missing, wrong, generic, or not to be found out (P88, P89)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from diagnostics.engine.checks.sending_ip_reverse import CHECK
from diagnostics.engine.protocols.iprev import is_generic
from tests.diagnostics.engine.checks.looked import SERVER, codes

PTR = "10.2.0.192.in-addr.arpa"
HOST = "smtp.xenegrade.example"
V6 = "0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ({PTR: {"PTR": [HOST]}, HOST: {"A": ["192.0.2.10"]}}, ["ptr.fine"]),
        ({PTR: {"PTR": ["old.example", HOST]}, HOST: {"A": ["192.0.2.10"]}}, ["ptr.fine"]),
        ({}, ["ptr.missing"]),
        ({PTR: {"TXT": ["x"]}}, ["ptr.missing"]),
        ({PTR: {"PTR": [HOST]}}, ["ptr.unconfirmed"]),
        ({PTR: {"PTR": [HOST]}, HOST: {"A": ["192.0.2.99"]}}, ["ptr.unconfirmed"]),
        # P88: dropped is not missing.
        ({PTR: "TIMEOUT"}, ["ptr.unknown"]),
        ({PTR: "SERVFAIL"}, ["ptr.unknown"]),
        ({PTR: {"PTR": [HOST]}, HOST: "TIMEOUT"}, ["ptr.unknown"]),
        ({PTR: {"PTR": ["192-0-2-10.dyn.example"]}, "192-0-2-10.dyn.example": {"A": ["192.0.2.10"]}},
         ["ptr.generic", "ptr.not_helo"]),
        ({PTR: {"PTR": ["mail.other.example"]}, "mail.other.example": {"A": ["192.0.2.10"]}}, ["ptr.not_helo"]),
        # P89: a delegated reverse zone.
        (
            {PTR: {"CNAME": ["10.0-63.2.0.192.in-addr.arpa"]}, "10.0-63.2.0.192.in-addr.arpa": {"PTR": [HOST]},
             HOST: {"A": ["192.0.2.10"]}},
            ["ptr.fine"],
        ),
    ],
)  # fmt: skip
def test_the_reverse_name_is_judged(zone: dict[str, Any], expected: list[str]) -> None:
    assert codes(CHECK, zone, sending_server=SERVER) == expected


def test_ipv6_is_asked_by_nibbles() -> None:
    server = replace(SERVER, addresses=("2001:db8::10",))
    zone = {V6: {"PTR": [HOST]}, HOST: {"AAAA": ["2001:0db8:0:0:0:0:0:10"]}}
    assert codes(CHECK, zone, sending_server=server) == ["ptr.fine"]


def test_a_server_without_addresses_has_nothing_to_ask() -> None:
    assert codes(CHECK, {}, sending_server=replace(SERVER, addresses=())) == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("192-0-2-10.example.net", True),
        ("10.2.0.192.example.net", True),
        ("dsl-pool-17.example.net", True),
        ("smtp.example.net", False),
        ("mail2.example.net", False),
        ("client.example.net", False),
    ],
)
def test_names_made_from_addresses_are_known(name: str, expected: bool) -> None:
    assert is_generic(name, "192.0.2.10") is expected
