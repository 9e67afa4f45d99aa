"""Mail about tickets: to the right person, once, and tried again when it could not be handed over."""

from __future__ import annotations

from datetime import timedelta
from smtplib import SMTPServerDisconnected
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.utils import timezone

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from tests.tickets.queue.conftest import make_ticket
from tickets import notify
from tickets.models import Event, EventKind, Ticket


@pytest.fixture
def ticket(north: BranchProfile, nora: User) -> Ticket:
    return make_ticket(7, north, nora)


def event(ticket: Ticket, by: User | None, kind: str = EventKind.REPLY, **fields: Any) -> Event:
    return Event.objects.create(ticket=ticket, by=by, kind=kind, body="text", is_told=False, **fields)


def told(made: Event) -> list[list[str]]:
    mail.outbox.clear()
    notify.tell(made.pk)
    return [item.to for item in mail.outbox]


def test_support_writes_to_the_reporter(ticket: Ticket, ida: User) -> None:
    assert told(event(ticket, ida)) == [["nora@north.example"]]


def test_the_branch_writes_to_whoever_works_on_it(ticket: Ticket, nora: User, ida: User) -> None:
    ticket.assignee = ida
    ticket.save()
    assert told(event(ticket, nora)) == [["ida@desk.example"]]


def test_without_somebody_the_desk_is_told(ticket: Ticket, nora: User, settings: Any) -> None:
    settings.SUPPORT_ADDRESS = "desk@desk.example"
    assert told(event(ticket, nora)) == [["desk@desk.example"]]
    assert told(event(ticket, nora, EventKind.OPENED)) == [["desk@desk.example"]]


def test_nobody_to_tell_is_no_error(ticket: Ticket, nora: User, settings: Any) -> None:
    settings.SUPPORT_ADDRESS = ""
    assert told(event(ticket, nora, EventKind.OPENED)) == []


def test_somebody_who_left_is_not_written_to(ticket: Ticket, nora: User, ida: User) -> None:
    nora.is_active = False
    nora.save()
    assert told(event(ticket, ida)) == []


def test_it_is_told_once(ticket: Ticket, ida: User) -> None:
    made = event(ticket, ida)
    assert len(told(made)) == 1
    assert told(made) == []


def test_a_refusing_server_is_tried_again(ticket: Ticket, ida: User, monkeypatch: pytest.MonkeyPatch) -> None:
    made = event(ticket, ida, at=timezone.now() - timedelta(minutes=5))

    def refuse(self: EmailMessage, fail_silently: bool = False) -> int:
        raise SMTPServerDisconnected("gone")

    with monkeypatch.context() as patch:
        patch.setattr(EmailMessage, "send", refuse)
        assert notify.tell(made.pk) is False
    assert notify.untold() == [made.pk]
    assert notify.tell(made.pk) is True
    assert notify.untold() == []


def test_what_is_too_late_is_not_told(ticket: Ticket, ida: User) -> None:
    event(ticket, ida, at=timezone.now() - timedelta(days=3))
    assert notify.untold() == []


def test_line_breaks_never_reach_the_headers(ticket: Ticket, ida: User) -> None:
    ticket.recipient = "a@b.example\r\nBcc: victim@c.example"
    ticket.save()
    made = event(ticket, ida)
    told(made)
    assert "\n" not in mail.outbox[0].subject
    assert mail.outbox[0].bcc == []
    assert mail.outbox[0].message()["Bcc"] is None


def test_the_mails_of_a_ticket_stay_together(ticket: Ticket, settings: Any) -> None:
    settings.BASE_URL = "https://desk.example:8443/"
    assert notify.thread_of(ticket) == "<ticket-7@desk.example>"
