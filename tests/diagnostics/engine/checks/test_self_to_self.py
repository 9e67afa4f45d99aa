"""Mail from a domain to itself, sent by somebody else (WL-10)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from diagnostics.engine.checks.self_to_self import CHECK
from diagnostics.engine.subject import AllowListRecord
from tests.diagnostics.engine.checks.looked import SERVER, codes, findings

CONFIRMED = AllowListRecord(
    domain="harbor.example", state="confirmed", at="2026-02-01T00:00:00+00:00", addresses=("192.0.2.10",)
)


def mx(host: str) -> dict[str, Any]:
    return {"harbor.example": {"MX": [[10, host]]}}


@pytest.mark.parametrize(
    ("zone", "allow_list", "expected"),
    [
        (mx("us-smtp-inbound-1.mimecast.com"), (), ["self.gateway"]),
        (mx("harbor-example.mail.protection.outlook.com"), (), ["self.gateway"]),
        (mx("mx.harbor-mail.example"), (), ["self.possible"]),
        ({}, (), ["self.possible"]),
        (mx("us-smtp-inbound-1.mimecast.com"), (CONFIRMED,), ["self.confirmed"]),
        (mx("mx.mimecast.com"), (replace(CONFIRMED, state="asked"),), ["self.gateway"]),
        (mx("mx.mimecast.com"), (replace(CONFIRMED, expires="2026-03-01T00:00:00+00:00"),), ["self.gateway"]),
        (mx("mx.mimecast.com"), (replace(CONFIRMED, addresses=("192.0.2.99",)),), ["self.gateway"]),
        ({"harbor.example": "TIMEOUT"}, (), ["self.unknown"]),
    ],
)
def test_it_depends_on_who_filters(zone: dict[str, Any], allow_list: tuple[Any, ...], expected: list[str]) -> None:
    found = codes(
        CHECK,
        zone,
        recipient="office@harbor.example",
        sender_domain="harbor.example",
        sending_server=SERVER,
        allow_list=allow_list,
    )
    assert found == expected


def test_different_domains_are_no_forgery() -> None:
    found = codes(CHECK, {}, recipient="lee@corp.example", sender_domain="harbor.example", sending_server=SERVER)
    assert found == ["self.apart"]


def test_its_own_server_may() -> None:
    server = replace(SERVER, host="mail.harbor.example")
    zone = mx("mail.harbor.example")
    found = codes(CHECK, zone, recipient="o@harbor.example", sender_domain="harbor.example", sending_server=server)
    assert found == ["self.own_server"]


@pytest.mark.parametrize(
    ("host", "link"),
    [("us-smtp-inbound-1.mimecast.com", "mimecast"), ("harbor-example.mail.protection.outlook.com", "microsoft")],
)
def test_the_instructions_are_those_of_the_product_itself(host: str, link: str) -> None:
    (found,) = findings(
        CHECK, mx(host), recipient="o@harbor.example", sender_domain="harbor.example", sending_server=SERVER
    )
    assert link in str(found.arguments["instructions"])
    assert [source.document for source in found.code.sources] == ["RFC 9989"]
