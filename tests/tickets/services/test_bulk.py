"""Several tickets at once: what is done on which, who is told, and that it is all or nothing."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.core import mail

from portal.accounts.models import User
from portal.branches.models import BranchProfile, Membership
from tests import make
from tests.tickets.queue.conftest import make_ticket
from tickets import notify
from tickets.models import Event, EventKind, Incident, Ticket, TicketState
from tickets.services import bulk

FORM = UUID(int=7)


@pytest.fixture
def tickets(north: BranchProfile, south: BranchProfile, nora: User, sven: User) -> list[Ticket]:
    """Two of North College, the first of a person who has left it, and one of South College."""
    olga = make.person("olga@north.example", "Olga Berg", "staff")
    return [make_ticket(1, north, olga), make_ticket(2, north, nora), make_ticket(3, south, sven)]


def versions() -> dict[int, int]:
    return dict(Ticket.objects.values_list("number", "version"))


def kinds(number: int) -> list[str]:
    return list(Event.objects.filter(ticket__number=number).values_list("kind", flat=True))


def test_each_reporter_is_answered_in_their_own_ticket(tickets: list[Ticket], ida: User) -> None:
    plan = bulk.reply_to_all(versions(), body="They let us in again.", by=ida, submission=FORM, state="closed")
    assert [row.number for row in plan.taken] == [2, 3]
    assert [item.ticket.number for item in plan.left_out] == [1]
    for event in Event.objects.filter(kind=EventKind.REPLY).order_by("pk"):
        notify.tell(event.pk)
    assert sorted(sent.recipients() for sent in mail.outbox) == [["nora@north.example"], ["sven@south.example"]]
    states = dict(Ticket.objects.values_list("number", "state"))
    assert states == {1: TicketState.NEW, 2: TicketState.CLOSED, 3: TicketState.CLOSED}
    assert Ticket.objects.get(number=2).assignee == ida
    assert Event.objects.get(ticket__number=2, kind="reply").changes == {
        "state": ["new", "closed"],
        "assignee": ["", "Ida Berg"],
    }


def test_who_may_not_sign_in_is_left_out(tickets: list[Ticket], nora: User, ida: User) -> None:
    User.objects.filter(pk=nora.pk).update(is_active=False)
    plan = bulk.reply_to_all(versions(), body="x", by=ida, submission=FORM)
    assert [row.number for row in plan.taken] == [3]


def test_the_same_form_answers_once(tickets: list[Ticket], ida: User) -> None:
    was = versions()
    for _ in range(2):
        plan = bulk.reply_to_all(was, body="x", by=ida, submission=FORM)
        assert [row.number for row in plan.taken] == [2, 3]
    assert Event.objects.filter(kind=EventKind.REPLY).count() == 2


def test_all_or_nothing(tickets: list[Ticket], ida: User, nora: User) -> None:
    was = versions()
    bulk.assign_all({3: was[3]}, to=ida, by=ida)
    before = versions()
    with pytest.raises(bulk.TicketsChangedError) as error:
        bulk.reply_to_all(was, body="x", by=ida, submission=FORM)
    assert error.value.numbers == (3,)
    assert versions() == before
    assert not Event.objects.filter(kind=EventKind.REPLY).exists()


def test_a_ticket_that_is_not_there_stops_it(tickets: list[Ticket], ida: User, sven: User) -> None:
    with pytest.raises(bulk.TicketsChangedError):
        bulk.assign_all({99: 1}, to=ida, by=ida)
    # A service never goes beyond what its person may see.
    with pytest.raises(bulk.TicketsChangedError):
        bulk.assign_all({2: versions()[2]}, to=None, by=sven)


def test_assign_and_cause(tickets: list[Ticket], ida: User) -> None:
    assert len(bulk.assign_all(versions(), to=ida, by=ida).taken) == 3
    assert len(bulk.assign_all(versions(), to=ida, by=ida).left_out) == 3
    assert len(bulk.confirm_cause_of_all(versions(), cause="mailbox_full", by=ida).taken) == 3
    assert kinds(1) == ["opened", "assigned", "cause"]
    with pytest.raises(ValueError, match="not a cause"):
        bulk.confirm_cause_of_all(versions(), cause="nonsense", by=ida)


def test_an_incident_is_of_any_branches_and_for_support(tickets: list[Ticket], ida: User) -> None:
    plan = bulk.link_to_incident(versions(), incident=None, title="corp.example refuses us", by=ida)
    incident = Incident.objects.get()
    assert len(plan.taken) == incident.tickets.count() == 3
    event = Event.objects.filter(kind=EventKind.INCIDENT).first()
    assert event is not None
    assert (event.is_public, event.is_told) == (False, True)
    assert "corp.example" not in str(event.changes)
    assert len(bulk.link_to_incident(versions(), incident=incident, title="", by=ida).left_out) == 3
    row = Ticket.objects.get(number=1)
    assert bulk.unlink(row, by=ida, version=row.version)
    assert incident.tickets.count() == 2
    assert not bulk.unlink(Ticket.objects.get(number=1), by=ida, version=versions()[1])


@pytest.mark.parametrize("count", [2, 40])
def test_the_number_of_queries_does_not_grow(
    count: int, north: BranchProfile, nora: User, ida: User, django_assert_max_num_queries: Any
) -> None:
    for number in range(1, count + 1):
        make_ticket(number, north, nora)
    with django_assert_max_num_queries(9):
        bulk.reply_to_all(versions(), body="x", by=ida, submission=FORM, state="solved")
    with django_assert_max_num_queries(7):
        bulk.assign_all(versions(), to=None, by=ida)
    with django_assert_max_num_queries(8):
        bulk.link_to_incident(versions(), incident=None, title="x", by=ida)


def test_at_most_so_many(north: BranchProfile, ida: User) -> None:
    with pytest.raises(ValueError, match="At most"):
        bulk.assign_all(dict.fromkeys(range(bulk.MOST_AT_ONCE + 1), 1), to=ida, by=ida)


def test_who_is_of_the_branch_again_is_answered(tickets: list[Ticket], north: BranchProfile, ida: User) -> None:
    Membership.objects.create(user=User.objects.get(email="olga@north.example"), branch=north)
    assert len(bulk.reply_to_all(versions(), body="x", by=ida, submission=FORM).taken) == 3
