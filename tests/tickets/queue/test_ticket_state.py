"""Moving a ticket on: waiting names for whom, solving closes it and tells the branch."""

from __future__ import annotations

import pytest
from django.test import Client

from tickets.models import EventKind, Ticket, TicketState

URL = "/tickets/1/state/"


def test_waiting_names_whose_turn_it_is(ticket: Ticket, as_ida: Client) -> None:
    assert as_ida.post(URL, {"version": 1, "state": "waiting", "waiting_on": "recipient_it"}).status_code == 302
    ticket.refresh_from_db()
    assert (ticket.state, ticket.waiting_on, ticket.is_open) == (TicketState.WAITING, "recipient_it", True)


@pytest.mark.parametrize("waiting_on", ["", "nobody", "the dog"])
def test_waiting_for_nobody_is_refused(waiting_on: str, ticket: Ticket, as_ida: Client) -> None:
    response = as_ida.post(URL, {"version": 1, "state": "waiting", "waiting_on": waiting_on})
    assert response.status_code == 400
    assert "waiting_on" in response.context["state_form"].errors


@pytest.mark.parametrize("state", [TicketState.SOLVED, TicketState.CLOSED])
def test_it_leaves_the_queue(state: str, ticket: Ticket, as_ida: Client) -> None:
    as_ida.post(URL, {"version": 1, "state": state, "waiting_on": "branch", "reason": "It was a full mailbox."})
    ticket.refresh_from_db()
    assert (ticket.state, ticket.waiting_on, ticket.is_open) == (state, "", False)
    event = ticket.events.get(kind=EventKind.STATE)
    assert (event.changes, event.body) == ({"state": ["new", state]}, "It was a full mailbox.")
    assert not event.is_told


@pytest.mark.parametrize("state", [TicketState.SOLVED, TicketState.CLOSED])
def test_the_end_says_why(state: str, ticket: Ticket, as_ida: Client) -> None:
    response = as_ida.post(URL, {"version": 1, "state": state})
    assert response.status_code == 400
    assert "reason" in response.context["state_form"].errors
    Ticket.objects.filter(pk=ticket.pk).update(cause="mailbox_full")
    assert as_ida.post(URL, {"version": 1, "state": state}).status_code == 302


def test_who_comes_second_decides_again(ticket: Ticket, as_ida: Client) -> None:
    typed = {"state": "closed", "reason": "kept sentence"}
    as_ida.post(URL, {"version": 1, "state": "open"})
    response = as_ida.post(URL, {"version": 1, **typed})
    assert response.status_code == 409
    # One's own change in another window counts as well.
    assert [event.kind for event in response.context["missed"]] == [EventKind.STATE]
    assert b"kept sentence" in response.content
    ticket.refresh_from_db()
    assert ticket.state == TicketState.OPEN
    assert as_ida.post(URL, {"version": response.context["state_form"]["version"].value(), **typed}).status_code == 302


def test_staff_may_not(ticket: Ticket, as_nora: Client) -> None:
    assert as_nora.post(URL, {"version": 1, "state": "closed"}).status_code == 403


def test_strangers_sign_in(ticket: Ticket, client: Client) -> None:
    assert client.post(URL, {"version": 1, "state": "closed"}).status_code == 302


def test_looking_is_not_deciding(ticket: Ticket, as_ida: Client) -> None:
    assert as_ida.get(URL).headers["Location"] == "/tickets/1/"
