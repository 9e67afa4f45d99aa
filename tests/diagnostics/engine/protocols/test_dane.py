"""TLSA records for mail (RFC 7672 §3.1, RFC 6698 §2.1)."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.engine.protocols.dane import TLSAProblem, parse_record, tlsa_name

SHA, OTHER = "ab" * 32, "cd" * 32


def test_where_it_stands() -> None:
    assert tlsa_name("mx.corp.example") == "_25._tcp.mx.corp.example"


@pytest.mark.parametrize(
    ("text", "is_usable"),
    [
        (f"3 1 1 {SHA}", True),
        (f"2 0 1 {SHA.upper()}", True),
        (f"3 1 2 {SHA}{SHA}", True),
        ("3 0 0 30820122", True),
        (f"3 1 1 {SHA[:32]} {SHA[32:]}", True),
        (f"0 0 1 {SHA}", False),
        (f"1 1 1 {SHA}", False),
    ],
)
def test_a_record(text: str, is_usable: bool) -> None:
    assert parse_record(text).is_usable is is_usable


@pytest.mark.parametrize(
    "text",
    ["", "3 1 1", f"4 1 1 {SHA}", f"3 2 1 {SHA}", f"3 1 3 {SHA}", "3 1 1 abcd", "3 1 0 xyz", "3 1 0 abc", "-1 1 1 ab"],
)
def test_what_senders_cannot_use(text: str) -> None:
    with pytest.raises(TLSAProblem):
        parse_record(text)


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        (f"3 0 1 {SHA}", True),
        (f"3 0 1 {OTHER}", False),
        (f"3 1 1 {OTHER}", True),
        (f"3 1 1 {SHA}", False),
        (f"2 1 1 {OTHER}", None),
        (f"3 1 2 {OTHER}{OTHER}", None),
    ],
)
def test_against_a_certificate(text: str, fits: bool | None) -> None:
    assert parse_record(text).fits(SHA, OTHER) is fits


@given(st.text(max_size=200))
def test_any_text_is_a_record_or_says_why_not(text: str) -> None:
    with suppress(TLSAProblem):
        parse_record(text)
