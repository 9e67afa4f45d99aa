"""GET /deliveries/<pk>/: one message to one recipient, what is known of it, and whose turn it is."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from portal.branches.models import BranchProfile
from portal.maillog.models import DeliveryEvent
from tests import make
from tests.make import NOON


def test_its_story(north: BranchProfile, as_nora: Client) -> None:
    delivery = make.delivery(north, "lee@corp.example", "refused", cause="no_such_user", reply="550 5.1.1 no")
    DeliveryEvent.objects.create(
        delivery=delivery, at=NOON, state="refused", source="postfix", fingerprint="x",
        reply="550 5.1.1 <script>\u202eUser unknown", raw="Mar  4 12:00:00 smtp postfix/smtp[1]: 4XkT2p: to=<lee>",
    )  # fmt: skip
    make.case_note(north, "lee@corp.example")
    content = as_nora.get(f"/deliveries/{delivery.pk}/").content.decode()
    assert "&lt;script&gt;" in content
    assert "\u202e" not in content
    assert "there is no such mailbox" in content
    assert "postfix/smtp[1]: 4XkT2p" in content
    assert f"/reports/new/?delivery={delivery.pk}" in content
    assert f"/messages/{delivery.message_id}/" in content
    assert "E-mail sent" in content


@pytest.mark.parametrize(
    ("state", "cause", "believed", "actor"),
    [
        ("refused", "no_such_user", "no_such_user", "branch"),
        ("deferred", "rate_limited", "rate_limited", "support"),
        ("accepted", "", "accepted_by_recipient_server", "recipient_it"),
        ("error", "send_error", "send_error", "support"),
        ("refused", "a_cause_nobody_knows", "unknown", "support"),
    ],
)
def test_whose_turn_it_is(
    state: str, cause: str, believed: str, actor: str, north: BranchProfile, as_nora: Client
) -> None:
    delivery = make.delivery(north, "lee@corp.example", state, cause=cause, reply="said so")
    first = as_nora.get(f"/deliveries/{delivery.pk}/").context["beliefs"][0]
    assert (first.cause, first.actor) == (believed, actor)


@pytest.mark.parametrize(
    ("state", "cause", "has_letter", "may_ask"),
    [
        ("refused", "recipient_policy", True, True),
        ("accepted", "", True, True),
        ("refused", "no_such_user", False, False),
        ("error", "send_error", False, False),
    ],
)
def test_the_letter_to_their_it(
    state: str, cause: str, has_letter: bool, may_ask: bool, north: BranchProfile, as_nora: Client
) -> None:
    message = make.message(north, message_id="<a1@north.example>")
    told = {"cause": cause, "reply": "550 5.7.1 no", "remote_host": "mx.corp.example"}
    delivery = make.delivery(north, "lee@corp.example", state, message=message, **told)
    content = as_nora.get(f"/deliveries/{delivery.pk}/").content.decode()
    letter = content.partition('id="letter-text"')[2].partition("</textarea>")[0]
    assert ("Message-ID: &lt;a1@north.example&gt;" in letter) is has_letter
    assert ("allow-requests/?domain=corp.example" in content) is may_ask


def test_a_complaint_is_shown(north: BranchProfile, as_nora: Client) -> None:
    delivery = make.delivery(north, "lee@corp.example", complained_at=NOON)
    DeliveryEvent.objects.create(delivery=delivery, at=NOON, state="complained", source="arf", fingerprint="x")
    assert 'data-value="complained"' in as_nora.get(f"/deliveries/{delivery.pk}/").content.decode()


def test_not_there_a_stranger_and_a_wrong_method(north: BranchProfile, as_nora: Client, as_sven: Client) -> None:
    delivery = make.delivery(north, "lee@corp.example")
    assert as_nora.get("/deliveries/999999/").status_code == 404
    assert as_sven.get(f"/deliveries/{delivery.pk}/").status_code == 404
    assert as_nora.post(f"/deliveries/{delivery.pk}/").status_code == 405


@pytest.mark.parametrize("events", [10, 1000])
def test_it_costs_the_same_whatever_happened(
    events: int, north: BranchProfile, as_nora: Client, django_assert_num_queries: Any
) -> None:
    delivery = make.delivery(north, "lee@corp.example", "deferred")
    DeliveryEvent.objects.bulk_create(
        DeliveryEvent(delivery=delivery, at=NOON, state="deferred", source="jsonl", fingerprint=str(number))
        for number in range(events)
    )
    # Two of them ask what came back of it.
    with django_assert_num_queries(15):
        as_nora.get(f"/deliveries/{delivery.pk}/")
