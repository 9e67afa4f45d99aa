"""Is the address right: form, typing mistakes, the profile."""

from __future__ import annotations

import pytest

from diagnostics.engine.checks.recipient_address import CHECK, distance, nearest
from tests.diagnostics.engine.checks.looked import codes, findings

ZONE = {
    "riverside.example": {"MX": [[10, "mx.riverside.example"]]},
    "riversid.example": {"MX": [[10, "mx.other.example"]]},
    "nullmail.example": {"MX": [[0, "."]]},
    "slowmail.example": "TIMEOUT",
}
KNOWN = ("riverside.example", "north.example", "nullmaid.example", "slowmaid.example")


@pytest.mark.parametrize(
    ("recipient", "expected"),
    [
        ("lee@riverside.example", ["address.fine"]),
        ("Lee <lee@riverside.example>", ["address.fine"]),
        ("lee@riversde.example", ["address.typo"]),
        ("lee@rivreside.example", ["address.typo"]),
        ("lee@riversid.example", ["address.typo_foreign"]),
        ("lee@nullmail.example", ["address.typo"]),
        # P03 P04: a domain that does not answer is not called a mistake for certain.
        ("lee@slowmail.example", ["address.typo_foreign"]),
        # P107: the look-alike of a big provider.
        ("lee@gmial.com", ["address.typo"]),
        ("lee@gmail.com", ["address.fine"]),
        ("lee@hotmial.com", ["address.typo"]),
        # Far enough away from anything known.
        ("lee@quitedifferent.example", ["address.fine"]),
        ("info@riverside.example", ["address.role"]),
        # P105
        ("jürgen@riverside.example", ["address.international"]),
        # P104: a Cyrillic letter among Latin ones.
        ("lee@riv\u0435rside.example", ["address.mixed_script"]),
        # P106 P29
        ("lee", ["address.malformed"]),
        ("lee@", ["address.malformed"]),
        ("lee@@riverside.example", ["address.malformed"]),
        ("lee smith@riverside.example", ["address.malformed"]),
        ("lee@riverside..example", ["address.malformed"]),
    ],
)
def test_the_address_is_judged(recipient: str, expected: list[str]) -> None:
    assert codes(CHECK, ZONE, recipient=recipient, known_domains=KNOWN) == expected


def test_the_meant_address_is_offered() -> None:
    found = findings(CHECK, ZONE, recipient="lee@riversde.example", known_domains=KNOWN)
    assert found[0].arguments["suggestion"] == "lee@riverside.example"


def test_another_address_than_the_profiles() -> None:
    profile = ("dana@post.example",)
    assert codes(CHECK, ZONE, recipient="dana@letters.example", profile_addresses=profile) == ["address.off_profile"]
    assert codes(CHECK, ZONE, recipient="Dana@POST.example", profile_addresses=profile) == ["address.fine"]


def test_a_domain_of_the_profile_is_one_that_may_have_been_meant() -> None:
    found = codes(CHECK, ZONE, recipient="dana@postt.example", profile_addresses=("dana@post.example",))
    assert found == ["address.typo", "address.off_profile"]


@pytest.mark.parametrize(
    ("one", "other", "edits"),
    [
        ("gmail", "gmail", 0),
        ("gmial", "gmail", 1),
        ("gmal", "gmail", 1),
        ("gmaill", "gmail", 1),
        ("abcdef", "gmail", 3),
    ],
)
def test_edits_are_counted_and_given_up_early(one: str, other: str, edits: int) -> None:
    assert distance(one, other, 2) == edits


def test_short_domains_are_never_a_mistake_for_each_other() -> None:
    assert nearest("me.co", ["ne.co", "me.cc"]) == ""
    assert nearest("b.example", ["a.example"]) == ""


def test_what_stands_behind_the_last_dot_makes_no_name_long() -> None:
    assert nearest("south.example", ["north.example"]) == ""
    assert nearest("work.example", ["corp.example"]) == ""
    assert nearest("crop.example", ["corp.example"]) == "corp.example"
    assert nearest("hotmial.co", ["hotmail.com"]) == "hotmail.com"
