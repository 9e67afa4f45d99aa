"""What merging costs: as many queries whatever is written on the tickets, and however many they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from diagnostics.models import StoredFinding
from portal.accounts.models import User
from portal.branches.models import BranchProfile
from tests.tickets.queue.conftest import make_ticket
from tickets.models import Attachment, Event, EventKind, Ticket
from tickets.services.merging import merge, take_out

#: Locking, reading, two writings (those that go, the one that stays), their stories, and the transaction around.
MOST_OF_MERGING = 8
#: Locking, reading, what it was before, two writings, two stories, and the transaction around.
MOST_OF_TAKING_OUT = 9


@pytest.fixture
def world(north: BranchProfile, nora: User) -> Callable[[int, int], dict[int, int]]:
    """``world(tickets, lines)``: so many tickets of North College, each with so many messages, files and findings."""

    def made(tickets: int, lines: int) -> dict[int, int]:
        rows = [make_ticket(number, north, nora) for number in range(1, tickets + 1)]
        for row in rows:
            told = Event.objects.bulk_create(
                Event(ticket=row, by=nora, kind=EventKind.REPLY, body=f"Line {line}") for line in range(lines)
            )
            Attachment.objects.bulk_create(
                Attachment(
                    report=row.report, event=event, name=f"{line}.txt", content_type="text/plain", size=1,
                    sha256=f"{line:064}", file=f"{row.number}-{line}", by=nora,
                )
                for line, event in enumerate(told)
            )  # fmt: skip
            StoredFinding.objects.bulk_create(
                StoredFinding(
                    run=row.run, attempt=1, position=line, check_slug="sender-spf", code="spf.fail",
                    verdict="problem", actor="branch_it",
                )
                for line in range(lines)
            )  # fmt: skip
        return {row.number: row.version for row in rows}

    return made


@pytest.mark.parametrize(("tickets", "lines"), [(2, 0), (2, 30), (40, 0), (40, 5)])
def test_merging(tickets: int, lines: int, world: Any, ida: User, django_assert_max_num_queries: Any) -> None:
    versions = world(tickets, lines)
    with django_assert_max_num_queries(MOST_OF_MERGING):
        assert len(merge(versions, into=1, by=ida).taken) == tickets - 1
    row = Ticket.objects.get(number=2)
    with django_assert_max_num_queries(MOST_OF_TAKING_OUT):
        assert take_out(row, by=ida, version=row.version)


def asked_for(work: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as asked:
        assert work().status_code in (200, 302)
    return len(asked)


@pytest.mark.parametrize("confirmed", [{}, {"confirmed": "yes"}])
def test_the_page_that_merges(confirmed: dict[str, str], world: Any, as_ida: Client) -> None:
    def merging(*numbers: int) -> int:
        named = [f"{row.number}:{row.version}" for row in Ticket.objects.filter(number__in=numbers)]
        data = {"deed": "merge", "into": str(numbers[0]), "ticket": named, **confirmed}
        return asked_for(lambda: as_ida.post("/tickets/bulk/", data))

    world(30, 3)
    assert merging(1, 2) == merging(*range(3, 31))


def test_the_page_of_the_one_that_stays(world: Any, ida: User, as_ida: Client) -> None:
    versions = world(30, 3)
    merge({number: versions[number] for number in (1, 2)}, into=1, by=ida)
    merge({number: versions[number] for number in range(3, 31)}, into=3, by=ida)
    assert asked_for(lambda: as_ida.get("/tickets/1/")) == asked_for(lambda: as_ida.get("/tickets/3/"))
