"""GET /messages/<pk>/: one message over all its recipients and legs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from portal.branches.models import BranchProfile
from portal.maillog.models import Delivery, DeliveryEvent, MessageLog
from tests import make
from tests.make import NOON


@pytest.fixture
def message(north: BranchProfile) -> MessageLog:
    return make.message(north, message_id="<m@north.example>", function="Class reminder")


def recipients(message: MessageLog, count: int) -> list[Delivery]:
    return Delivery.objects.bulk_create(
        Delivery(
            message=message, branch=message.branch, at=NOON, state_at=NOON, state="accepted",
            recipient=f"r{number:04}@corp.example", recipient_normal=f"r{number:04}@corp.example",
            recipient_domain="corp.example",
        )
        for number in range(count)
    )  # fmt: skip


def event(delivery: Delivery, state: str, minutes: int = 0, host: str = "mx.corp.example") -> None:
    DeliveryEvent.objects.create(
        delivery=delivery, at=NOON + timedelta(minutes=minutes), state=state, remote_host=host, source="postfix",
        fingerprint=f"{delivery.pk}{state}{minutes}",
    )  # fmt: skip


def test_recipients_legs_and_what_happened_to_them_together(message: MessageLog, as_nora: Client) -> None:
    one, other, third = recipients(message, 3)
    Delivery.objects.filter(pk=third.pk).update(leg=1, recipient_normal=other.recipient_normal, state="deferred")
    for delivery in (one, other):
        event(delivery, "handed", host="")
        event(delivery, "accepted", 1)
    event(third, "deferred", 1)
    make.case_note(message.branch, "r0001@corp.example")
    response = as_nora.get(f"/messages/{message.pk}/")
    assert [(row.recipient_normal, row.leg) for row in response.context["recipients"].rows] == [
        ("r0000@corp.example", 0),
        ("r0001@corp.example", 0),
        ("r0001@corp.example", 1),
    ]
    assert [(item.item.state, len(item.deliveries)) for item in response.context["story"]] == [
        ("handed", 2),
        ("accepted", 2),
        ("deferred", 1),
    ]
    assert [(item.state, item.recipients) for item in response.context["standings"]] == [
        ("deferred", 1),
        ("accepted", 2),
    ]
    content = response.content.decode()
    assert f"/deliveries/{one.pk}/" in content
    assert "leg 1" in content
    assert "E-mail sent" in content


def test_all_recipients_page_by_page(message: MessageLog, as_nora: Client) -> None:
    recipients(message, 120)
    seen: list[str] = []
    query: dict[str, str] = {}
    for _ in range(3):
        page = as_nora.get(f"/messages/{message.pk}/", query).context["recipients"]
        seen += [row.recipient for row in page.rows]
        query = {"after": page.next}
    assert seen == [f"r{number:04}@corp.example" for number in range(120)]
    assert query == {"after": ""}


@pytest.mark.parametrize("after", ["rubbish", "a@b/x", "/", "a@b/99999999999999"])
def test_a_key_that_cannot_be_read_shows_the_first(after: str, message: MessageLog, as_nora: Client) -> None:
    recipients(message, 2)
    assert len(as_nora.get(f"/messages/{message.pk}/", {"after": after}).context["recipients"].rows) == 2


def test_the_same_message_id_of_ones_own_branches(
    message: MessageLog, south: BranchProfile, as_nora: Client, as_ida: Client
) -> None:
    again = make.message(message.branch, NOON + timedelta(hours=1), message_id=message.message_id)
    make.message(south, message_id=message.message_id)
    assert as_nora.get(f"/messages/{message.pk}/").context["others"] == [again]
    assert len(as_ida.get(f"/messages/{message.pk}/").context["others"]) == 2


def test_a_message_without_recipients(message: MessageLog, as_nora: Client) -> None:
    assert as_nora.get(f"/messages/{message.pk}/").status_code == 200


def test_not_there_a_stranger_and_a_wrong_method(message: MessageLog, as_nora: Client, as_sven: Client) -> None:
    assert as_nora.get("/messages/999999/").status_code == 404
    assert as_sven.get(f"/messages/{message.pk}/").status_code == 404
    assert as_nora.post(f"/messages/{message.pk}/").status_code == 405


@pytest.mark.parametrize("count", [10, 1000])
def test_it_costs_the_same_whatever_its_length(
    count: int, message: MessageLog, as_nora: Client, django_assert_num_queries: Any
) -> None:
    recipients(message, count)
    with django_assert_num_queries(8):
        as_nora.get(f"/messages/{message.pk}/")
