"""Confirming the cause of a ticket."""

from __future__ import annotations

import pytest
from django.test import Client

from portal.maillog.models import State
from tests import make
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
    assert as_ida.get(URL).headers["Location"] == "/tickets/1/"


@pytest.fixture
def full(ticket: Ticket) -> Ticket:
    reply = "550 5.2.2 mailbox full"
    report = ticket.report
    report.delivery = make.delivery(
        ticket.branch, ticket.recipient, State.REFUSED, reply=reply, reply_code="550", cause="mailbox_full"
    )
    report.save(update_fields=["delivery"])
    Ticket.objects.update(suggested_cause="mailbox_full", suggested_confidence="certain")
    ticket.refresh_from_db()
    return ticket


def test_the_suggestion_leads_until_a_cause_is_confirmed(full: Ticket, as_ida: Client) -> None:
    context = as_ida.get("/tickets/1/").context
    assert (context["lead"].cause, "is_confirmed" in context) == ("mailbox_full", False)
    as_ida.post(URL, {"version": 1, "cause": "mailbox_full"})
    context = as_ida.get("/tickets/1/").context
    assert (context["lead"].cause, context["is_confirmed"]) == ("mailbox_full", True)
    assert "mailbox_full" not in [item.cause for item in context["beside"]]


def test_the_confirmed_cause_leads_and_the_suggestion_is_folded(full: Ticket, as_ida: Client, as_nora: Client) -> None:
    as_ida.post(URL, {"version": 1, "cause": "sender_ip_blocked"})
    for viewer in (as_ida, as_nora):
        context = viewer.get("/tickets/1/").context
        assert (context["lead"].cause, context["is_confirmed"]) == ("sender_ip_blocked", True)
        assert context["beside"][0].cause == "mailbox_full"


def test_it_is_accepted_from_the_row(full: Ticket, as_ida: Client, as_nora: Client) -> None:
    page = as_ida.get("/tickets/?view=open").content.decode()
    assert 'data-key="a"' in page
    assert 'data-key="o"' in page
    answer = as_ida.post(URL, {"version": 1, "cause": "mailbox_full", "back": "/tickets/?view=open"})
    assert answer.headers["Location"] == "/tickets/?view=open#ticket-1"
    full.refresh_from_db()
    assert full.cause == "mailbox_full"
    assert 'data-key="a"' not in as_ida.get("/tickets/?view=open").content.decode()
    assert "data-key" not in as_nora.get("/tickets/").content.decode()


def test_it_is_overridden_in_the_row(full: Ticket, as_ida: Client) -> None:
    shown = as_ida.get("/tickets/?view=open&override=1").context["overriding"]
    assert shown["ticket"] == full
    assert shown["back"] == "/tickets/?view=open"
    assert "mailbox_full" not in [item.cause for item in shown["others"]]
    for nobody in ("2", "one", ""):
        assert as_ida.get(f"/tickets/?override={nobody}").context["overriding"] is None
    full.refresh_from_db()
    assert full.cause == ""


@pytest.mark.parametrize("back", ["https://evil.example/tickets/", "//evil.example", "/tickets/2/", ""])
def test_it_leads_back_to_the_queue_alone(full: Ticket, as_ida: Client, back: str) -> None:
    answer = as_ida.post(URL, {"version": 1, "cause": "mailbox_full", "back": back})
    assert answer.headers["Location"] == "/tickets/1/"
