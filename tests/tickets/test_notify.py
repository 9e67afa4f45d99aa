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
from tests import make
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


def test_nobody_to_tell_is_no_error(ticket: Ticket, nora: User) -> None:
    assert told(event(ticket, nora, EventKind.OPENED)) == []


def test_without_an_address_support_is_told(ticket: Ticket, nora: User, ida: User, ada: User) -> None:
    make.person("ivo@desk.example", "Ivo", "support")
    make.person("deaf@desk.example", "Dea", "support", hears_of_tickets=False)
    make.person("gone@desk.example", "Gon", "support", is_active=False)
    assert told(event(ticket, nora, EventKind.OPENED)) == [["ida@desk.example", "ivo@desk.example"]]
    assert told(event(ticket, nora)) == [["ida@desk.example", "ivo@desk.example"]]


def test_a_desk_of_admins_alone(ticket: Ticket, nora: User, ada: User) -> None:
    assert told(event(ticket, nora, EventKind.OPENED)) == [["ada@desk.example"]]


def test_nobody_is_told_of_what_they_did(ticket: Ticket, ida: User) -> None:
    assert told(event(ticket, ida, EventKind.OPENED)) == []


def test_a_large_team_is_not_flooded(ticket: Ticket, nora: User) -> None:
    for number in range(notify.MOST_TOLD + 5):
        make.person(f"s{number}@desk.example", "S", "support")
    (to,) = told(event(ticket, nora, EventKind.OPENED))
    assert len(to) == notify.MOST_TOLD


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"state": ["open", "waiting"], "waiting_on": ["", "recipient_it"]}, "waits for the recipient's IT."),
        ({"state": ["open", "waiting"], "waiting_on": ["", "branch_it"]}, "waits for your branch's IT."),
        ({"state": ["open", "solved"]}, "is solved."),
        ({"state": ["open", "closed"]}, "is closed."),
    ],
)
def test_where_it_went_is_said(ticket: Ticket, ida: User, changes: dict[str, Any], words: str) -> None:
    assert told(event(ticket, ida, EventKind.STATE, changes=changes)) == [["nora@north.example"]]
    body = " ".join(str(mail.outbox[0].body).split())
    assert words in body
    assert "Ida Berg wrote about the e-mail to lee@corp.example: text" in body


def test_a_new_ticket_says_what_the_desk_believes(ticket: Ticket, nora: User, ida: User) -> None:
    ticket.suggested_cause, ticket.suggested_confidence = "mailbox_full", "certain"
    ticket.save()
    told(event(ticket, nora, EventKind.OPENED))
    assert "(certain)" in mail.outbox[0].body


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
