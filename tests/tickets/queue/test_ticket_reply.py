"""Replies: seen by the branch, sent once, never over somebody else's unread change."""

from __future__ import annotations

import uuid
from typing import Any
from uuid import uuid4

import pytest
from django.core import mail
from django.test import Client

from portal.accounts.models import User
from tickets import notify
from tickets.models import Event, EventKind, Ticket, TicketState
from tickets.services.tickets import note

URL = "/tickets/1/reply/"
KEY = "6f1c9c0e-5d0f-4a53-9a0f-1d9bb6f5c001"


def form(body: str = "We have asked their IT.", version: int = 1, submission: str = KEY) -> dict[str, Any]:
    return {"body": body, "version": version, "submission": submission}


def test_supports_first_reply_takes_the_ticket_into_work(ticket: Ticket, as_ida: Client) -> None:
    assert as_ida.post(URL, form()).headers["Location"] == "/tickets/1/"
    ticket.refresh_from_db()
    assert (ticket.state, ticket.version) == (TicketState.OPEN, 2)
    assert ticket.events.get(kind=EventKind.REPLY).body == "We have asked their IT."


def test_the_reporter_is_told_by_mail_once(ticket: Ticket, as_ida: Client) -> None:
    as_ida.post(URL, form())
    event = ticket.events.get(kind=EventKind.REPLY)
    Event.objects.filter(pk=event.pk).update(is_told=False)
    mail.outbox.clear()
    assert notify.tell(event.pk) is True
    assert notify.tell(event.pk) is False
    assert [item.to for item in mail.outbox] == [["nora@north.example"]]
    assert mail.outbox[0].extra_headers["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize("state", [TicketState.WAITING, TicketState.SOLVED, TicketState.CLOSED])
def test_the_branchs_reply_opens_again(state: str, ticket: Ticket, as_nora: Client) -> None:
    Ticket.objects.filter(pk=ticket.pk).update(
        state=state, waiting_on="branch" if state == "waiting" else "", is_open=state == "waiting"
    )
    as_nora.post(URL, form())
    ticket.refresh_from_db()
    assert (ticket.state, ticket.waiting_on, ticket.is_open) == (TicketState.OPEN, "", True)


def test_the_same_form_twice_replies_once(ticket: Ticket, as_ida: Client) -> None:
    as_ida.post(URL, form())
    as_ida.post(URL, form())
    assert ticket.events.filter(kind=EventKind.REPLY).count() == 1


def test_who_comes_second_is_shown_what_the_first_did(ticket: Ticket, ada: User, as_ida: Client) -> None:
    note(ticket, body="I am on it", by=ada, version=1, submission=uuid.uuid4())
    response = as_ida.post(URL, form(body="kept text"))
    assert response.status_code == 409
    assert [event.body for event in response.context["missed"]] == ["I am on it"]
    assert b"kept text" in response.content
    assert not ticket.events.filter(kind=EventKind.REPLY).exists()
    assert as_ida.post(URL, form(body="kept text", version=2)).status_code == 302


def test_what_the_branch_cannot_see_stands_in_nobodys_way(ticket: Ticket, ada: User, as_nora: Client) -> None:
    note(ticket, body="Between us", by=ada, version=1, submission=uuid.uuid4())
    assert as_nora.post(URL, form()).status_code == 302
    assert ticket.events.filter(kind=EventKind.REPLY).count() == 1


def test_a_reply_may_move_the_ticket(ticket: Ticket, as_ida: Client) -> None:
    as_ida.post(URL, form() | {"then": "waiting:recipient_it"})
    ticket.refresh_from_db()
    assert (ticket.state, ticket.waiting_on, ticket.is_open) == (TicketState.WAITING, "recipient_it", True)
    event = ticket.events.get(kind=EventKind.REPLY)
    assert event.changes == {
        "state": ["new", "waiting"],
        "waiting_on": ["", "recipient_it"],
        "assignee": ["", "Ida Berg"],
    }


def test_a_reply_may_solve_it(ticket: Ticket, as_ida: Client) -> None:
    response = as_ida.post(URL, form() | {"then": "solved"}, follow=True)
    ticket.refresh_from_db()
    assert (ticket.state, ticket.is_open) == (TicketState.SOLVED, False)
    assert ticket.events.get(kind=EventKind.REPLY).changes == {
        "state": ["new", "solved"],
        "assignee": ["", "Ida Berg"],
    }
    assert b"is_open" not in response.content


def test_who_answers_a_ticket_of_nobody_has_it(ticket: Ticket, ida: User, as_ida: Client, as_nora: Client) -> None:
    as_nora.post(URL, form("Anything new?", submission=str(uuid4())))
    ticket.refresh_from_db()
    assert ticket.assignee is None
    as_ida.post(URL, form() | {"version": ticket.version})
    ticket.refresh_from_db()
    assert ticket.assignee == ida


def test_the_branch_may_say_that_it_is_solved(ticket: Ticket, as_nora: Client) -> None:
    assert as_nora.post(URL, form() | {"then": "closed"}).status_code == 400
    as_nora.post(URL, form("As PDF it arrived. Thank you!") | {"then": "solved"})
    ticket.refresh_from_db()
    assert (ticket.state, ticket.is_open) == (TicketState.SOLVED, False)


@pytest.mark.parametrize("then", ["waiting", "waiting:nobody", "waiting:the dog", "no such state"])
def test_where_no_ticket_goes(then: str, ticket: Ticket, as_ida: Client) -> None:
    response = as_ida.post(URL, form() | {"then": then})
    assert response.status_code == 400
    assert "then" in response.context["reply_form"].errors


@pytest.mark.parametrize("body", ["", "   ", "a\x00b"])
def test_bad_input_shows_the_form_again(body: str, ticket: Ticket, as_ida: Client) -> None:
    response = as_ida.post(URL, form(body=body))
    assert response.status_code == 400
    assert "body" in response.context["reply_form"].errors
    assert ticket.events.count() == 1


def test_another_branch_finds_nothing(ticket: Ticket, as_sven: Client) -> None:
    assert as_sven.post(URL, form()).status_code == 404
    assert ticket.events.count() == 1


def test_strangers_sign_in(ticket: Ticket, client: Client) -> None:
    assert client.post(URL, form()).status_code == 302
    assert ticket.events.count() == 1


def test_looking_is_not_replying(ticket: Ticket, as_ida: Client) -> None:
    assert as_ida.get(URL).headers["Location"] == "/tickets/1/"
