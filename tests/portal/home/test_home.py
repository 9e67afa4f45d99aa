"""The first page of each role: what needs them, in few queries, and honest where there is nothing."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from portal.branches import services
from portal.branches.models import BranchProfile
from tests import make
from tests.conftest import signed_in
from tests.tickets.queue.conftest import make_ticket
from tickets.models import Exit, Report, ReportState


def test_staff_see_their_sending_and_their_reports(
    as_nora: Client, nora: Any, north: BranchProfile, django_assert_max_num_queries: Any
) -> None:
    now = timezone.now()
    make.delivery(north, "lee@corp.example", "refused", now, cause="no_such_user")
    for number in range(5):
        make.delivery(north, f"m{number}@bignet.example", "deferred", now, cause="rate_limited")
    make.day_count(north, date(2026, 11, 23), "accepted", 7)
    Report.objects.create(branch=north, by=nora, recipient="draft@corp.example")
    with django_assert_max_num_queries(11):
        response = as_nora.get("/")
    content = response.content.decode().replace("<wbr>", "")
    assert "lee@corp.example" in content
    assert "4 more at bignet.example" in content
    assert "draft@corp.example" in content


@pytest.mark.parametrize(("waiting_on", "is_theirs"), [("branch", True), ("branch_it", True), ("recipient_it", False)])
def test_what_waits_for_them_comes_first(
    as_nora: Client, nora: Any, as_sven: Client, north: BranchProfile, waiting_on: str, is_theirs: bool
) -> None:
    ticket = make_ticket(7, north, nora, state="waiting", waiting_on=waiting_on)
    assert as_nora.get("/").context["waiting"] == ([ticket] if is_theirs else [])
    assert as_sven.get("/").context["waiting"] == []


def test_three_drafts_and_the_way_to_all(as_nora: Client, nora: Any, north: BranchProfile) -> None:
    ended = Report.objects.create(branch=north, by=nora, recipient="a@corp.example", state=ReportState.SOLVED)
    for number in range(9):
        Report.objects.create(branch=north, by=nora, recipient=f"d{number}@corp.example")
    response = as_nora.get("/")
    assert [report.recipient for report in response.context["drafts"]] == [f"d{n}@corp.example" for n in (8, 7, 6)]
    assert response.context["has_more_drafts"]
    assert response.context["reports"] == [ended]


def test_staff_are_told_of_a_suspension_at_once(as_nora: Client, north: BranchProfile) -> None:
    services.suspend(north, reason="Complaints about a mailing", by=None)
    assert b"Complaints about a mailing" in as_nora.get("/").content


def test_staff_without_a_branch_are_told_whom_to_ask(db: None) -> None:
    response = signed_in(make.person("new@north.example")).get("/")
    assert response.status_code == 200
    assert response.context["shown"] == []


def test_staff_see_nothing_of_others(as_sven: Client, north: BranchProfile) -> None:
    make.delivery(north, "lee@corp.example", "refused")
    assert "lee@corp" not in as_sven.get("/").content.decode().replace("<wbr>", "")


def test_support_see_the_queue(
    as_ida: Client, north: BranchProfile, nora: Any, django_assert_max_num_queries: Any
) -> None:
    for number in range(1, 30):
        make_ticket(number, north, nora)
    with django_assert_max_num_queries(10):
        response = as_ida.get("/")
    assert {view.slug: count for view, count in response.context["counts"]}["open"] == "29"
    assert len(response.context["tickets"]) == 10


@pytest.mark.parametrize(("exits", "share"), [((), None), ((Exit.NOT_SENT, Exit.FOUND_IN_JUNK, Exit.TICKET), 67)])
def test_admins_see_how_many_needed_no_ticket(
    exits: tuple[str, ...], share: int | None, as_ada: Client, north: BranchProfile, nora: Any,
    django_assert_max_num_queries: Any,
) -> None:  # fmt: skip
    for exit_ in exits:
        state = ReportState.SUBMITTED if exit_ == Exit.TICKET else ReportState.SOLVED
        Report.objects.create(branch=north, by=nora, state=state, exit=exit_, exit_step="sent", ended=timezone.now())
    with django_assert_max_num_queries(10):
        response = as_ada.get("/")
    assert response.context["solved_share"] == share


def test_each_end_leads_to_its_reports(as_ada: Client, north: BranchProfile, nora: Any) -> None:
    now = timezone.now()
    for exit_ in (Exit.NOT_SENT, Exit.FOUND_IN_JUNK, Exit.FOUND_IN_JUNK, Exit.ABANDONED, Exit.TICKET):
        state = ReportState.SUBMITTED if exit_ == Exit.TICKET else ReportState.SOLVED
        Report.objects.create(branch=north, by=nora, state=state, exit=exit_, exit_step="junk", ended=now)
    context = as_ada.get("/").context
    for item in context["exits"]:
        rows = as_ada.get(f"/reports/?{context['ended_query']}&{item.query}").context["page"].rows
        assert len(rows) == item.count
        assert {row.exit for row in rows} == {item.exit}
    assert len(as_ada.get(f"/reports/?{context['ended_query']}").context["page"].rows) == context["ended"]
    assert len(as_ada.get(f"/reports/?{context['ended_query']}&exit=helped").context["page"].rows) == 3


def test_strangers_sign_in(client: Client, db: None) -> None:
    assert client.get("/").headers["Location"].startswith("/account/login/")
