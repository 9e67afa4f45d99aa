"""Text made to be slow to read (P115) ends soon, whatever it is made of."""

from __future__ import annotations

import asyncio

import pytest

from diagnostics.engine.messages.headers.judge import judge
from diagnostics.engine.zone import Zone
from tests.diagnostics.engine.messages.headers.signing import published, rsa
from tests.soon import ends_soon

ZONE = Zone({"x._domainkey.a.example": {"TXT": [published(rsa())]}})
SIGNATURE = (
    b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=a.example; s=x; h=from:subject; bh=AAAA; b=AAAA\r\n"
    b"From: a@a.example\r\n"
)
SIZE = 65_536


def judged_soon(*messages: bytes) -> None:
    for octets in messages:
        with ends_soon():
            asyncio.run(judge(octets, ZONE))


def of_size(unit: bytes, size: int) -> bytes:
    return (unit * (size // len(unit) + 1))[:size]


HEADERS = [
    *(b"Received: ", b"Authentication-Results: ", b"ARC-Seal: i=1; ", b"DKIM-Signature: v=1; ", b"From: "),
    *(b"X-Spam-Status: ", b"X-Spamd-Result: ", b"X-Forefront-Antispam-Report: ", b"Subject: "),
]
UNITS = [
    b"(",
    b'"',
    b";",
    b"()",
    b'\\"',
    b'("',
    b"=",
    b" ",
    b"\r\n ",
    b"a=b;",
    b"=?utf-8?q?a?= ",
    b"<a@b>,",
    b"1 Jan 26 ",
]


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("header", HEADERS)
def test_one_long_field(header: bytes, unit: bytes) -> None:
    judged_soon(header + of_size(unit, SIZE) + b"\r\n\r\nx")


@pytest.mark.parametrize("header", HEADERS)
def test_many_short_fields(header: bytes) -> None:
    judged_soon(of_size(header + b"(a;b=c\r\n", SIZE) + b"\r\nx")


@pytest.mark.parametrize("unit", [b" ", b"\r\n", b"\r", b" \r\n", b"x ", b"a: b\r\n", b"torn off\r\n"])
def test_bodies_and_torn_lines(unit: bytes) -> None:
    judged_soon(
        SIGNATURE + b"\r\n" + of_size(unit, SIZE),
        SIGNATURE + of_size(unit, SIZE),
        SIGNATURE * 10 + b"Subject: x" + of_size(unit, SIZE) + b"\r\n\r\nx",
    )


@pytest.mark.parametrize(
    ("before", "unit"),
    [
        (b"Received: ", b'("'),
        (b"Authentication-Results: x; ", b"a=b;"),
        (SIGNATURE + b"\r\n", b" "),
        (b"torn\r\nDKIM-Signature: h=a\r\n", b"b c\r\n"),
    ],
)
def test_256_kb_of_what_was_slow_once(before: bytes, unit: bytes) -> None:
    judged_soon(before + of_size(unit, SIZE * 4))
