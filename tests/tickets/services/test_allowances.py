"""The answer of a recipient's IT reaches the tickets that wait for it, and whoever asked where there is none."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from portal.accounts.models import User
from portal.allowing import services
from portal.allowing.models import AllowRequest
from portal.branches.models import AllowListEntry, BranchProfile
from tests.tickets.queue.conftest import make_ticket
from tickets import notify
from tickets.models import Event, EventKind, Ticket, TicketState
from tickets.services.allowances import MOST_AN_HOUR

YES: dict[str, Any] = {"answer": "allowed", "answered_by": "IT of Corp", "addresses": ["192.0.2.10", "192.0.2.11"]}
PART = YES | {"addresses": ["192.0.2.10"]}
NO: dict[str, Any] = {"answer": "refused", "answered_by": "IT of Corp", "note": "Never"}
WAITING = {"state": TicketState.WAITING, "waiting_on": "recipient_it"}


@pytest.fixture
def asked(north: BranchProfile, nora: User) -> AllowRequest:
    server = north.sending_server
    assert server is not None
    server.addresses = ["192.0.2.10", "192.0.2.11"]
    server.save(update_fields=["addresses"])
    return services.ask(north, domain="corp.example", product="", contact="", by=nora)


def answer(asked: AllowRequest, said: dict[str, Any]) -> None:
    assert Client().post(f"/allow/{asked.token}/", said).status_code == 302


@pytest.mark.parametrize(
    ("said", "before", "after"),
    [
        (YES, ("waiting", "recipient_it"), ("waiting", "branch")),
        (PART, ("waiting", "recipient_it"), ("open", "")),
        (NO, ("waiting", "recipient_it"), ("open", "")),
        (YES, ("waiting", "branch"), ("waiting", "branch")),
        (YES, ("open", ""), ("open", "")),
    ],
)
def test_a_ticket_that_waited_for_them_goes_on(
    asked: AllowRequest, north: BranchProfile, nora: User, said: dict[str, Any], before: Any, after: Any
) -> None:
    ticket = make_ticket(1, north, nora, state=before[0], waiting_on=before[1])
    answer(asked, said)
    ticket.refresh_from_db()
    assert (ticket.state, ticket.waiting_on, ticket.version) == (*after, 2)
    event = Event.objects.get(ticket=ticket, kind=EventKind.ALLOWANCE)
    assert (event.by, event.is_public) == (None, True)
    assert ("state" in event.changes or "waiting_on" in event.changes) is (before != after)


def test_only_open_tickets_of_that_branch_about_that_domain(
    asked: AllowRequest, north: BranchProfile, south: BranchProfile, nora: User, sven: User
) -> None:
    make_ticket(1, north, nora, **WAITING)
    make_ticket(2, north, nora, state=TicketState.CLOSED, is_open=False)
    make_ticket(3, north, nora, recipient="lee@other.example", **WAITING)
    make_ticket(4, south, sven, **WAITING)
    answer(asked, YES)
    assert list(Event.objects.filter(kind=EventKind.ALLOWANCE).values_list("ticket__number", flat=True)) == [1]


def test_the_same_answer_is_no_news_and_a_changed_one_is(asked: AllowRequest, north: BranchProfile, nora: User) -> None:
    make_ticket(1, north, nora, **WAITING)
    for said in (YES, YES, PART):
        answer(asked, said)
    assert Event.objects.filter(kind=EventKind.ALLOWANCE).count() == 2
    for _ in range(MOST_AN_HOUR):
        answer(asked, NO)
        answer(asked, YES)
    assert Event.objects.filter(kind=EventKind.ALLOWANCE).count() == MOST_AN_HOUR


def test_the_reporter_and_whoever_works_on_it_are_told(
    asked: AllowRequest, north: BranchProfile, nora: User, ida: User
) -> None:
    make_ticket(1, north, nora, assignee=ida, **WAITING)
    answer(asked, YES)
    event = Event.objects.get(kind=EventKind.ALLOWANCE)
    assert notify.recipients_of(event) == [nora.email, ida.email]
    Event.objects.update(is_told=True)
    Event.objects.filter(pk=event.pk).update(is_told=False)
    mail.outbox.clear()
    assert notify.tell(event.pk)
    assert [(item.to, item.bcc) for item in mail.outbox] == [([nora.email], [ida.email])]


def test_without_a_ticket_whoever_asked_is_told_once(asked: AllowRequest, nora: User, ida: User) -> None:
    answer(asked, YES)
    AllowRequest.objects.update(is_told=False, answered=timezone.now() - timedelta(minutes=5))
    mail.outbox.clear()
    assert notify.untold_answers() == [asked.pk]
    assert notify.tell_answer(asked.pk)
    assert not notify.tell_answer(asked.pk)
    assert [(item.to, item.bcc) for item in mail.outbox] == [([nora.email], notify.desk())]
    assert notify.untold_answers() == []


def test_an_answer_ends_every_entry_that_only_says_asked(
    asked: AllowRequest, north: BranchProfile, south: BranchProfile, nora: User
) -> None:
    AllowListEntry.objects.create(branch=north, domain="corp.example", state="asked", note="By telephone")
    AllowListEntry.objects.create(branch=south, domain="corp.example", state="asked")
    again = services.ask(north, domain="corp.example", product="mimecast", contact="", by=nora)
    answer(again, PART)
    assert list(AllowListEntry.objects.filter(branch=north).values_list("state", flat=True)) == ["confirmed"]
    assert AllowListEntry.objects.filter(branch=south, state="asked").count() == 1
    asked.refresh_from_db()
    again.refresh_from_db()
    assert asked.entry == again.entry
    assert again.not_allowed == ["192.0.2.11"]


def test_who_is_asked_twice_is_asked_once_on_record(asked: AllowRequest, north: BranchProfile, nora: User) -> None:
    services.ask(north, domain="corp.example", product="", contact="", by=nora)
    assert AllowListEntry.objects.count() == 1
    assert AllowRequest.objects.count() == 2


def test_an_answer_within_the_branchs_own_domain_ends_its_its_turn(
    asked: AllowRequest, north: BranchProfile, nora: User
) -> None:
    AllowRequest.objects.update(domain="north.example")
    make_ticket(1, north, nora, recipient="lee@north.example", state=TicketState.WAITING, waiting_on="branch_it")
    asked.refresh_from_db()
    answer(asked, YES)
    assert Ticket.objects.get().waiting_on == "branch"
