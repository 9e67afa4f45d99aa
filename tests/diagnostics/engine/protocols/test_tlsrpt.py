"""TLS reporting records (RFC 8460 §3)."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.engine.protocols.tlsrpt import ReportProblem, parse_record, select_records


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("v=TLSRPTv1; rua=mailto:tls@corp.example", ("mailto:tls@corp.example",)),
        ("v=TLSRPTv1;rua=https://r.example/x,mailto:a@b.example;", ("https://r.example/x", "mailto:a@b.example")),
        ("v=TLSRPTv1; x=y; rua=MAILTO:tls@corp.example", ("MAILTO:tls@corp.example",)),
    ],
)
def test_a_record(text: str, places: tuple[str, ...]) -> None:
    assert parse_record(text).places == places


@pytest.mark.parametrize(
    "text",
    [
        "v=TLSRPTv1",
        "v=TLSRPTv1; rua=",
        "v=TLSRPTv1; rua=http://x.example",
        "v=TLSRPTv1; rua=mailto:nobody",
        "v=TLSRPTv1; rua=a b",
    ],
)
def test_what_nobody_can_report_to(text: str) -> None:
    with pytest.raises(ReportProblem):
        parse_record(text)


def test_what_is_a_record() -> None:
    texts = ("v=TLSRPTv1; rua=mailto:a@b.example", "v=TLSRPTv2;", "v=tlsrptv1;", "other")
    assert select_records(texts) == texts[:1]


@given(st.text(max_size=300))
def test_any_text_is_a_record_or_says_why_not(text: str) -> None:
    with suppress(ReportProblem):
        assert parse_record(text).places
