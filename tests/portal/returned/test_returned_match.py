"""Matching by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.returned.models import ReturnedMail
from tests.portal.returned.conftest import NOON, came, dsn, log, only


@pytest.fixture
def mail(north: BranchProfile) -> ReturnedMail:
    return came(dsn(message_id="x@y"))


@pytest.fixture
def url(mail: ReturnedMail) -> str:
    return f"/returned/{mail.pk}/recipients/0/match/"


def test_what_is_offered(as_ida: Client, north: BranchProfile, url: str) -> None:
    fits = log(north, key="one")
    log(north, key="later", at=NOON + timedelta(days=1))
    old = log(north, key="old", at=NOON - timedelta(days=40))
    kim = log(north, "kim@corp.example", key="kim")
    assert as_ida.get(url).context["offered"] == [fits]
    assert as_ida.get(url, {"recipient": "KIM@corp.example"}).context["offered"] == [kim]
    assert as_ida.get(url, {"recipient": "lee@corp.example"}).context["offered"] == [fits, old]
    assert b"dd-empty" in as_ida.get(url, {"recipient": "nobody@corp.example"}).content


def test_choosing_one(as_ida: Client, ida: User, north: BranchProfile, mail: ReturnedMail, url: str) -> None:
    delivery = log(north)
    assert as_ida.post(url, {"delivery": delivery.pk}).headers["Location"] == f"/returned/{mail.pk}/"
    row = only(mail)
    assert (row.delivery, row.how, row.matched_by) == (delivery.pk, "by_hand", ida)
    mail.refresh_from_db()
    assert (mail.unmatched, mail.next_try) == (0, None)


@pytest.mark.parametrize("chosen", ["", "x", "-1", "99999999999999999999"])
def test_bad_input_shows_the_list_again(as_ida: Client, mail: ReturnedMail, url: str, chosen: str) -> None:
    assert as_ida.post(url, {"delivery": chosen}).status_code == 400
    assert only(mail).how == ""


def test_what_is_not_there(as_ida: Client, mail: ReturnedMail, url: str) -> None:
    assert as_ida.post(url, {"delivery": "4711"}).status_code == 404
    assert as_ida.get(f"/returned/{mail.pk}/recipients/7/match/").status_code == 404


def test_who_may_not(as_nora: Client, as_ida: Client, mail: ReturnedMail, url: str) -> None:
    assert as_nora.post(url, {"delivery": "1"}).status_code == 403
    assert as_ida.put(url).status_code == 405
    assert only(mail).how == ""
