"""Notes are among support: no mail, no change of state, never seen by the branch."""

from __future__ import annotations

from typing import Any

from django.core import mail
from django.test import Client

from tickets.models import EventKind, Ticket, TicketState

URL = "/tickets/1/note/"
FORM: dict[str, Any] = {"body": "Ask Ada", "version": 1, "submission": "6f1c9c0e-5d0f-4a53-9a0f-1d9bb6f5c002"}


def test_a_note_is_not_public_and_tells_nobody(ticket: Ticket, as_ida: Client) -> None:
    assert as_ida.post(URL, FORM).status_code == 302
    event = ticket.events.get(kind=EventKind.NOTE)
    assert (event.is_public, event.is_told) == (False, True)
    ticket.refresh_from_db()
    assert ticket.state == TicketState.NEW
    assert mail.outbox == []


def test_staff_may_not(ticket: Ticket, as_nora: Client) -> None:
    assert as_nora.post(URL, FORM).status_code == 403
    assert ticket.events.count() == 1


def test_bad_input_shows_the_form_again(ticket: Ticket, as_ida: Client) -> None:
    response = as_ida.post(URL, {**FORM, "body": ""})
    assert response.status_code == 400
    assert "body" in response.context["note_form"].errors


def test_strangers_sign_in(ticket: Ticket, client: Client) -> None:
    assert client.post(URL, FORM).status_code == 302


def test_looking_is_not_writing(ticket: Ticket, as_ida: Client) -> None:
    assert as_ida.get(URL).headers["Location"] == "/tickets/1/"
