"""Answers to tickets by mail, and everything that looks like one and is none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail as outbox

from portal.accounts.models import User
from portal.branches.models import BranchProfile, Membership
from portal.inbound import Mail, door_for
from portal.mailroom import ticket_replies
from portal.mailroom.ticket_replies import answer_in
from portal.returned.models import ReturnedMail
from tests.portal.mailroom.conftest import NOON
from tests.portal.returned.conftest import complaint, dsn, out_of_office
from tests.tickets.queue.conftest import make_ticket
from tickets import notify
from tickets.models import Event, Ticket, TicketState
from tickets.selectors.reply_address import reply_address, ticket_at
from tickets.services import tickets as desk


@pytest.fixture(autouse=True)
def _address(settings: Any) -> None:
    settings.TICKET_ADDRESS = "ticket+<token>@desk.example"
    settings.DEFAULT_FROM_EMAIL = "Delivery Desk <desk@desk.example>"


@pytest.fixture
def ticket(north: BranchProfile, nora: User) -> Ticket:
    return make_ticket(7, north, nora)


def written(by: str = "Nora Lind <nora@north.example>", *, header: str = "", body: str = "It arrived.") -> bytes:
    first = f"From: {by}\nTo: x@desk.example\nSubject: Re: ticket\nMessage-ID: <1@north.example>\n"
    return f"{first}{header}\n{body}\n".encode()


@pytest.fixture
def comes(ticket: Ticket) -> Callable[..., None]:
    def come(octets: bytes, *, sender: str = "nora@north.example", to: str = "") -> None:
        recipient = to or reply_address(ticket)
        ticket_replies.take(Mail(octets=octets, recipient=recipient, sender=sender, source="mailroom", at=NOON))

    return come


def replies() -> list[tuple[str, str]]:
    return [(event.by.email if event.by else "", event.body) for event in Event.objects.filter(kind="reply")]


def test_the_reporter_answers(ticket: Ticket, comes: Callable[..., None]) -> None:
    ticket.state, ticket.waiting_on = TicketState.WAITING, "branch"
    ticket.save()
    comes(written())
    comes(written())
    ticket.refresh_from_db()
    assert replies() == [("nora@north.example", "It arrived.")]
    assert ticket.state == TicketState.OPEN
    assert not ReturnedMail.objects.exists()


def test_support_answers(comes: Callable[..., None], ida: User) -> None:
    comes(written("IDA@desk.example"), sender="ida@desk.example")
    assert replies() == [("ida@desk.example", "It arrived.")]


def test_somebody_changes_the_ticket_meanwhile(
    ticket: Ticket, comes: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between reading the ticket and answering it: an answer by mail was decided on no version."""
    real, calls = desk.reply, []

    def reply(found: Ticket, **values: Any) -> Event:
        if not calls:
            Ticket.objects.filter(pk=found.pk).update(version=5)
        calls.append(values["version"])
        return real(found, **values)

    monkeypatch.setattr(ticket_replies, "reply", reply)
    comes(written())
    assert (calls, len(replies())) == ([1, 5], 1)


@pytest.mark.parametrize(
    "octets",
    [
        written("lee@corp.example"),
        written("sven@south.example"),
        written("olga@north.example"),
        written("nora@north.example, ida@desk.example"),
        written(header="From: ida@desk.example\n"),
        written(body=""),
        written(body="> only what was quoted")[:0],
        written(header="Auto-Submitted: auto-replied\n"),
        written(header="Auto-Submitted: auto-generated\n"),
        written(header="Precedence: bulk\n"),
        written(header="X-Loop: desk.example\n"),
        written(header="List-Id: <x.example>\n"),
        written(header="X-Autoreply: yes\n"),
        written("desk@desk.example"),
        written("MAILER-DAEMON@north.example"),
        out_of_office().replace(b"lee@corp.example", b"nora@north.example"),
        dsn().replace(b"MAILER-DAEMON@smtp.xenegrade.net", b"nora@north.example"),
        complaint().replace(b"feedback@bignet.example", b"nora@north.example"),
    ],
)
def test_what_is_no_answer_is_kept_for_support_to_see(
    comes: Callable[..., None], sven: User, ida: User, north: BranchProfile, octets: bytes
) -> None:
    other = User.objects.create_user("olga@north.example", "a long password", name="Olga", role="staff")
    Membership.objects.create(user=other, branch=north)
    comes(octets)
    assert replies() == []
    assert ReturnedMail.objects.count() == 1


def test_a_bounce_is_never_an_answer(comes: Callable[..., None]) -> None:
    comes(written(), sender="")
    assert replies() == []


