"""A merged ticket says where it goes on, wherever its reporter looks for it, and costs no query more for it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.template import Context, Template
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from tests.tickets.queue.conftest import make_ticket
from tickets.models import Ticket
from tickets.services.bulk import link_to_incident
from tickets.services.merging import merge

LEADS_ON = '<span class="dd-meta">goes on in <a href="/tickets/1/">#1</a></span>'


@pytest.fixture
def pairs(north: BranchProfile, nora: User) -> list[Ticket]:
    """Tickets 1 to 6 of Nora; none is merged yet."""
    return [make_ticket(number, north, nora) for number in range(1, 7)]


def merged(by: User, *numbers: int) -> None:
    merge({row.number: row.version for row in Ticket.objects.filter(number__in=(1, *numbers))}, into=1, by=by)


def close(number: int) -> None:
    Ticket.objects.filter(number=number).update(state="closed", is_open=False)


def end_as_ticket(rows: list[Ticket]) -> None:
    for row in rows:
        type(row.report).objects.filter(pk=row.report_id).update(exit="ticket")


@pytest.mark.parametrize("address", ["/", "/reports/", "/tickets/?view=mine", "/tickets/?view=over"])
def test_where_it_goes_on(address: str, pairs: list[Ticket], as_nora: Client, ida: User) -> None:
    end_as_ticket(pairs)
    assert LEADS_ON not in as_nora.get(address).content.decode()
    merged(ida, 2)
    with CaptureQueriesContext(connection) as one:
        assert as_nora.get(address).content.decode().count(LEADS_ON) == 1
    merged(ida, 3, 4, 5)
    with CaptureQueriesContext(connection) as four:
        assert as_nora.get(address).content.decode().count(LEADS_ON) == 4
    assert len(one) == len(four)


def test_beside_another_of_the_incident(pairs: list[Ticket], as_ida: Client, ida: User) -> None:
    versions = {row.number: row.version for row in pairs[1:]}
    link_to_incident(versions, incident=None, title="corp.example refuses us", by=ida)
    merged(ida, 2)
    with CaptureQueriesContext(connection) as one:
        assert as_ida.get("/tickets/6/").content.decode().count(LEADS_ON) == 1
    merged(ida, 3, 4, 5)
    with CaptureQueriesContext(connection) as four:
        assert as_ida.get("/tickets/6/").content.decode().count(LEADS_ON) == 4
    assert len(one) == len(four)


def test_it_is_the_reporters_while_the_other_is_open(pairs: list[Ticket], as_nora: Client, ida: User) -> None:
    def mine() -> list[int]:
        response: Any = as_nora.get("/tickets/?view=mine")
        return sorted(row.number for row in response.context["page"].rows)

    merged(ida, 2)
    close(3)
    assert mine() == [1, 2, 4, 5, 6]
    close(1)
    assert mine() == [4, 5, 6]


def test_it_is_not_among_what_support_has_open(pairs: list[Ticket], as_ida: Client, ida: User) -> None:
    Ticket.objects.update(assignee=ida)
    merged(ida, 2)
    assert sorted(row.number for row in as_ida.get("/tickets/?view=mine").context["page"].rows) == [1, 3, 4, 5, 6]


def test_who_may_not_see_the_other_gets_no_link(
    pairs: list[Ticket], south: BranchProfile, sven: User, nora: User, ida: User
) -> None:
    # No service merges across branches; the word still gives away no more than the number.
    ticket = make_ticket(9, south, sven)
    ticket.merged_into = pairs[0]
    tag = Template("{% load tickets %}{% goes_on ticket %}")
    assert tag.render(Context({"ticket": ticket, "user": sven})) == '<span class="dd-meta">goes on in #1</span>'
    assert tag.render(Context({"ticket": ticket, "user": ida})) == LEADS_ON
    assert tag.render(Context({"ticket": pairs[0], "user": nora})) == ""
