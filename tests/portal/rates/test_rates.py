"""The rate view and the page of one provider. Who may open them: tests/house/test_access.py."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from portal.branches.models import BranchProfile
from portal.maillog.models import AttemptCount, DayCount, Delivery, HourCount
from portal.rates import selectors
from tests import make
from tests.portal.rates.counted import NOW, SERVER, attempts, hour

DAY, WEEK = timedelta(hours=24), timedelta(days=7)
SAID = "421 4.7.0 [TSS04] Messages from 192.0.2.10 temporarily deferred due to unexpected volume"


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def count(ago: int, state: str, recipients: int, provider: str = "yahoo", server: str = SERVER) -> None:
    AttemptCount.objects.create(hour=hour(ago), server=server, provider=provider, state=state, recipients=recipients)


def waiting(branch: BranchProfile, recipient: str = "a@yahoo.com", reply: str = SAID, **fields: Any) -> Delivery:
    """A delivery that Yahoo put off just now."""
    at = timezone.now() - timedelta(minutes=5)
    values = {"cause": "rate_limited", "provider": "yahoo", "server": SERVER, "reply": reply, "reply_code": "421"}
    return make.delivery(branch, recipient, "deferred", at, **(values | fields))


@pytest.fixture
def pushing(north: BranchProfile) -> Delivery:
    """Yahoo puts off most of this hour's mail, after an hour in which it took 120."""
    count(1, "accepted", 120)
    count(0, "accepted", 30)
    count(0, "deferred", 70)
    count(0, "accepted", 500, provider="gmail")
    return waiting(north)


class TestSelector:
    def test_the_pairs_with_their_hours(self, db: None) -> None:
        attempts(0, accepted=10)
        attempts(3, accepted=40, refused=10)
        attempts(3, server="mail.south.example", accepted=5)
        found = selectors.rates(span=DAY, now=NOW).rows
        assert [(rate.server, rate.total.tried, rate.peak.tried, rate.latest.tried) for rate in found] == [
            (SERVER, 60, 50, 10),
            ("mail.south.example", 5, 5, 0),
        ]

    @pytest.mark.parametrize(("span", "expected"), [(DAY, 10), (WEEK, 110)])
    def test_spans(self, db: None, span: timedelta, expected: int) -> None:
        attempts(23, accepted=10)
        attempts(24, accepted=100)
        attempts(168, accepted=1000)
        assert sum(rate.total.tried for rate in selectors.rates(span=span, now=NOW).rows) == expected

    def test_those_that_push_back_come_first(self, db: None) -> None:
        attempts(0, provider="gmail", accepted=5000)
        attempts(2, provider="outlook", accepted=10, deferred=10)
        attempts(0, provider="outlook", accepted=10)
        attempts(0, provider="yahoo", accepted=10, deferred=10)
        found = selectors.rates(span=DAY, now=NOW).rows
        assert [(rate.provider, rate.is_pushing) for rate in found] == [
            ("yahoo", True), ("outlook", False), ("gmail", False),
        ]  # fmt: skip

    def test_they_are_bounded(self, db: None) -> None:
        for number in range(selectors.MOST_PAIRS + 5):
            attempts(0, server=f"mail{number:03}.example", accepted=number + 1)
        found = selectors.rates(span=DAY, now=NOW)
        assert len(found.rows) == selectors.MOST_PAIRS
        assert found.is_cut

    def test_whose_turn_it_is(self, pushing: Delivery) -> None:
        found = {rate.provider: rate for rate in selectors.rates(span=DAY).rows}
        assert (found["yahoo"].advice.actor, found["gmail"].advice.actor) == ("support", "nobody")
        assert "30" in found["yahoo"].advice.steps[0]
        # What Yahoo says of volume it says of complaints, too.
        assert "complaints" in found["yahoo"].advice.steps[-1]

    @pytest.mark.parametrize(("cause", "actor"), [("auth_failure", "branch_it"), ("greylisted", "nobody")])
    def test_the_cause_decides(self, pushing: Delivery, cause: str, actor: str) -> None:
        Delivery.objects.update(cause=cause)
        found = {rate.provider: rate for rate in selectors.rates(span=DAY).rows}
        assert found["yahoo"].advice.actor == actor

    def test_what_was_said_to_another_server_is_not_taken_for_it(self, pushing: Delivery) -> None:
        Delivery.objects.update(server="mail.south.example")
        found = {rate.provider: rate for rate in selectors.rates(span=DAY).rows}
        assert found["yahoo"].said is None
        assert found["yahoo"].advice.actor == "nobody"

    def test_the_most_frequent_reply_is_quoted(self, pushing: Delivery, north: BranchProfile) -> None:
        for number in range(3):
            waiting(north, f"g{number}@yahoo.com", "451 4.7.1 Greylisted", cause="greylisted")
        found = {rate.provider: rate for rate in selectors.rates(span=DAY).rows}
        said = found["yahoo"].said
        assert said is not None
        assert (said.cause, said.others, found["yahoo"].queue.count) == ("greylisted", 2, 4)

    def test_nobody_has_tried_since(self, north: BranchProfile) -> None:
        count(4, "accepted", 120)
        count(3, "deferred", 70)
        waiting(north, state_at=NOW - timedelta(hours=3))
        (rate,) = selectors.rates(span=DAY).rows
        assert (rate.now, rate.is_pushing, rate.advice.actor) == ("untried", True, "support")
        assert "11:15" in rate.advice.words

    def test_taken_again_while_some_wait(self, north: BranchProfile) -> None:
        count(3, "deferred", 70)
        count(1, "accepted", 5)
        waiting(north, state_at=NOW - timedelta(hours=3))
        (rate,) = selectors.rates(span=DAY).rows
        assert (rate.now, rate.is_pushing, rate.queue.count) == ("over", False, 1)
        assert "1 still wait" in rate.advice.words


