"""Notices that other rooms open and close: one a matter, however often it is looked at."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError
from django.test import Client

from portal.watch.models import Notice
from portal.watch.selectors import open_keys
from portal.watch.services import SAME_MATTER, close_notices, open_notice

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
KEY = "rates.deferred provider:gmail"


def opened(**other: Any) -> Notice:
    values = {"about": "Gmail", "title": "Puts off mail", "actor": "support", "reason": "40 %", "link": "/rates/"}
    return open_notice(KEY, **(values | {"at": NOON} | other))


def test_a_matter_is_opened_once(db: None) -> None:
    first = opened()
    second = opened(title="Another title", reason="50 %", at=NOON + timedelta(minutes=5))
    assert (first.pk, Notice.objects.count()) == (second.pk, 1)
    # The reason is brought up to date; the title is what people were told.
    assert (second.title, second.reason, second.opened) == ("Puts off mail", "50 %", NOON)


def test_it_is_closed(db: None) -> None:
    opened()
    assert close_notices([KEY, "another"], at=NOON) == 1
    assert close_notices([KEY]) == 0
    assert Notice.objects.get().closed == NOON


@pytest.mark.parametrize(("after", "count"), [(SAME_MATTER, 1), (SAME_MATTER + timedelta(seconds=1), 2)])
def test_what_comes_back_soon_is_the_same_matter(db: None, after: timedelta, count: int) -> None:
    opened()
    Notice.objects.update(is_told=True)
    close_notices([KEY], at=NOON)
    again = opened(at=NOON + after)
    assert Notice.objects.count() == count
    assert again.is_open
    assert again.is_told is (count == 1)


def test_two_at_once_are_one(db: None) -> None:
    opened()
    with pytest.raises(IntegrityError):
        Notice.objects.create(key=KEY, title="x", actor="support")


def test_what_is_too_long_is_cut(db: None) -> None:
    found = opened(title="x" * 300, reason="x" * 2000)
    found.refresh_from_db()
    assert (len(found.title), len(found.reason)) == (255, 1000)


def test_open_keys(db: None) -> None:
    opened()
    open_notice("elsewhere", about="x", title="x", actor="support", at=NOON)
    assert open_keys("rates.") == {KEY}
    close_notices([KEY])
    assert open_keys("rates.") == set()


def test_on_the_page(as_ida: Client) -> None:
    opened(about="Gmail <b>", reason="40 % of 200 recipients")
    content = as_ida.get("/notices/").content.decode()
    assert '<a href="/rates/">Gmail &lt;b&gt;</a>' in content
    assert "40 % of 200 recipients" in content
