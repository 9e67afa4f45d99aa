"""A message that came to us: who connected, and what SPF says of that."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from diagnostics.engine.messages.headers.alignment import Alignment
from diagnostics.engine.messages.headers.connection import Connection, connection_of, name_in
from diagnostics.engine.messages.headers.fields import read_message
from diagnostics.engine.messages.headers.judge import judge
from diagnostics.engine.zone import Zone

INSIDE = (
    "Received: from localhost (localhost [127.0.0.1]) by desk.example with ESMTP; Wed, 4 Mar 2026 12:00:02 +0000\r\n"
)
ENTRY = (
    "Received: from out.north.example (out.north.example [192.0.2.10]) by mx.desk.example (Postfix) with ESMTPS id 4B; "
    "Wed, 4 Mar 2026 12:00:01 +0000\r\n"
)
OLDER = (
    "Received: from app (app [198.51.100.9]) by out.north.example with ESMTP id 1; Wed, 4 Mar 2026 12:00:00 +0000\r\n"
)
FORGED = "Authentication-Results: mx.desk.example; dkim=pass header.d=north.example\r\n"
REST = "From: North <registrar@north.example>\r\nSubject: Hello\r\n\r\nHello\r\n"
ZONE: dict[str, Any] = {
    "north.example": {"TXT": ["v=spf1 ip4:192.0.2.10 -all"]},
    "else.example": {"TXT": ["v=spf1 -all"]},
    "slow.example": {"TXT": "TIMEOUT"},
    "slow.north.example": {"TXT": "TIMEOUT"},
    "_dmarc.north.example": {"TXT": ["v=DMARC1; p=none"]},
}


@pytest.mark.parametrize(
    ("header", "sender", "expected"),
    [
        (ENTRY + OLDER, "a@north.example", ("192.0.2.10", "out.north.example", "north.example")),
        (INSIDE + ENTRY + OLDER, "a@north.example", ("192.0.2.10", "out.north.example", "north.example")),
        (ENTRY, "", ("192.0.2.10", "out.north.example", "out.north.example")),
        (ENTRY, "a@[192.0.2.10]", ("192.0.2.10", "out.north.example", "")),
    ],
)
def test_who_connected(header: str, sender: str, expected: tuple[str, str, str]) -> None:
    found = connection_of(read_message((header + REST).encode()).fields, sender=sender)
    assert found is not None
    assert (found.address, found.helo, found.domain) == expected


@pytest.mark.parametrize("header", ["", INSIDE, INSIDE * 3])
def test_nobody_from_outside(header: str) -> None:
    assert connection_of(read_message((header + REST).encode()).fields) is None


@pytest.mark.parametrize("text", ["", " ", "[192.0.2.10]", "192.0.2.10", "a..b", "x" * 300, "\x00", "-"])
def test_what_is_no_name(text: str) -> None:
    assert name_in(text) in ("", "-")


@pytest.mark.parametrize(
    ("domain", "outcome"),
    [
        ("north.example", Alignment.VOUCHED),
        ("else.example", Alignment.NOT_VOUCHED),
        ("nothing.example", Alignment.NOT_VOUCHED),
        # Whatever SPF would have said of a foreign domain, it could not vouch for this author.
        ("slow.example", Alignment.NOT_VOUCHED),
        ("slow.north.example", Alignment.UNKNOWN),
        ("", Alignment.UNKNOWN),
    ],
)
def test_we_are_the_witness(domain: str, outcome: Alignment) -> None:
    connection = Connection(address="192.0.2.10", helo="out.north.example", domain=domain)
    report = asyncio.run(judge((ENTRY + REST).encode(), Zone(ZONE), connection=connection))
    assert report.alignment.outcome is outcome


def test_what_came_with_the_message_is_not_believed() -> None:
    connection = Connection(address="192.0.2.10", domain="else.example")
    report = asyncio.run(judge((ENTRY + FORGED + REST).encode(), Zone(ZONE), connection=connection))
    assert (report.results, report.alignment.outcome) == ((), Alignment.NOT_VOUCHED)
    above = asyncio.run(judge((FORGED + ENTRY + REST).encode(), Zone(ZONE), connection=connection))
    assert len(above.trust.believed) == 1
