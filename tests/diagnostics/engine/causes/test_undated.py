"""Without a time: one record is the only one that can be meant, several agree or differ, and absence is never told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from diagnostics.engine.causes import Case, Confidence, DeliveryFact, Ranked, rank
from diagnostics.engine.causes.ranking.grounds import Need
from diagnostics.engine.causes.ranking.undated import NOT_WHOLE, WHICH
from tests.make import NOON

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WHOLE = (NOON - 30 * DAY, NOON - HOUR)
FULL = DeliveryFact(state="refused", at=NOON - DAY, cause="mailbox_full", reply="552 5.2.2 mailbox full", link="/full/")
GONE = DeliveryFact(state="refused", at=NOON - 3 * DAY, cause="no_such_user", reply="550 5.1.1 unknown", link="/gone/")
TAKEN = DeliveryFact(state="accepted", at=NOON - 2 * DAY, reply="250 ok", link="/taken/")


def about(*candidates: DeliveryFact, **more: Any) -> Case:
    given = {"whole": WHOLE, **more}
    return Case(now=NOON, recipient="lee@corp.example", delivery=candidates[0], candidates=candidates, **given)


def said(item: Ranked) -> tuple[str, str]:
    return item.cause, item.confidence


@pytest.mark.parametrize(
    ("whole", "expected"),
    [
        (WHOLE, "certain"),
        # Complete only since the message, up to long ago, or not at all: there may be another one.
        ((NOON - HOUR, NOON), "likely"),
        ((NOON - 30 * DAY, NOON - 2 * DAY), "likely"),
        (None, "likely"),
    ],
)
def test_the_only_one(whole: Any, expected: str) -> None:
    first = rank(about(FULL, whole=whole))[0]
    assert said(first) == ("mailbox_full", expected)
    assert (NOT_WHOLE in first.against) is (expected == "likely")
    assert [line.link for line in first.speaks_for] == ["", "/full/"]
    assert Need.LOG.value.text not in first.against
    assert Need.LOG.value.undated not in first.against


def test_those_that_agree_are_as_good_as_one() -> None:
    first = rank(about(FULL, replace(FULL, at=NOON - 2 * DAY), replace(FULL, at=NOON - 5 * DAY)))[0]
    assert said(first) == ("mailbox_full", "certain")


def test_those_that_differ_are_named_and_none_is_more_than_possible() -> None:
    found = rank(about(FULL, TAKEN, GONE))
    assert [said(item) for item in found[:3]] == [
        ("mailbox_full", "possible"), ("accepted_by_recipient_server", "possible"), ("no_such_user", "possible"),
    ]  # fmt: skip
    assert {item.confidence for item in found} == {Confidence.POSSIBLE}
    assert found[0].against[0] == WHICH
    assert [line.link for line in found[0].speaks_against if line.link] == ["/taken/", "/gone/"]


def test_many_of_one_fate_are_judged_once() -> None:
    many = tuple(replace(FULL, at=NOON - number * HOUR) for number in range(1, 200))
    assert said(rank(about(*many, GONE))[0]) == ("mailbox_full", "possible")


def test_nothing_is_said_of_a_time_that_nobody_named() -> None:
    first = rank(Case(now=NOON, recipient="lee@corp.example"))[0]
    assert Need.LOG.value.undated in first.against
    assert Need.LOG.value.text not in first.against
