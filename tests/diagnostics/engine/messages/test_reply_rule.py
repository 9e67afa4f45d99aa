"""Rules that people write: what is taken, what is refused and with which word, and when a rule holds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from diagnostics.engine.messages.reply_rule import Rule, RuleProblem, matches, rule_from, said
from tests.soon import ends_soon

REPLY = "550 5.7.1 <lee@corp.example>: Sorry, our Gate keeper says no (ref 0815)"


def rule(**given: Any) -> Rule:
    asked: dict[str, Any] = {
        "cause": "recipient_policy",
        "any": ["gate keeper says no"],
        "source": "Ida",
        "date": "2026-11",
    }
    return rule_from("desk.7", **{**asked, **given})


def test_what_was_typed_is_made_comparable() -> None:
    found = rule(any=["  Gate   Keeper\nSays\u2019no "], hosts=["MX.Corp.example."], codes=["550"], statuses=["5.7."])
    assert found.any == ("gate keeper says'no",)
    assert found.hosts == ("mx.corp.example",)
    assert (found.id, found.cause, found.source, found.date) == ("desk.7", "recipient_policy", "Ida", "2026-11")


def test_it_holds_for_the_reply_it_was_made_of() -> None:
    assert matches(rule(), REPLY)
    assert matches(rule(any=[REPLY.partition(": ")[2]]), REPLY)
    assert not matches(rule(any=["gate keeper says yes"]), REPLY)


@pytest.mark.parametrize(
    ("given", "holds"),
    [
        ({"codes": ["550"]}, True),
        ({"codes": ["5"]}, True),
        ({"codes": ["4"]}, False),
        ({"statuses": ["5.7.1"]}, True),
        ({"statuses": ["5.7."]}, True),
        ({"statuses": ["5.7.0-2"]}, True),
        ({"statuses": ["5.7.2-9"]}, False),
        ({"statuses": ["5.7.12"]}, False),
        ({"hosts": ["corp.example"]}, True),
        ({"hosts": ["orp.example"]}, False),
        ({"all": ["sorry, our"]}, True),
        ({"all": ["sorry, your"]}, False),
        ({"none": ["(ref 0815)"]}, False),
        ({"any": ["nothing of it", "gate keeper"]}, True),
    ],
)
def test_all_that_is_given_must_hold(given: dict[str, Any], holds: bool) -> None:
    assert matches(rule(**given), REPLY, remote_host="mx1.corp.example") is holds


def test_codes_that_are_given_go_before_those_in_the_text() -> None:
    assert matches(rule(codes=["4"]), REPLY, reply_code="450")
    assert matches(rule(statuses=["4.7.0"]), "gate keeper says no", status="4.7.0")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"cause": "nonsense"}, "cause"),
        ({"cause": "accepted_by_recipient_server"}, "cause"),
        ({"source": "  "}, "source"),
        ({"date": "yesterday"}, "date"),
        ({"date": "2026-13"}, "date"),
        ({"any": ["abc"]}, "short"),
        ({"any": ["     "]}, "short"),
        ({"any": ["x" * 201]}, "long"),
        ({"any": ["550 5.7.1"]}, "digits"),
        ({"any": ["rejected"]}, "everywhere"),
        ({"any": [" Message "]}, "everywhere"),
        ({"any": ["for lee@corp.example"]}, "address"),
        ({"any": ["gate.*says no"]}, "pattern"),
        ({"any": ["(a+)+$"]}, "pattern"),
        ({"any": ["(?:gate|door)"]}, "pattern"),
        ({"any": ["ref \\d+ said"]}, "pattern"),
        ({"any": ["[a-z]+ keeper"]}, "pattern"),
        ({"any": [f"gate number {number}" for number in range(11)]}, "many"),
        ({"any": []}, "nothing"),
        ({"any": [], "codes": ["550"]}, "nothing"),
        ({"any": [], "none": ["gate keeper"]}, "nothing"),
        ({"codes": ["650"]}, "code"),
        ({"codes": ["55x"]}, "code"),
        ({"statuses": ["5.7"]}, "status"),
        ({"statuses": ["5.7.1.9"]}, "status"),
        ({"hosts": ["localhost"]}, "host"),
        ({"hosts": ["*.corp.example"]}, "host"),
        ({"hosts": ["http://corp.example/"]}, "host"),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_word(given: dict[str, Any], code: str) -> None:
    with pytest.raises(RuleProblem) as refused:
        rule(**given)
    assert refused.value.code == code
    assert str(refused.value).endswith(".")


def test_an_id_is_plain() -> None:
    with pytest.raises(RuleProblem) as refused:
        rule_from("Desk Rule", cause="spam_content", any=["gate keeper"], source="Ida", date="2026-11")
    assert refused.value.code == "id"


def test_punctuation_is_no_pattern() -> None:
    assert rule(any=["sorry, our gate (keeper) says: no? yes! [42]"]).is_worded


def test_whole_words_are_no_parts_of_longer_ones() -> None:
    listed = Rule("x.1", "sender_ip_blocked", words=("rbl",))
    assert listed.holds(said("550 found in an RBL."))
    assert listed.holds(said("550 marbles and rbl"))
    assert not listed.holds(said("550 marbles"))


def test_one_of_each_group_is_needed() -> None:
    pair = Rule("x.1", "rate_limited", any=("_104",), beside=("ofr", "lpn"))
    assert pair.holds(said("421 slow down. OFR_104"))
    assert not pair.holds(said("421 slow down. XYZ_104"))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(some.text(max_size=250), some.text(max_size=400))
def test_whatever_is_typed_is_taken_or_refused(typed: str, text: str) -> None:
    try:
        made = rule(any=[typed])
    except RuleProblem:
        return
    assert matches(made, text) in {True, False}
    assert matches(made, f"550 {made.any[0]}")


def test_no_reply_makes_a_rule_slow() -> None:
    made = rule(any=["a" * 200])
    with ends_soon():
        for text in ("a" * 199 + "b", "550-" * 16_000, "a@" * 32_000, "<a " * 20_000, "host " * 13_000):
            matches(made, (text * 400)[:65_000])