class TestRates:
    def test_the_page(self, pushing: Delivery, as_ida: Client, django_assert_max_num_queries: Any) -> None:
        with django_assert_max_num_queries(10):
            content = as_ida.get("/rates/").content.decode()
        assert "[TSS04]" in content
        assert "/rates/to/yahoo/" in content
        assert "100 recipients an hour" in content

    def test_one_server(self, pushing: Delivery, as_ida: Client) -> None:
        count(0, "accepted", 7, server="mail.south.example")
        response = as_ida.get("/rates/?server=mail.south.example")
        assert [rate.server for rate in response.context["rates"].rows] == ["mail.south.example"]

    @pytest.mark.parametrize("query", ["", "?span=nonsense", "?server=nobody.example"])
    def test_nothing(self, as_ida: Client, query: str) -> None:
        response = as_ida.get("/rates/" + query)
        assert response.status_code == 200
        assert response.context["rates"].rows == ()

    def test_a_hostile_reply_is_shown_as_text(self, pushing: Delivery, as_ida: Client) -> None:
        Delivery.objects.update(reply="421 <script>\u202e")
        content = as_ida.get("/rates/").content.decode()
        assert "&lt;script&gt;[U+202E]" in content


class TestProvider:
    def test_the_page(
        self, pushing: Delivery, north: BranchProfile, as_ida: Client, django_assert_max_num_queries: Any
    ) -> None:
        DayCount.objects.create(
            branch=north, day=hour().date(), module="webreg", server=SERVER, provider="yahoo", state="deferred",
            cause="rate_limited", recipients=90,
        )  # fmt: skip
        HourCount.objects.create(branch=north, hour=hour(), state="accepted", recipients=33)
        with django_assert_max_num_queries(10):
            response = as_ida.get(f"/rates/to/yahoo/?hour={hour():%Y-%m-%dT%H}")
        assert len(response.context["hours"]) == 24
        assert response.context["total"].tried == 220
        assert [(item.code, item.that_day, item.in_that_hour) for item in response.context["writers"]] == [
            ("north", 90, 33)
        ]
        content = response.content.decode()
        assert f"/deliveries/{pushing.pk}/" in content
        assert "None of them is guaranteed" in content

    def test_the_busiest_hour_is_chosen_where_none_is(self, pushing: Delivery, as_ida: Client) -> None:
        assert as_ida.get("/rates/to/yahoo/").context["hour"] == hour(1)

    @pytest.mark.parametrize("text", ["never", "2026-13-01T99", "2026-03-04T14:00"])
    def test_an_hour_that_cannot_be_read(self, pushing: Delivery, as_ida: Client, text: str) -> None:
        assert as_ida.get(f"/rates/to/yahoo/?hour={text}").context["hour"] == hour(1)

    def test_a_week_shows_the_hours_in_which_anything_was_tried(self, pushing: Delivery, as_ida: Client) -> None:
        assert len(as_ida.get("/rates/to/yahoo/?span=7d").context["hours"]) == 2

    def test_replies_of_one_kind_are_one_row(self, pushing: Delivery, north: BranchProfile, as_ida: Client) -> None:
        waiting(north, "b@yahoo.com", SAID.replace("192.0.2.10", "192.0.2.11"))
        waiting(north, "c@yahoo.com", "421 Max message per connection reached")
        waiting(north, "d@gmail.com", provider="gmail")
        found = as_ida.get("/rates/to/yahoo/").context["refusals"]
        assert sorted(said.others for said in found) == [0, 1]

    def test_all_without_a_name(self, as_ida: Client) -> None:
        count(0, "accepted", 7, provider="")
        response = as_ida.get("/rates/to/other/")
        assert response.context["total"].tried == 7

    def test_a_provider_that_is_none(self, as_ida: Client) -> None:
        assert as_ida.get("/rates/to/nobody/").status_code == 404

    def test_nothing_in_the_span(self, as_ida: Client) -> None:
        response = as_ida.get("/rates/to/yahoo/")
        assert response.context["total"] is None
        assert response.context["writers"] == []


def test_the_day_of_a_writer_is_one_of_its_own_time_zone(north: BranchProfile) -> None:
    """Half past eleven at night in Denver is already the next day in UTC."""
    BranchProfile.objects.update(time_zone="America/Denver")
    night = NOW.replace(hour=5, minute=0)
    for date, recipients in ((night.date(), 1000), (night.date() - timedelta(days=1), 40)):
        DayCount.objects.create(
            branch=north, day=date, module="webreg", server=SERVER, provider="yahoo", state="accepted",
            recipients=recipients,
        )  # fmt: skip
    assert [item.that_day for item in selectors.writers("yahoo", night)] == [40]
