"""Events of mail services: into the log when their message is known, kept and tried again when it is not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from anymail.signals import AnymailTrackingEvent, tracking

from portal.branches.models import BranchProfile
from portal.feedback.models import ServiceEvent
from portal.feedback.webhooks import take_event, try_again
from portal.maillog.models import Delivery
from portal.suppression.models import Suppression
from tests import make

AT = datetime(2026, 3, 4, 14, 5, tzinfo=UTC)


def event(kind: str, **more: Any) -> AnymailTrackingEvent:
    values: dict[str, Any] = {
        "event_type": kind, "timestamp": AT, "event_id": f"e-{kind}", "recipient": "lee@corp.example",
        "message_id": "m1@north.example", "esp_event": {"type": kind}, **more,
    }  # fmt: skip
    return AnymailTrackingEvent(**values)


@pytest.fixture
def sent(north: BranchProfile) -> None:
    make.message(north, message_id="<m1@north.example>", key="app-1")


@pytest.mark.parametrize(
    ("kind", "more", "state", "cause"),
    [
        ("delivered", {"mta_response": "250 2.0.0 OK"}, "accepted", ""),
        ("deferred", {"mta_response": "450 4.2.0 Greylisted, try again"}, "deferred", "greylisted"),
        ("bounced", {"mta_response": "550 5.1.1 User unknown"}, "refused", "no_such_user"),
        ("sent", {}, "handed", ""),
    ],
)
def test_an_event_comes_into_the_log(sent: None, kind: str, more: dict[str, Any], state: str, cause: str) -> None:
    take_event(event(kind, **more), "Postmark")
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.cause, delivery.message.key) == (state, cause, "app-1")


def test_twice_is_once(sent: None) -> None:
    tracking.send(object, event=event("delivered"), esp_name="Mailgun")
    tracking.send(object, event=event("delivered"), esp_name="Mailgun")
    assert ServiceEvent.objects.count() == 1
    assert Delivery.objects.get().events.count() == 1


def test_what_only_counts_eyes_is_dropped(sent: None) -> None:
    assert take_event(event("opened"), "Mailgun") is None
    assert ServiceEvent.objects.count() == 0


def test_a_complaint_and_an_opt_out(sent: None) -> None:
    take_event(event("delivered"), "SendGrid")
    take_event(event("complained"), "SendGrid")
    assert Delivery.objects.get().complained_at == AT
    take_event(event("unsubscribed"), "SendGrid")
    assert Suppression.objects.get().reason == "opt_out"


def test_what_fits_nothing_is_kept_and_fits_later(north: BranchProfile) -> None:
    row = take_event(event("delivered"), "Postmark")
    assert row is not None
    assert row.why_not
    assert try_again() == 0
    make.message(north, message_id="<m1@north.example>", key="app-1")
    assert try_again() == 1
    assert Delivery.objects.get().state == "accepted"
    assert not ServiceEvent.objects.exclude(why_not="").exists()


def test_the_branch_may_stand_in_the_metadata(north: BranchProfile) -> None:
    take_event(event("delivered", metadata={"branch": "north"}), "Postmark")
    assert Delivery.objects.get().branch == north


def test_hostile_values(sent: None) -> None:
    row = take_event(event("bounced", mta_response="\x00" * 30_000, metadata="x", esp_event=object()), "Postmark")
    assert row is not None
    assert take_event(event("bounced", recipient=None, event_id="2"), "Postmark") is not None