def test_who_has_left_does_not_answer(comes: Callable[..., None], nora: User) -> None:
    nora.is_active = False
    nora.save()
    comes(written())
    assert replies() == []


def test_who_belongs_to_the_branch_no_more_does_not_answer(comes: Callable[..., None], nora: User) -> None:
    Membership.objects.filter(user=nora).delete()
    comes(written())
    assert replies() == []


def test_two_machines_do_not_go_on_for_ever(comes: Callable[..., None]) -> None:
    for number in range(ticket_replies.MOST_AN_HOUR + 5):
        comes(written(body=f"Mail {number}"))
    assert len(replies()) == ticket_replies.MOST_AN_HOUR
    assert ReturnedMail.objects.count() == 5


def test_our_own_mail_that_comes_back_to_us(ticket: Ticket, comes: Callable[..., None], ida: User) -> None:
    """Two desks that know each other's address: what one sends is no answer to the other."""
    made = Event.objects.create(ticket=ticket, by=ida, kind="reply", body="text", is_told=False)
    notify.tell(made.pk)
    (sent,) = outbox.outbox
    assert sent.reply_to == [reply_address(ticket)]
    comes(sent.message().as_bytes(), sender="desk@desk.example")
    comes(sent.message().as_bytes().replace(b"desk@desk.example", b"nora@north.example"))
    assert len(replies()) == 1


@pytest.mark.parametrize(
    "spoil",
    [
        lambda address: address.replace("ticket+7-", "ticket+8-"),
        lambda address: address.replace("@", "0@"),
        lambda address: "ticket+7@desk.example",
        lambda address: "ticket+7-@desk.example",
        lambda address: "ticket+-1-x@desk.example",
        lambda address: "ticket+٧-x@desk.example",
        lambda address: "ticket+99999999999999999999-x@desk.example",
        lambda address: address.replace("desk.example", "other.example"),
    ],
)
def test_an_address_that_we_did_not_give_out(ticket: Ticket, spoil: Callable[[str], str]) -> None:
    assert ticket_at(spoil(reply_address(ticket))) is None


def test_an_address_in_any_case(ticket: Ticket) -> None:
    assert ticket_at(reply_address(ticket).upper()) == ticket
    door = door_for(reply_address(ticket))
    assert door is not None
    assert door.name == "answers to tickets"


def test_a_desk_that_takes_no_answers(ticket: Ticket, settings: Any, ida: User) -> None:
    address = reply_address(ticket)
    settings.TICKET_ADDRESS = ""
    assert (reply_address(ticket), ticket_at(address)) == ("", None)
    made = Event.objects.create(ticket=ticket, by=ida, kind="reply", body="text", is_told=False)
    notify.tell(made.pk)
    assert outbox.outbox[0].reply_to == []


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ("Yes.\n\nOn Wed, 4 Mar 2026, Delivery Desk wrote:\n> Did it arrive?", "Yes."),
        ("Yes.\n\nAm 04.03.2026 um 12:00 schrieb Delivery Desk:\n> x", "Yes."),
        ("Yes.\n\n-----Original Message-----\nFrom: x", "Yes."),
        ("Yes.\n\n________________________________\nFrom: x", "Yes."),
        ("Yes.\n> Did it?\nNo.\n> quoted", "Yes.\n> Did it?\nNo."),
        ("> Did it arrive?", "> Did it arrive?"),
        ("", ""),
        ("  \n \n", ""),
        ("x" * 50_000, "x" * 20_000),
        ("a\x00b", "a\ufffdb"),
    ],
)
def test_what_was_written(body: str, answer: str) -> None:
    assert answer_in(written(body=body)) == answer


def test_what_was_written_as_html_and_attached() -> None:
    octets = written(header='Content-Type: multipart/mixed; boundary="b"\n').replace(
        b"It arrived.",
        b"--b\nContent-Type: text/html\n\n<p>It <b>arrived</b>.</p><script>x</script>\n--b\n"
        b"Content-Type: image/png\n\nx\n--b--",
    )
    assert answer_in(octets).startswith("It arrived.")
    assert "1 attached file was not taken" in answer_in(octets)


def test_an_old_answer_does_not_count_for_this_hour(ticket: Ticket, comes: Callable[..., None], nora: User) -> None:
    for _ in range(ticket_replies.MOST_AN_HOUR):
        made = Event.objects.create(ticket=ticket, by=nora, kind="reply")
        Event.objects.filter(pk=made.pk).update(at=made.at - timedelta(hours=2))
    comes(written())
    assert not ReturnedMail.objects.exists()
