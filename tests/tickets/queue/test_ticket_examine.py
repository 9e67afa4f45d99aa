"""Running the checks of a ticket again."""

from __future__ import annotations

from django.test import Client

from diagnostics.models import Run
from tickets.models import EventKind, Ticket

URL = "/tickets/1/examine/"


def test_a_fresh_run_is_started_and_the_old_one_stays(ticket: Ticket, as_ida: Client) -> None:
    old = ticket.run
    assert as_ida.post(URL).headers["Location"] == "/tickets/1/#findings"
    ticket.refresh_from_db()
    assert ticket.run != old
    assert ticket.run is not None
    assert (ticket.run.is_fresh, ticket.run.subject["recipient"]) == (True, "lee@corp.example")
    assert ticket.run.subject["sender_domain"] == "north.example"
    assert Run.objects.filter(pk=old.pk if old else None).exists()
    assert ticket.events.filter(kind=EventKind.EXAMINED).exists()


def test_staff_may_not(ticket: Ticket, as_nora: Client) -> None:
    assert as_nora.post(URL).status_code == 403


def test_strangers_sign_in(ticket: Ticket, client: Client) -> None:
    assert client.post(URL).status_code == 302


def test_looking_is_not_asking(ticket: Ticket, as_ida: Client) -> None:
    assert as_ida.get(URL).status_code == 405
