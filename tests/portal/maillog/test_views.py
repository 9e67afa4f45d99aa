"""The message log in the browser. Who may open which page: tests/house/test_access.py."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from portal.branches.models import BranchProfile
from portal.maillog.models import Delivery, DeliveryEvent, HourCount, MessageLog
from tests import make

LIST = "/branches/north/deliveries/"


def recipients(response: Any) -> list[str]:
    return [row.recipient for row in response.context["page"].rows]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["c@other.example", "b@corp.example", "a@corp.example"]),
        ("?state=refused", ["b@corp.example"]),
        ("?state=trouble", ["c@other.example", "b@corp.example"]),
        ("?state=undelivered", ["b@corp.example"]),
        ("?state=nonsense", ["c@other.example", "b@corp.example", "a@corp.example"]),
        ("?domain=x@CORP.example", ["b@corp.example", "a@corp.example"]),
        ("?recipient=A@corp.example", ["a@corp.example"]),
        ("?day=2026-03-04", ["b@corp.example", "a@corp.example"]),
        ("?day=never", ["c@other.example", "b@corp.example", "a@corp.example"]),
        ("?after=rubbish", ["c@other.example", "b@corp.example", "a@corp.example"]),
    ],
)
def test_deliveries_are_narrowed(query: str, expected: list[str], north: BranchProfile, as_nora: Client) -> None:
    make.delivery(north, "a@corp.example")
    make.delivery(north, "b@corp.example", "refused", make.NOON + timedelta(hours=1))
    make.delivery(north, "c@other.example", "deferred", make.NOON + timedelta(days=1))
    assert recipients(as_nora.get(LIST + query)) == expected


def test_htmx_gets_the_rows_alone(north: BranchProfile, as_nora: Client) -> None:
    assert b"<html" not in as_nora.get(LIST, headers={"HX-Request": "true"}).content


@pytest.mark.parametrize("rows", [10, 1000])
def test_a_list_costs_the_same_whatever_its_length(
    rows: int, north: BranchProfile, as_nora: Client, django_assert_num_queries: Any
) -> None:
    messages = MessageLog.objects.bulk_create(
        MessageLog(branch=north, at=make.NOON + timedelta(seconds=n), key=f"m{n}") for n in range(rows)
    )
    Delivery.objects.bulk_create(
        Delivery(
            message=message, branch=north, at=message.at, recipient="a@b.example", recipient_normal="a@b.example",
            recipient_domain="b.example", state="accepted", state_at=message.at,
        )
        for message in messages
    )  # fmt: skip
    with django_assert_num_queries(4):
        response = as_nora.get(LIST)
    assert len(recipients(response)) == min(rows, 50)


def test_history_counts_recipients_and_links_to_them(
    north: BranchProfile, as_nora: Client, django_assert_max_num_queries: Any
) -> None:
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    for state, recipients_ in (("accepted", 40), ("refused", 3), ("expired", 1), ("deferred", 5), ("error", 2)):
        HourCount.objects.create(branch=north, hour=hour, state=state, recipients=recipients_)
    with django_assert_max_num_queries(10):
        response = as_nora.get("/branches/north/history/")
    total = response.context["total"]
    assert (total.sent, total.accepted, total.refused, total.deferred, total.errors) == (49, 40, 4, 5, 2)
    assert b"state=undelivered" in response.content
    assert b"<svg" in response.content


@pytest.mark.parametrize(
    ("query", "days"), [("?days=7", 7), ("?days=90", 90), ("", 30), ("?days=9999", 30), ("?days=x", 30)]
)
def test_history_spans(query: str, days: int, north: BranchProfile, as_nora: Client) -> None:
    response = as_nora.get("/branches/north/history/" + query)
    assert len(response.context["days"]) == days
    assert response.context["chart"] is None


def test_one_delivery_with_its_story(north: BranchProfile, as_nora: Client) -> None:
    delivery = make.delivery(north, "lee@corp.example", "refused")
    DeliveryEvent.objects.create(
        delivery=delivery, at=make.NOON, state="refused", source="jsonl", fingerprint="x",
        reply="550 5.1.1 <script>\u202eUser unknown",
    )  # fmt: skip
    make.case_note(north, "lee@corp.example")
    content = as_nora.get(f"/deliveries/{delivery.pk}/").content.decode()
    assert "&lt;script&gt;" in content
    assert "\u202e" not in content
    assert "there is no such mailbox" in content
    assert f"/reports/new/?delivery={delivery.pk}" in content


def test_a_delivery_that_is_not_there(as_nora: Client) -> None:
    assert as_nora.get("/deliveries/999/").status_code == 404
