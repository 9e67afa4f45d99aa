"""Merging: the reports stay with their reporters, the answers reach the one that stays, and it can be undone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.core import mail
from django.utils import timezone

from portal.accounts.models import User
from portal.branches.models import BranchProfile, Membership
from portal.inbound import Mail
from portal.mailroom import ticket_replies
from tests import make
from tests.tickets.queue.conftest import make_ticket
from tickets import notify
from tickets.models import Event, EventKind, Ticket, TicketState
from tickets.selectors.reply_address import reply_address, ticket_at
from tickets.selectors.tickets import reporters_of
from tickets.services import tickets as services
from tickets.services.bulk import TicketsChangedError
from tickets.services.merging import CannotMergeError, merge, take_out

FORM = UUID(int=11)


@pytest.fixture(autouse=True)
def _address(settings: Any) -> None:
    settings.TICKET_ADDRESS = "ticket+<token>@desk.example"


@pytest.fixture
def olga(north: BranchProfile) -> User:
    return make.person("olga@north.example", "Olga Berg", "staff", north)


@pytest.fixture
def world(north: BranchProfile, south: BranchProfile, nora: User, olga: User, sven: User) -> None:
    """Tickets 1 (Nora) and 2 (Olga, waiting) are of North College, 3 is of South College."""
    make_ticket(1, north, nora)
    make_ticket(2, north, olga, state=TicketState.WAITING, waiting_on="branch_it")
    make_ticket(3, south, sven)


def row(number: int) -> Ticket:
    return Ticket.objects.get(number=number)


def versions(*numbers: int) -> dict[int, int]:
    return dict(Ticket.objects.filter(number__in=numbers).values_list("number", "version"))


def tell_all() -> None:
    mail.outbox.clear()
    for event in Event.objects.filter(is_told=False).order_by("pk"):
        notify.tell(event.pk)


def test_the_reporter_is_told_and_led_on(world: None, ida: User, olga: User) -> None:
    plan = merge(versions(1, 2), into=1, by=ida)
    assert [ticket.number for ticket in plan.taken] == [2]
    merged = row(2)
    assert (merged.merged_into, merged.state, merged.is_open, merged.waiting_on) == (row(1), "closed", False, "")
    assert merged.report.by == olga
    assert [event.kind for event in row(1).events.all()] == ["opened", "merged"]
    tell_all()
    sent = mail.outbox[0]
    assert (len(mail.outbox), sent.recipients()) == (1, ["olga@north.example"])
    assert "/tickets/1/" in str(sent.body)
    assert "ticket 1" in sent.subject


def test_of_another_branch_is_left_out(world: None, ida: User) -> None:
    plan = merge(versions(1, 2, 3), into=1, by=ida)
    assert [item.ticket.number for item in plan.left_out] == [1, 3]
    assert row(3).merged_into is None


def test_answers_reach_all_reporters(world: None, ida: User) -> None:
    merge(versions(1, 2), into=1, by=ida)
    Event.objects.update(is_told=True)
    services.reply(row(1), body="Try again.", by=ida, version=row(1).version, submission=FORM)
    tell_all()
    assert len(mail.outbox) == 1
    assert mail.outbox[0].to == ["nora@north.example"]
    assert mail.outbox[0].bcc == ["olga@north.example"]


def test_who_has_left_the_branch_is_not_told(world: None, ida: User, olga: User, nora: User) -> None:
    merge(versions(1, 2), into=1, by=ida)
    assert reporters_of(row(1)) == [nora, olga]
    Membership.objects.filter(user=olga).delete()
    assert reporters_of(row(1)) == [nora]


def test_an_answer_to_its_address_reaches_the_one_that_stays(world: None, ida: User, olga: User) -> None:
    address = reply_address(row(2))
    merge(versions(1, 2), into=1, by=ida)
    assert ticket_at(address) == row(1)
    octets = b"From: olga@north.example\nTo: x@desk.example\nSubject: Re\nMessage-ID: <1@n.example>\n\nIt came.\n"
    ticket_replies.take(Mail(octets=octets, recipient=address, sender=olga.email, source="mailroom", at=timezone.now()))
    event = Event.objects.get(kind=EventKind.REPLY)
    assert (event.ticket, event.by, event.body) == (row(1), olga, "It came.")


def test_nothing_is_written_on_a_merged_ticket(world: None, ida: User) -> None:
    merge(versions(1, 2), into=1, by=ida)
    with pytest.raises(services.TicketChangedError):
        services.reply(row(2), body="x", by=ida, version=row(2).version, submission=FORM)


def test_it_is_undone(world: None, ida: User) -> None:
    merge(versions(1, 2), into=1, by=ida)
    assert take_out(row(2), by=ida, version=row(2).version)
    back = row(2)
    assert (back.merged_into, back.state, back.waiting_on, back.is_open) == (None, "waiting", "branch_it", True)
    assert [event.kind for event in back.events.all()] == ["opened", "merged", "unmerged"]
    assert [event.kind for event in row(1).events.all()] == ["opened", "merged", "unmerged"]
    # Of the merging, which is over, nobody is told any more; of where it stands now, its reporter is.
    tell_all()
    assert [sent.recipients() for sent in mail.outbox] == [["olga@north.example"]]
    assert not take_out(row(2), by=ida, version=row(2).version)


def test_one_that_holds_others_stays(world: None, north: BranchProfile, nora: User, ida: User) -> None:
    make_ticket(4, north, nora)
    merge(versions(1, 2), into=1, by=ida)
    plan = merge(versions(1, 4), into=4, by=ida)
    assert not plan.taken
    with pytest.raises(CannotMergeError):
        merge(versions(2, 4), into=2, by=ida)
    assert [item.number for item in merge(versions(1, 4), into=1, by=ida).taken] == [4]


def test_changed_meanwhile(world: None, ida: User) -> None:
    was = versions(1, 2)
    services.assign(row(1), to=ida, by=ida, version=was[1])
    with pytest.raises(TicketsChangedError):
        merge(was, into=1, by=ida)
    with pytest.raises(TicketsChangedError):
        merge(versions(2), into=1, by=ida)
    assert row(2).merged_into is None
