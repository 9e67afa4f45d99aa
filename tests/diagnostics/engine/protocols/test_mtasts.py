"""MTA-STS records and policies (RFC 8461 §3.1, §3.2, §4.1)."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.engine.protocols.mtasts import (
    Mode,
    PolicyProblem,
    STSPolicy,
    parse_policy,
    record_id,
    select_records,
)

FINE = "version: STSv1\r\nmode: enforce\r\nmx: mail.corp.example\r\nmx: *.corp.example\r\nmax_age: 604800\r\n"


def test_a_policy() -> None:
    assert parse_policy(FINE) == STSPolicy(Mode.ENFORCE, 604800, ("mail.corp.example", "*.corp.example"))


@pytest.mark.parametrize(
    "text",
    [
        FINE.replace("\r\n", "\n"),
        FINE.replace(": ", ":"),
        FINE + "unknown: kept\r\n\r\n",
        FINE.replace("mx: mail.corp.example", "mx: MAIL.corp.example."),
        # Of a field that stands twice the first counts.
        FINE + "mode: none\r\n",
    ],
)
def test_the_same_policy_written_otherwise(text: str) -> None:
    assert parse_policy(text) == parse_policy(FINE)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "version"),
        (FINE.replace("STSv1", "STSv2"), "version"),
        (FINE.replace("enforce", "Enforce"), "mode"),
        (FINE.replace("604800", "-1"), "max_age"),
        (FINE.replace("604800", "31557601"), "max_age"),
        (FINE.replace("604800", "a week"), "max_age"),
        (FINE.replace("604800", "9" * 5000), "max_age"),
        ("version: STSv1\nmode: enforce\nmax_age: 1", "no_mx"),
        (FINE.replace("*.corp", "*.*.corp"), "mx"),
        (FINE.replace("*.corp.example", "*"), "mx"),
        (FINE.replace("mail.corp.example", "mail corp"), "mx"),
        (FINE + "mx: a.example\n" * 300, "mx"),
        ("<html>nothing of the kind</html>", "line"),
    ],
)
def test_what_senders_cannot_use(text: str, code: str) -> None:
    with pytest.raises(PolicyProblem) as problem:
        parse_policy(text)
    assert problem.value.code == code


def test_a_policy_that_is_off_needs_no_server() -> None:
    assert parse_policy("version: STSv1\nmode: none\nmax_age: 60").patterns == ()


@pytest.mark.parametrize(
    ("pattern", "host", "is_covered"),
    [
        ("mail.corp.example", "mail.corp.example", True),
        ("mail.corp.example", "MAIL.corp.example.", True),
        ("*.corp.example", "mx.corp.example", True),
        # P81: one label and no more, and never the bare domain.
        ("*.corp.example", "a.mx.corp.example", False),
        ("*.corp.example", "corp.example", False),
        ("*.corp.example", "mxcorp.example", False),
        ("corp.example", "mx.corp.example", False),
    ],
)
def test_which_servers_are_covered(pattern: str, host: str, is_covered: bool) -> None:
    assert STSPolicy(Mode.ENFORCE, 1, (pattern,)).covers(host) is is_covered


@pytest.mark.parametrize(
    ("text", "is_record"),
    [
        ("v=STSv1; id=1", True),
        ("v=STSv1 ;id=1", True),
        ("v=STSv1", True),
        ("v=STSv10; id=1", False),
        ("V=STSv1; id=1", False),
        (" v=STSv1; id=1", False),
        ("", False),
    ],
)
def test_what_is_a_record(text: str, is_record: bool) -> None:
    assert bool(select_records([text])) is is_record


@pytest.mark.parametrize(
    ("text", "found"), [("v=STSv1; id=20260101;", "20260101"), ("v=STSv1;x=y;id=" + "a" * 32, "a" * 32)]
)
def test_the_id(text: str, found: str) -> None:
    assert record_id(text) == found


@pytest.mark.parametrize("text", ["v=STSv1;", "v=STSv1; id=", "v=STSv1; id=a-b", "v=STSv1; id=" + "a" * 33])
def test_no_sound_id(text: str) -> None:
    with pytest.raises(PolicyProblem):
        record_id(text)


@given(st.text(max_size=400))
def test_any_text_is_a_policy_or_says_why_not(text: str) -> None:
    for read in (parse_policy, record_id):
        with suppress(PolicyProblem):
            read(text)


@given(st.integers(0, len(FINE) - 1), st.characters())
def test_a_policy_with_one_character_changed(at: int, letter: str) -> None:
    with suppress(PolicyProblem):
        parse_policy(FINE[:at] + letter + FINE[at + 1 :])
