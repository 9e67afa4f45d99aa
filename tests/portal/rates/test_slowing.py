"""Is mail being slowed down: for a branch on its page, and at one provider for a ticket."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from django.test import Client

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.maillog.models import AttemptCount
from portal.rates.slowing import Nearness, pressure_at, slowing_of
from tests import make
from tests.portal.rates.counted import NOW, SERVER, attempts, day, hour


class TestOfABranch:
    def test_nothing_waits(self, nora: User, north: BranchProfile, django_assert_num_queries: Any) -> None:
        day(north, 100)
        with django_assert_num_queries(1):
            found = slowing_of(nora, north, now=NOW)
        assert not found.is_slowed

    def test_what_waits_because_of_a_limit(
        self, nora: User, north: BranchProfile, django_assert_num_queries: Any
    ) -> None:
        day(north, 60, provider="yahoo")
        day(north, 30, provider="yahoo", state="deferred", cause="rate_limited")
        day(north, 10, provider="yahoo", state="deferred", cause="rate_limited", ago=3)
        day(north, 7, state="deferred", cause="greylisted")
        attempts(0, provider="yahoo", accepted=10, deferred=30)
        with django_assert_num_queries(2):
            found = slowing_of(nora, north, now=NOW)
        assert [(row.provider, row.waiting, row.written, row.is_shared) for row in found.rows] == [
            ("yahoo", 40, 100, True)
        ]
        assert (found.waiting, found.waiting_else) == (40, 7)

    def test_receivers_without_a_known_provider_are_told_by_their_own_names(
        self, as_nora: Client, nora: User, sven: User, north: BranchProfile
    ) -> None:
        day(north, 5, provider="", state="deferred", cause="rate_limited")
        waits = {"cause": "rate_limited", "server": SERVER}
        for number in range(4):
            host = f"mx{number % 2 + 1}.bignet.example"
            make.delivery(north, f"m{number}@bignet.example", "deferred", hour(), remote_host=host, **waits)
        make.delivery(north, "a@corp.example", "deferred", hour(), remote_host="mx1.filter.example", **waits)
        make.delivery(north, "b@other.example", "deferred", hour(), cause="greylisted")
        found = slowing_of(nora, north, now=NOW).places
        assert [(item.name, item.recipients, item.domain) for item in found] == [
            ("bignet.example", 4, "bignet.example"),
            ("filter.example", 1, "corp.example"),
        ]
        assert slowing_of(sven, north, now=NOW).places == ()
        with time_machine.travel(NOW, tick=False):
            content = as_nora.get("/branches/north/").content.decode()
        assert "/branches/north/deliveries/?state=deferred&amp;domain=bignet.example" in content

    def test_whether_others_are_put_off_too(self, nora: User, north: BranchProfile) -> None:
        day(north, 30, provider="yahoo", state="deferred", cause="rate_limited")
        attempts(0, provider="yahoo", accepted=100, deferred=2)
        attempts(0, provider="yahoo", server="mail.south.example", deferred=200)
        assert [row.is_shared for row in slowing_of(nora, north, now=NOW).rows] == [False]

    def test_what_is_older_than_a_queue_is_long(self, nora: User, north: BranchProfile) -> None:
        day(north, 30, state="deferred", cause="rate_limited", ago=5)
        assert not slowing_of(nora, north, now=NOW).is_slowed

    def test_a_count_that_was_moved_back(self, nora: User, north: BranchProfile) -> None:
        day(north, 0, state="deferred", cause="rate_limited")
        assert not slowing_of(nora, north, now=NOW).is_slowed

    def test_nothing_of_another_branch(self, sven: User, north: BranchProfile) -> None:
        day(north, 30, state="deferred", cause="rate_limited")
        assert not slowing_of(sven, north, now=NOW).is_slowed

    def test_without_a_sending_server(self, nora: User, north: BranchProfile) -> None:
        north.sending_server = None
        north.save()
        day(north, 30, state="deferred", cause="rate_limited")
        assert slowing_of(nora, north, now=NOW).waiting == 30


class TestOnTheBranchsPage:
    def test_calm(self, as_nora: Client, north: BranchProfile) -> None:
        assert "No, not that the log tells" in as_nora.get("/branches/north/").content.decode()

    @time_machine.travel(NOW, tick=False)
    def test_slowed(self, as_nora: Client, north: BranchProfile) -> None:
        day(north, 30, provider="yahoo", state="deferred", cause="rate_limited")
        content = as_nora.get("/branches/north/").content.decode()
        assert "30 of 30 recipients" in content
        assert "/branches/north/deliveries/?state=deferred&amp;provider=yahoo" in content
        # The counts of all branches together are not for staff.
        assert "/rates/" not in content


class TestAtAProvider:
    @pytest.mark.parametrize(
        ("counts", "expected"),
        [
            ({}, Nearness.QUIET),
            ({"accepted": 20}, Nearness.BELOW),
            ({"accepted": 80}, Nearness.NEAR),
            ({"accepted": 100}, Nearness.OVER),
            # What is put off decides, whatever figure is told.
            ({"accepted": 20, "deferred": 10}, Nearness.PUSHING),
        ],
    )
    def test_beside_a_known_limit(self, db: None, counts: dict[str, int], expected: Nearness) -> None:
        attempts(0, provider="yahoo", **counts)
        found = pressure_at("yahoo", server=SERVER, now=NOW)
        assert found.state is expected
        assert found.is_tight is (expected in {Nearness.NEAR, Nearness.OVER, Nearness.PUSHING})
        assert "Yahoo" in found.words

    def test_without_a_known_limit(self, db: None) -> None:
        attempts(0, provider="fastmail", accepted=5000)
        found = pressure_at("fastmail", now=NOW)
        assert (found.state, found.limit, found.is_tight) == (Nearness.UNKNOWN, None, False)

    def test_the_busier_of_two_hours(self, db: None) -> None:
        attempts(0, provider="yahoo", accepted=10)
        attempts(1, provider="yahoo", accepted=90)
        attempts(2, provider="yahoo", accepted=500)
        found = pressure_at("yahoo", now=NOW)
        assert (found.busiest.at, found.busiest.tried, found.state) == (hour(1), 90, Nearness.NEAR)

    def test_by_one_server(self, db: None) -> None:
        attempts(0, provider="yahoo", accepted=90)
        assert pressure_at("yahoo", server="mail.south.example", now=NOW).state is Nearness.QUIET

    def test_staff_are_told_no_figures(self, db: None) -> None:
        attempts(0, provider="yahoo", accepted=20, deferred=10)
        found = pressure_at("yahoo", now=NOW)
        assert "33 %" in found.words
        assert not any(letter.isdigit() for letter in found.calm_words)
        AttemptCount.objects.all().delete()
        assert pressure_at("yahoo", now=NOW).calm_words == ""

    def test_two_queries(self, db: None, django_assert_num_queries: Any) -> None:
        attempts(0, provider="yahoo", accepted=20, deferred=10)
        with django_assert_num_queries(2):
            pressure_at("yahoo", now=NOW)
