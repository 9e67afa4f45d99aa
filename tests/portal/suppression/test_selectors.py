"""Who reads what of the list, and what held when."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.http import Http404

from diagnostics.engine.causes import Suppressed
from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.suppression import selectors, services
from portal.suppression.models import Suppression
from tests.portal.suppression.conftest import suppressed

LEE = "lee@corp.example"
DAY = timedelta(days=1)


def test_an_address_in_any_case(north: BranchProfile, nora: User, entry: Suppression) -> None:
    assert selectors.suppression_of(nora, north, "LEE@Corp.example") == entry
    assert selectors.is_suppressed(nora, north, LEE)
    assert not selectors.is_suppressed(nora, north, "kim@corp.example")


def test_a_stranger_learns_nothing(north: BranchProfile, sven: User, entry: Suppression) -> None:
    assert selectors.suppression_of(sven, north, LEE) is None
    assert selectors.suppressed(sven, north, LEE, entry.since + DAY) == ()
    assert selectors.suppressed_among(sven, north, [LEE]) == {}
    assert not selectors.suppressions(sven).exists()
    with pytest.raises(Http404):
        selectors.suppression_for(sven, entry.pk)


def test_what_held_at_a_time(north: BranchProfile, nora: User, entry: Suppression) -> None:
    services.end(entry, because="It works again.", by=nora)
    entry.refresh_from_db()
    assert selectors.suppressed(nora, north, LEE, entry.since) == (
        Suppressed(reason="hard_bounce", since=entry.since, until=entry.ended),
    )
    assert selectors.suppressed(nora, north, LEE, entry.since - DAY) == ()
    assert selectors.suppressed(nora, north, LEE, entry.since + DAY) == ()
    assert not selectors.is_suppressed(nora, north, LEE)


def test_many_addresses_at_once(
    north: BranchProfile, nora: User, entry: Suppression, django_assert_num_queries: object
) -> None:
    names = [f"person{number}@corp.example" for number in range(700)]
    with django_assert_num_queries(2):  # type: ignore[operator]
        found = selectors.suppressed_among(nora, north, [*names, "Lee@Corp.Example", LEE])
    assert found == {"Lee@Corp.Example": entry, LEE: entry}


@pytest.mark.parametrize(
    ("narrowed", "found"),
    [
        ({}, {LEE, "kim@other.example"}),
        ({"state": "over"}, {"old@corp.example"}),
        ({"state": "all"}, {LEE, "kim@other.example", "old@corp.example"}),
        ({"address": " Lee@CORP.example"}, {LEE}),
        ({"address": "corp.example"}, {LEE}),
        ({"address": "@corp.example", "state": "all"}, {LEE, "old@corp.example"}),
        ({"reason": "opt_out"}, {"kim@other.example"}),
        ({"address": "nobody@corp.example"}, set()),
    ],
)
def test_narrowing(
    north: BranchProfile, nora: User, entry: Suppression, narrowed: dict[str, str], found: set[str]
) -> None:
    suppressed(north, "kim@other.example")
    services.end(suppressed(north, "old@corp.example", "manual"), because="Gone.", by=nora)
    assert {row.address for row in selectors.suppressions(nora, branch=north, **narrowed)} == found  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("sought", "is_found"),
    [
        ("lee", True), ("LEE@corp.example", True), ("corp.example", True), ("@corp.example", True), ("le", False),
        ("@lee", False), ("le_", False), ("kim@corp.example", False), ("ee@corp.example", False),
    ],
)  # fmt: skip
def test_how_an_address_is_sought(nora: User, entry: Suppression, sought: str, is_found: bool) -> None:
    assert selectors.suppressions(nora, address=sought).exists() is is_found
