"""Beginning a report about an address that a ticket is open about, or that somebody has begun to report."""

from __future__ import annotations

import pytest
from django.test import Client

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from tests.tickets.wizard.conftest import LEE, make_report
from tickets.models import Report, ReportState, Ticket

URL = "/reports/new/"
KEY = "7d0e2c62-6a0f-4a6e-9a8e-0c1b8a4f0b01"


def typed(**changes: str) -> dict[str, str]:
    return {"submission": KEY, "branch": "north", "recipient": LEE, "span_days": "1"} | changes


def make_ticket(branch: BranchProfile, by: User, recipient: str = LEE, *, is_open: bool = True) -> Ticket:
    report = make_report(branch, by, recipient=recipient, state=ReportState.SUBMITTED)
    number = Ticket.objects.count() + 5
    domain = recipient.rpartition("@")[2].lower()
    return Ticket.objects.create(
        number=number, report=report, branch=branch, recipient=recipient, recipient_domain=domain, is_open=is_open
    )


def test_an_open_ticket_is_named_before_another_report_is_made(
    as_nora: Client, nora: User, north: BranchProfile
) -> None:
    ticket = make_ticket(north, nora)
    response = as_nora.post(URL, typed(recipient=LEE.upper()))
    assert response.status_code == 409
    assert response.context["already"].tickets == [ticket]
    assert b"/tickets/5/#reply" in response.content
    assert not Report.objects.filter(state=ReportState.DRAFT).exists()


def test_a_draft_is_gone_on_with(as_nora: Client, nora: User, north: BranchProfile) -> None:
    draft = make_report(north, nora)
    response = as_nora.post(URL, typed())
    assert response.status_code == 409
    assert response.context["already"].drafts == [draft]
    assert str(draft.code).encode() in response.content


def test_something_else_may_be_reported_too(as_nora: Client, nora: User, north: BranchProfile) -> None:
    make_ticket(north, nora)
    assert as_nora.post(URL, typed(anyway=LEE)).status_code == 302
    assert Report.objects.filter(state=ReportState.DRAFT).count() == 1


def test_that_was_said_of_one_address_alone(as_nora: Client, nora: User, north: BranchProfile) -> None:
    make_ticket(north, nora, "ann@corp.example")
    assert as_nora.post(URL, typed(recipient="ann@corp.example", anyway=LEE)).status_code == 409


def test_the_same_form_twice_does_not_find_itself(as_nora: Client) -> None:
    first, second = as_nora.post(URL, typed()), as_nora.post(URL, typed())
    assert (first.status_code, second.status_code) == (302, 302)
    assert first.headers["Location"] == second.headers["Location"]


def test_it_is_said_when_the_page_is_opened_with_an_address(as_nora: Client, nora: User, north: BranchProfile) -> None:
    ticket = make_ticket(north, nora)
    response = as_nora.get(URL, {"recipient": LEE})
    assert response.status_code == 200
    assert response.context["already"].tickets == [ticket]


@pytest.mark.parametrize("recipient", ["ann@corp.example", "lee@corp.example.org"])
def test_another_address_is_another_matter(as_nora: Client, nora: User, north: BranchProfile, recipient: str) -> None:
    make_ticket(north, nora)
    assert as_nora.post(URL, typed(recipient=recipient)).status_code == 302


def test_what_is_over_stands_in_nobodys_way(as_nora: Client, nora: User, north: BranchProfile) -> None:
    make_ticket(north, nora, is_open=False)
    make_report(north, nora, state=ReportState.SOLVED)
    assert as_nora.post(URL, typed()).status_code == 302


def test_another_branchs_tickets_are_not_told_of(as_nora: Client, sven: User, south: BranchProfile) -> None:
    make_ticket(south, sven)
    make_report(south, sven)
    assert as_nora.post(URL, typed()).status_code == 302
