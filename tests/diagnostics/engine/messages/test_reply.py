"""Reading replies: real forms of many providers, the narrower rule first, and never more than a reply says."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from diagnostics.engine.messages import reply
from diagnostics.engine.messages.reply import WORDS, read_reply, rules

LINES: list[dict[str, Any]] = tomllib.loads((Path(__file__).parent / "replies.toml").read_text(encoding="utf-8"))[
    "line"
]


@pytest.mark.parametrize("line", LINES, ids=lambda line: line["text"][:60])
def test_a_reply_is_read(line: dict[str, Any]) -> None:
    reading = read_reply(line["text"], remote_host=line.get("host", ""))
    assert reading.cause == line["cause"]
    assert reading.permanence == line.get("permanence", "soft")
    assert reading.words == WORDS[line["cause"]]


def test_codes_are_found_in_the_text_and_overruled_by_what_is_given() -> None:
    found = read_reply("550 5.1.1 <lee@corp.example>: User unknown")
    assert (found.reply_code, found.status, found.permanence) == ("550", "5.1.1", "hard")
    given_ = read_reply("User unknown", reply_code="450", status="4.1.1")
    assert (given_.reply_code, given_.status, given_.permanence) == ("450", "4.1.1", "soft")


def test_an_address_is_no_status_code() -> None:
    assert read_reply("550 blocked 5.1.1.9 by list").status == ""


def test_lines_of_one_reply_are_read_as_one() -> None:
    text = (
        "550-5.7.26 Unauthenticated email from\r\n550-5.7.26 harbor.example is not accepted due to\r\n"
        "550 5.7.26 domain's DMARC policy."
    )
    assert read_reply(text).cause == "auth_failure"


def test_the_rules_are_sound() -> None:
    found = rules()
    assert len({rule.id for rule in found}) == len(found)
    for rule in found:
        assert rule.cause in WORDS
        for fragment in (*rule.any, *rule.all):
            assert fragment == fragment.lower()
            assert len(fragment) >= 3


def test_only_the_beginning_of_a_hostile_reply_is_read() -> None:
    text = "550 " + "a" * reply.MOST_CHARACTERS + " mailbox full"
    assert read_reply(text).cause == "recipient_refused_unspecified"


@given(some.text(max_size=300), some.sampled_from(["", "250", "450", "550", "nonsense"]))
def test_anything_can_be_read_and_only_a_success_is_one(text: str, code: str) -> None:
    reading = read_reply(text, reply_code=code)
    assert reading.cause in WORDS
    assert reading.permanence in {"hard", "soft"}
    if reading.cause == "accepted_by_recipient_server":
        assert reading.reply_code.startswith("2") or code == "250"
