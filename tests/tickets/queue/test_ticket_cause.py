"""Confirming the cause of a ticket."""

from __future__ import annotations

from django.test import Client

from tickets.models import EventKind, Ticket

URL = "/tickets/1/cause/"


def test_a_cause_is_confirmed(ticket: Ticket, as_ida: Client) -> None:
    assert as_ida.post(URL, {"version": 1, "cause": "auth_failure"}).status_code == 302
    ticket.refresh_from_db()
    assert ticket.cause == "auth_failure"
    assert ticket.events.get(kind=EventKind.CAUSE).changes == {"cause": ["", "auth_failure"]}


def test_an_unknown_cause_is_refused(ticket: Ticket, as_ida: Client) -> None:
    response = as_ida.post(URL, {"version": 1, "cause": "gremlins"})
    assert response.status_code == 400
    assert "cause" in response.context["cause_form"].errors


def test_staff_may_not(ticket: Ticket, as_nora: Client) -> None:
    assert as_nora.post(URL, {"version": 1, "cause": "auth_failure"}).status_code == 403


def test_strangers_sign_in(ticket: Ticket, client: Client) -> None:
    assert client.post(URL, {"version": 1, "cause": "auth_failure"}).status_code == 302


def test_looking_is_not_confirming(ticket: Ticket, as_ida: Client) -> None:
    assert as_ida.get(URL).status_code == 405
