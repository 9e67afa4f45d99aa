"""Receiving servers without a known provider: each is judged by itself, by what most of what waits there was told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from portal.branches.models import BranchProfile
from portal.maillog.models import Delivery
from portal.rates.places import place_of, places
from tests import make
from tests.portal.rates.counted import NOW, SERVER, attempts

SINCE = NOW - timedelta(hours=24)
TOO_MANY = "421 4.7.0 Too many recipients from 192.0.2.10 this hour"


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def put(
    branch: BranchProfile, many: int, domain: str, minutes: int = 5, state: str = "deferred", **fields: Any
) -> None:
    """So many recipients at ``domain``, each tried so many minutes ago."""
    at = NOW - timedelta(minutes=minutes)
    values = {"server": SERVER, "remote_host": f"mx.{domain}", "state_at": at, "reply": "", "cause": "", **fields}
    for number in range(many):
        make.delivery(branch, f"{state}{minutes}.{number}@{domain}", state, at, **values)


@pytest.fixture
def heap(north: BranchProfile) -> BranchProfile:
    """50 of 90 wait at bignet.example, six elsewhere; 200 others were taken all over the world."""
    put(north, 50, "bignet.example", cause="rate_limited", reply=TOO_MANY)
    put(north, 40, "bignet.example", 60, "accepted")
    put(north, 6, "oakwood.example", 2, cause="recipient_policy", reply="451 4.7.1 try later")
    put(north, 2, "quiet.example", 2, cause="greylisted", reply="450 greylisted")
    attempts(0, provider="", accepted=200, deferred=58)
    return north


@pytest.mark.parametrize(
    ("host", "domain", "expected"),
    [
        ("", "bignet.example", "bignet.example"),
        ("mx.bignet.example", "bignet.example", "bignet.example"),
        ("mx1.hoster.example", "club.example", "hoster.example"),
        ("mail-2.hoster.example", "club.example", "hoster.example"),
        ("hoster.example", "club.example", "hoster.example"),
        # Nothing tells that this host is one of several.
        ("filter.hoster.example", "club.example", "filter.hoster.example"),
    ],
)
def test_what_a_server_is_told_by(host: str, domain: str, expected: str) -> None:
    assert place_of(host, domain) == expected


def test_the_one_that_puts_off_most_comes_first(heap: BranchProfile) -> None:
    found = places(since=SINCE)
    assert [(place.name, place.waiting, place.tried) for place in found] == [
        ("bignet.example", 50, 90), ("oakwood.example", 6, 6),
    ]  # fmt: skip
    assert [(place.advice.actor, place.now) for place in found] == [("support", "pushing"), ("recipient_it", "pushing")]


def test_several_domains_behind_one_server_are_one(north: BranchProfile) -> None:
    put(north, 4, "club.example", remote_host="mx1.hoster.example")
    put(north, 3, "choir.example", remote_host="mx2.hoster.example")
    assert [(place.name, place.waiting, place.domains) for place in places(since=SINCE)] == [
        ("hoster.example", 7, ("club.example", "choir.example"))
    ]


def test_the_most_frequent_reply_is_quoted(north: BranchProfile) -> None:
    put(north, 2, "bignet.example", 1, cause="recipient_policy", reply="451 4.7.1 try later")
    put(north, 5, "bignet.example", 9, cause="rate_limited", reply=TOO_MANY)
    put(north, 1, "bignet.example", 8, cause="rate_limited", reply=TOO_MANY.replace(".10", ".11"))
    (place,) = places(since=SINCE)
    assert place.queue.said is not None
    assert (place.queue.said.cause, place.queue.said.others) == ("rate_limited", 5)


class TestWhetherItIsOver:
    def test_nobody_has_tried(self, north: BranchProfile) -> None:
        put(north, 40, "bignet.example", 180, "accepted")
        put(north, 50, "bignet.example", 150, cause="rate_limited", reply=TOO_MANY)
        (place,) = places(since=SINCE)
        assert (place.now, place.advice.actor) == ("untried", "support")
        assert "11:45" in place.advice.words
        assert "50" in place.advice.words

    def test_only_what_was_taken_later_proves_it(self, north: BranchProfile) -> None:
        put(north, 50, "bignet.example", 150, cause="rate_limited", reply=TOO_MANY)
        put(north, 1, "bignet.example", 20, "accepted")
        (place,) = places(since=SINCE)
        assert (place.now, place.advice.actor) == ("over", "nobody")
        assert "50" in place.advice.words


def test_another_server_of_ours_is_left_out(heap: BranchProfile) -> None:
    assert places(since=SINCE, server="mail.south.example") == []


class TestPages:
    def test_rates(self, heap: BranchProfile, as_ida: Client, django_assert_max_num_queries: Any) -> None:
        with django_assert_max_num_queries(12):
            response = as_ida.get("/rates/")
        content = response.content.decode()
        assert "Too many recipients" in content
        assert "/deliveries/?state=deferred&amp;provider=none&amp;domain=bignet.example" in content
        # The heap itself is not judged.
        assert [(rate.provider, rate.now) for rate in response.context["rates"].rows] == [("", None)]

    def test_the_link_leads_to_the_rows(self, heap: BranchProfile, as_ida: Client) -> None:
        response = as_ida.get("/deliveries/?state=deferred&provider=none&domain=bignet.example")
        assert len(response.context["found"].rows) == 50

    def test_all_without_a_name(self, heap: BranchProfile, as_ida: Client) -> None:
        response = as_ida.get("/rates/to/other/")
        assert [place.name for place in response.context["places"]] == ["bignet.example", "oakwood.example"]
        assert response.context["episode"] is None

    def test_a_hostile_reply_is_text(self, heap: BranchProfile, as_ida: Client) -> None:
        Delivery.objects.filter(state="deferred").update(reply="421 <script>\u202e")
        assert "&lt;script&gt;[U+202E]" in as_ida.get("/rates/").content.decode()
