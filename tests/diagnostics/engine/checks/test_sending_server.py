"""Is the sending server where our records say (WL-01)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from diagnostics.engine.checks.sending_server import CHECK, CODES
from diagnostics.engine.subject import SendingServer
from tests.diagnostics.engine.checks.looked import SERVER, codes, findings

HOST = SERVER.host
UNNAMED = SendingServer(host="", addresses=("192.0.2.10",))
CASES: list[tuple[dict[str, Any], SendingServer, list[str]]] = [
    ({HOST: {"A": ["192.0.2.10"]}}, SERVER, ["server.fine"]),
    # It may send from more than its name leads to, and our records may hold none.
    ({HOST: {"A": ["192.0.2.10"]}}, replace(SERVER, addresses=("192.0.2.10", "192.0.2.11")), ["server.fine"]),
    ({HOST: {"A": ["192.0.2.10"]}}, replace(SERVER, addresses=()), ["server.fine"]),
    ({HOST: {"AAAA": ["2001:DB8:0::10"]}}, replace(SERVER, addresses=("2001:db8::10",)), ["server.fine"]),
    ({HOST: {"A": ["192.0.2.99"]}}, SERVER, ["server.moved"]),
    ({HOST: {"A": ["192.0.2.10"], "AAAA": ["2001:db8::10"]}}, SERVER, ["server.moved"]),
    ({}, SERVER, ["server.no_address"]),
    ({HOST: {"TXT": ["x"]}}, SERVER, ["server.no_address"]),
    ({HOST: "TIMEOUT"}, SERVER, ["server.unknown"]),
    ({HOST: {"A": "SERVFAIL"}}, SERVER, ["server.unknown"]),
    ({}, UNNAMED, ["server.unnamed"]),
]


@pytest.mark.parametrize(("zone", "server", "expected"), CASES)
def test_wl01(zone: dict[str, Any], server: SendingServer, expected: list[str]) -> None:
    assert codes(CHECK, zone, sending_server=server) == expected


def test_every_code_is_met() -> None:
    assert {code for *_, expected in CASES for code in expected} == {code.id for code in CODES}


def test_which_address_is_new() -> None:
    zone = {HOST: {"A": ["192.0.2.10"], "AAAA": ["2001:db8::10"]}}
    (found,) = findings(CHECK, zone, sending_server=SERVER)
    assert found.arguments["added"] == ["2001:db8::10"]
