"""What was done is said in a sentence of its own, whatever it was."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from portal.accounts.models import User
from tickets.models import Event, EventKind, Ticket
from tickets.queue.deeds import deed_of

KEY = "6f1c9c0e-5d0f-4a53-9a0f-1d9bb6f5c001"


def said(client: Client, name: str, **data: Any) -> str:
    response = client.post(f"/tickets/1/{name}/", {"version": 1, **data}, follow=True)
    (message,) = response.context["messages"]
    return str(message)


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("reply", {"body": "x", "submission": KEY}, "is on ticket 1; Nora Lind is told by e-mail. The ticket is now"),
        ("reply", {"body": "x", "submission": KEY, "then": "waiting:branch"}, "The ticket now waits for the branch."),
        ("note", {"body": "x", "submission": KEY}, "seen by support alone"),
        ("assign", {"assignee": ""}, "Nothing changed"),
        (
            "state",
            {"state": "waiting", "waiting_on": "recipient_it"},
            "now waits for the recipient's IT; Nora",
        ),
        ("state", {"state": "open"}, "Ticket 1 is now: in progress."),
        ("cause", {"cause": "mailbox_full"}, "The cause of ticket 1 is confirmed: "),
    ],
)
def test_support(ticket: Ticket, as_ida: Client, name: str, data: dict[str, Any], words: str) -> None:
    assert words in said(as_ida, name, **data)


def test_assigning(ticket: Ticket, ida: User, as_ida: Client) -> None:
    assert said(as_ida, "assign", assignee=ida.pk) == "Ticket 1 is assigned to Ida Berg."


def test_the_branch(ticket: Ticket, ida: User, as_nora: Client) -> None:
    assert "support is told by e-mail" in said(as_nora, "reply", body="x", submission=KEY)


def test_a_cause_taken_back(ticket: Ticket, ida: User) -> None:
    event = Event(ticket=ticket, by=ida, kind=EventKind.CAUSE, changes={"cause": ["mailbox_full", ""]})
    assert "no longer" in deed_of(event, ticket)
