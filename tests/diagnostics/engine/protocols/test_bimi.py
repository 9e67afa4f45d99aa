"""BIMI records (draft-brand-indicators-for-message-identification §4.2)."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.engine.protocols.bimi import Indicator, IndicatorProblem, parse_record, select_records

LOGO, MARK = "https://north.example/logo.svg", "https://north.example/mark.pem"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"v=BIMI1; l={LOGO}; a={MARK}", Indicator(LOGO, MARK)),
        (f"v=BIMI1;l={LOGO};", Indicator(LOGO, "")),
        (f"v=BIMI1; l={LOGO}?x=1; avp=brand", Indicator(f"{LOGO}?x=1", "")),
        ("v=BIMI1; l=; a=", Indicator("", "")),
    ],
)
def test_a_record(text: str, found: Indicator) -> None:
    assert parse_record(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "v=BIMI1",
        f"v=BIMI1; a={MARK}",
        "v=BIMI1; l=http://north.example/logo.svg",
        "v=BIMI1; l=https://north.example/logo.png",
        f"v=BIMI1; l={LOGO}; l={MARK}",
        "v=BIMI1; =x",
    ],
)
def test_what_no_mail_program_uses(text: str) -> None:
    with pytest.raises(IndicatorProblem):
        parse_record(text)


def test_what_is_a_record() -> None:
    texts = (f"v=BIMI1; l={LOGO}", "v=BIMI2; l=x", "v=spf1 -all")
    assert select_records(texts) == texts[:1]


@given(st.text(max_size=300))
def test_any_text_is_a_record_or_says_why_not(text: str) -> None:
    with suppress(IndicatorProblem):
        parse_record(text)
