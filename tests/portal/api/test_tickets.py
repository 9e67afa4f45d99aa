"""Tickets by a program: opened once, read with their story, replied to."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.maillog.models import State
from tests import make
from tests.portal.api.conftest import Program
from tests.tickets.queue.conftest import make_ticket
from tickets import services
from tickets.models import Event, Report, Ticket
from tickets.services import merging

NEW: dict[str, Any] = {
    "branch": "north",
    "recipient": "lee@corp.example",
    "description": "Nothing came",
    "symptom": "late",
}


def test_a_ticket_is_opened_once(norths: Program) -> None:
    first = norths("post", "/tickets", NEW, key="a")
    again = norths("post", "/tickets", NEW, key="a")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    ticket = Ticket.objects.get()
    assert (ticket.description, ticket.symptom, ticket.report.state) == ("Nothing came", "late", "submitted")
    assert ticket.run is not None
    assert first.json()["suggested_cause"] == ticket.suggested_cause


def test_without_a_time_the_only_record_is_what_is_suggested(norths: Program, north: BranchProfile) -> None:
    make.delivery(
        north, "lee@corp.example", State.REFUSED, timezone.now() - timedelta(days=2), cause="mailbox_full",
        reply="552 5.2.2 mailbox full", reply_code="552",
    )  # fmt: skip
    norths("post", "/tickets", {**NEW, "symptom": "not_received"}, key="a")
    assert Ticket.objects.get().suggested_cause == "mailbox_full"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"branch": "south"}, 404),
        ({"recipient": "nonsense"}, 400),
        ({"module": "smoke"}, 400),
        ({"symptom": "smoke"}, 422),
    ],
)
def test_what_cannot_be_opened_is_told(
    norths: Program, south: BranchProfile, change: dict[str, Any], status: int
) -> None:
    assert norths("post", "/tickets", {**NEW, **change}, key="a").status_code == status
    assert Report.objects.count() == 0


def test_a_story_is_read_and_replied_to(norths: Program, supports: Program, north: BranchProfile, nora: User) -> None:
    ticket = make_ticket(7, north, nora)
    services.tickets.note(
        ticket, body="among us", by=make.person("x@desk.example", role="support"), version=ticket.version,
        submission="0" * 32,  # type: ignore[arg-type]
    )  # fmt: skip
    assert supports("post", "/tickets/7/replies", {"body": "We look"}, key="a").status_code == 201
    assert supports("post", "/tickets/7/replies", {"body": "We look"}, key="a").status_code == 201
    story = norths("get", "/tickets/7").json()
    assert [event["body"] for event in story["events"] if event["kind"] == "reply"] == ["We look"]
    assert "among us" not in str(story)
    assert "among us" in str(supports("get", "/tickets/7").json())
    assert story["state"] == "open"
    assert [row["number"] for row in norths("get", "/tickets").json()["rows"]] == [7]


def test_a_merged_ticket_names_the_one_it_goes_on_in(
    supports: Program, north: BranchProfile, nora: User, ida: User
) -> None:
    first, second = (make_ticket(number, north, nora) for number in (7, 8))
    merging.merge({ticket.number: ticket.version for ticket in (first, second)}, into=second.number, by=ida)
    assert supports("get", f"/tickets/{first.number}").json()["merged_into"] == second.number
    assert supports("get", f"/tickets/{second.number}").json()["merged_into"] is None
    refused = supports("post", f"/tickets/{first.number}/replies", {"body": "We ask."}, key="r")
    assert refused.status_code == 409
    assert str(second.number) in refused.json()["detail"]
    assert supports("post", f"/tickets/{second.number}/replies", {"body": "We ask."}, key="r").status_code == 201
    assert [event.ticket for event in Event.objects.filter(kind="reply")] == [second]


def test_a_reply_in_the_moment_of_another_change(
    supports: Program, north: BranchProfile, nora: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise services.tickets.TicketChangedError

    ticket = make_ticket(7, north, nora)
    monkeypatch.setattr("tickets.services.tickets.reply", refuse)
    assert supports("post", f"/tickets/{ticket.number}/replies", {"body": "We ask."}, key="r").status_code == 409
