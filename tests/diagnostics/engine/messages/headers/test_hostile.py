"""Text made to be slow to read (P115): twice as much may take about twice as long, whatever it is made of."""

from __future__ import annotations

import asyncio
import time

import pytest

from diagnostics.engine.messages.headers.judge import judge
from diagnostics.engine.zone import Zone
from tests.diagnostics.engine.messages.headers.signing import published, rsa

ZONE = Zone({"x._domainkey.a.example": {"TXT": [published(rsa())]}})
SIGNATURE = (
    b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=a.example; s=x; h=from:subject; bh=AAAA; b=AAAA\r\n"
    b"From: a@a.example\r\n"
)
SIZE = 65_536
#: Far above what reading takes, and far below what it would take if it grew with the square.
MOST_SECONDS = 2.0


def seconds(octets: bytes) -> float:
    began = time.process_time()
    asyncio.run(judge(octets, ZONE))
    return time.process_time() - began


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
    assert seconds(header + of_size(unit, SIZE) + b"\r\n\r\nx") < MOST_SECONDS


@pytest.mark.parametrize("header", HEADERS)
def test_many_short_fields(header: bytes) -> None:
    assert seconds(of_size(header + b"(a;b=c\r\n", SIZE) + b"\r\nx") < MOST_SECONDS


@pytest.mark.parametrize("unit", [b" ", b"\r\n", b"\r", b" \r\n", b"x ", b"a: b\r\n", b"torn off\r\n"])
def test_bodies_and_torn_lines(unit: bytes) -> None:
    assert seconds(SIGNATURE + b"\r\n" + of_size(unit, SIZE)) < MOST_SECONDS
    assert seconds(SIGNATURE + of_size(unit, SIZE)) < MOST_SECONDS
    assert seconds(SIGNATURE * 10 + b"Subject: x" + of_size(unit, SIZE) + b"\r\n\r\nx") < MOST_SECONDS


@pytest.mark.parametrize(
    ("before", "unit"),
    [
        (b"Received: ", b'("'),
        (b"Authentication-Results: x; ", b"a=b;"),
        (SIGNATURE + b"\r\n", b" "),
        (b"torn\r\nDKIM-Signature: h=a\r\n", b"b c\r\n"),
    ],
)
def test_eight_times_as_much_takes_about_eight_times_as_long(before: bytes, unit: bytes) -> None:
    """Where time grew with the square it would take sixty-four times as long."""
    small = min(seconds(before + of_size(unit, SIZE // 2)) for _ in range(3))
    great = min(seconds(before + of_size(unit, SIZE * 4)) for _ in range(2))
    assert great < 30 * max(small, 0.002)
