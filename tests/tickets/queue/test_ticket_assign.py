"""Assigning a ticket."""

from __future__ import annotations

from django.test import Client

from portal.accounts.models import User
from tickets.models import EventKind, Ticket

URL = "/tickets/1/assign/"


def test_support_takes_it(ticket: Ticket, ida: User, as_ida: Client) -> None:
    assert as_ida.post(URL, {"version": 1, "assignee": ida.pk}).status_code == 302
    ticket.refresh_from_db()
    assert (ticket.assignee, ticket.version) == (ida, 2)
    assert ticket.events.get(kind=EventKind.ASSIGNED).changes == {"assignee": ["", "Ida Berg"]}


def test_and_gives_it_back(ticket: Ticket, ida: User, as_ida: Client) -> None:
    Ticket.objects.filter(pk=ticket.pk).update(assignee=ida)
    as_ida.post(URL, {"version": 1, "assignee": ""})
    ticket.refresh_from_db()
    assert ticket.assignee is None


def test_nothing_changes_when_it_stands_so(ticket: Ticket, as_ida: Client) -> None:
    as_ida.post(URL, {"version": 1, "assignee": ""})
    assert not ticket.events.filter(kind=EventKind.ASSIGNED).exists()


def test_staff_cannot_be_assigned(ticket: Ticket, nora: User, as_ida: Client) -> None:
    response = as_ida.post(URL, {"version": 1, "assignee": nora.pk})
    assert response.status_code == 400
    assert "assignee" in response.context["assign_form"].errors


def test_who_comes_second_decides_again(ticket: Ticket, ida: User, ada: User, as_ida: Client, as_ada: Client) -> None:
    as_ada.post(URL, {"version": 1, "assignee": ada.pk})
    response = as_ida.post(URL, {"version": 1, "assignee": ida.pk})
    assert response.status_code == 409
    assert [event.by for event in response.context["missed"]] == [ada]
    ticket.refresh_from_db()
    assert ticket.assignee == ada
    # The page carries what was chosen and the version it is now decided on: the second press goes through.
    form = response.context["assign_form"]
    assert form["assignee"].value() == str(ida.pk)
    again = as_ida.post(URL, {"version": form["version"].value(), "assignee": form["assignee"].value()})
    assert again.status_code == 302
    ticket.refresh_from_db()
    assert ticket.assignee == ida


def test_staff_may_not(ticket: Ticket, as_nora: Client) -> None:
    assert as_nora.post(URL, {"version": 1, "assignee": ""}).status_code == 403


def test_strangers_sign_in(ticket: Ticket, client: Client) -> None:
    assert client.post(URL, {"version": 1, "assignee": ""}).status_code == 302


def test_looking_is_not_assigning(ticket: Ticket, as_ida: Client) -> None:
    assert as_ida.get(URL).headers["Location"] == "/tickets/1/"
