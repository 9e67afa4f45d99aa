"""The queue: what each role finds in it, its views and filters, and what it costs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.maillog import searching
from tests import make
from tests.tickets.queue.conftest import make_ticket
from tickets.models import Report, ReportState, Ticket, TicketState

URL = "/tickets/"


def numbers(response: Any) -> list[int]:
    return [row.number for row in response.context["page"].rows]


def test_support_sees_all_branches_with_the_headline(
    ticket: Ticket, south: BranchProfile, sven: User, as_ida: Client
) -> None:
    make_ticket(2, south, sven, created=ticket.created + timedelta(minutes=1))
    response = as_ida.get(URL)
    assert numbers(response) == [2, 1]
    assert b"SPF does not allow our server" in response.content


def test_staff_see_their_branch_alone(ticket: Ticket, as_nora: Client, as_sven: Client) -> None:
    assert numbers(as_nora.get(URL)) == [1]
    assert numbers(as_sven.get(URL)) == []


def test_staff_cannot_reach_others_by_filtering(ticket: Ticket, as_sven: Client) -> None:
    for query in (
        "?branch=north",
        "?search=corp.example",
        "?search=1",
        "?view=mine",
        f"?assignee={ticket.report.by_id}",
    ):
        assert numbers(as_sven.get(URL + query)) == []


def test_views(north: BranchProfile, nora: User, ida: User, as_ida: Client) -> None:
    make_ticket(1, north, nora)
    make_ticket(2, north, nora, assignee=ida, state=TicketState.OPEN)
    make_ticket(3, north, nora, state=TicketState.WAITING, waiting_on="branch_it")
    make_ticket(4, north, nora, state=TicketState.SOLVED, is_open=False)
    found = {view: sorted(numbers(as_ida.get(f"{URL}?view={view}"))) for view in ("open", "mine", "waiting", "over")}
    assert found == {"open": [1, 2, 3], "mine": [2], "waiting": [3], "over": [4]}
    assert sorted(numbers(as_ida.get(f"{URL}?view=unassigned"))) == [1, 3]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?state=waiting", [2]),
        ("?branch=south", [2]),
        ("?search=other.example", [2]),
        ("?search=@OTHER.example", [2]),
        ("?search=other", [2]),
        ("?search=othe", []),
        ("?search=a@other", [2]),
        ("?search=lee@", [1]),
        ("?search=Lee", [1]),
        ("?search=le", []),
        ("?search=2", [2]),
        ("?search=%231", [1]),
        ("?search=999999999999", []),
        ("?search=%25", []),
        ("?assignee=none", [1]),
        ("?state=no-such-state", [2, 1]),
        ("?after=rubbish", [2, 1]),
    ],
)
def test_filters(
    query: str, expected: list[int], ticket: Ticket, south: BranchProfile, sven: User, ida: User, as_ida: Client
) -> None:
    make_ticket(
        2,
        south,
        sven,
        recipient="a@other.example",
        state=TicketState.WAITING,
        waiting_on="branch",
        assignee=ida,
        created=ticket.created + timedelta(minutes=1),
    )
    assert numbers(as_ida.get(URL + query)) == expected


@pytest.mark.parametrize("view", ["open", "mine", "unassigned", "waiting", "over"])
def test_a_state_stands_over_the_tab(view: str, north: BranchProfile, nora: User, ida: User, as_ida: Client) -> None:
    make_ticket(1, north, nora, state=TicketState.SOLVED, is_open=False, assignee=ida)
    make_ticket(2, north, nora, state=TicketState.SOLVED, is_open=False)
    make_ticket(3, north, nora)
    found = sorted(numbers(as_ida.get(f"{URL}?view={view}&state=solved")))
    assert found == {"mine": [1], "unassigned": [2]}.get(view, [1, 2])


def test_a_search_looks_through_all_tickets(north: BranchProfile, nora: User, ida: User, as_ida: Client) -> None:
    make_ticket(1, north, nora, state=TicketState.CLOSED, is_open=False)
    response = as_ida.get(f"{URL}?view=mine&search=lee@corp.example")
    assert numbers(response) == [1]
    assert not response.context["filters"].is_of_view


@pytest.mark.parametrize(
    "search", ["m1@north.example", "<m1@north.example>", "Message-ID: <m1@north.example>", "4XkT2p:"]
)
def test_a_message_is_found_by_its_ids(
    search: str, ticket: Ticket, north: BranchProfile, nora: User, as_ida: Client, as_sven: Client
) -> None:
    make_ticket(2, north, nora)
    message = make.message(north, message_id="<m1@north.example>", queue_id="4XkT2p")
    Report.objects.filter(pk=ticket.report_id).update(
        delivery=make.delivery(north, "lee@corp.example", message=message)
    )
    assert numbers(as_ida.get(URL, {"search": search})) == [1]
    assert numbers(as_sven.get(URL, {"search": search})) == []


def test_a_queue_id_that_another_branch_has_too_finds_the_viewers_own(
    ticket: Ticket, north: BranchProfile, south: BranchProfile, as_nora: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "MOST_MESSAGES", 1)
    make.message(south, queue_id="4XkT2p")
    message = make.message(north, queue_id="4XkT2p")
    Report.objects.filter(pk=ticket.report_id).update(
        delivery=make.delivery(north, "lee@corp.example", message=message)
    )
    assert numbers(as_nora.get(URL, {"search": "4XkT2p"})) == [1]


def test_who_has_waited_longest_is_taken_next(ticket: Ticket, north: BranchProfile, nora: User, as_ida: Client) -> None:
    make_ticket(2, north, nora, created=ticket.created + timedelta(minutes=1))
    assert numbers(as_ida.get(f"{URL}?view=unassigned")) == [1, 2]
    assert numbers(as_ida.get(f"{URL}?view=open")) == [2, 1]


def test_strangers_sign_in(client: Client, db: None) -> None:
    assert client.get(URL).status_code == 302


def test_other_methods_are_refused(as_ida: Client) -> None:
    assert as_ida.post(URL).status_code == 405


def test_an_empty_queue_says_so(as_ida: Client) -> None:
    response = as_ida.get(URL)
    assert response.status_code == 200
    assert not response.context["page"].rows


@pytest.mark.parametrize("rows", [10, 1000])
def test_the_number_of_queries_does_not_grow(
    rows: int, north: BranchProfile, nora: User, ida: User, as_ida: Client, django_assert_num_queries: Any
) -> None:
    reports = Report.objects.bulk_create(
        Report(branch=north, by=nora, state=ReportState.SUBMITTED, recipient="a@corp.example") for _ in range(rows)
    )
    Ticket.objects.bulk_create(
        Ticket(
            number=100 + index,
            report=report,
            branch=north,
            recipient="a@corp.example",
            recipient_domain="corp.example",
            assignee=ida if index % 2 else None,
            created=make.NOON + timedelta(seconds=index),
        )
        for index, report in enumerate(reports)
    )
    with django_assert_num_queries(10):
        response = as_ida.get(URL)
    assert len(numbers(response)) == min(rows, 50)


def test_pages_reach_every_row_once(north: BranchProfile, nora: User, as_ida: Client) -> None:
    reports = Report.objects.bulk_create(
        Report(branch=north, by=nora, state=ReportState.SUBMITTED, recipient="a@corp.example") for _ in range(120)
    )
    Ticket.objects.bulk_create(
        Ticket(
            number=index,
            report=report,
            branch=north,
            recipient="a@c.example",
            recipient_domain="c.example",
            created=make.NOON,
        )
        for index, report in enumerate(reports)
    )
    seen: list[int] = []
    response = as_ida.get(URL)
    while True:
        seen += numbers(response)
        older = response.context["page"].older
        if not older:
            break
        response = as_ida.get(f"{URL}?after={older}")
    assert sorted(seen) == list(range(120))
    newer = response.context["page"].newer
    assert len(numbers(as_ida.get(f"{URL}?before={newer}"))) == 50
