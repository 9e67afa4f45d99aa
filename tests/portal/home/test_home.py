"""The first page of each role: what needs them, in few queries, and honest where there is nothing."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from diagnostics.models import Run, RunState
from portal.branches import services
from portal.branches.models import BranchProfile
from portal.maillog.models import Delivery
from tests import make
from tests.conftest import signed_in
from tests.tickets.queue.conftest import make_ticket
from tickets.models import Exit, Report, ReportState


def waited_for(branch: BranchProfile, by: Any, delivery: Delivery | None, **fields: Any) -> Report:
    """A report that ended with "wait" about the message of ``delivery``."""
    run = Run.objects.create(subject={}, state=RunState.DONE, attempt=1, lease_until=make.NOON, queued_at=make.NOON)
    values = {"exit": Exit.STILL_TRYING, "exit_step": "sent", "state": ReportState.SOLVED, **fields}
    recipient = delivery.recipient if delivery else "lee@corp.example"
    return Report.objects.create(
        branch=branch, by=by, recipient=recipient, delivery=delivery, run=run, ended=timezone.now(), **values
    )


def panel(response: Any) -> str:
    """What the page tells of what was waited for."""
    return str(response.content.decode().partition('id="waited"')[2].partition("</section>")[0])


def test_staff_see_their_sending_and_their_reports(
    as_nora: Client, nora: Any, north: BranchProfile, django_assert_max_num_queries: Any
) -> None:
    now = timezone.now()
    make.delivery(north, "lee@corp.example", "refused", now, cause="no_such_user")
    for number in range(5):
        make.delivery(north, f"m{number}@bignet.example", "deferred", now, cause="rate_limited")
    make.day_count(north, date(2026, 11, 23), "accepted", 7)
    Report.objects.create(branch=north, by=nora, recipient="draft@corp.example")
    with django_assert_max_num_queries(12):
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


@pytest.mark.parametrize(
    ("state", "cause", "is_over", "turn"),
    [
        ("accepted", "", True, None),
        ("accepted", "mailbox_full", True, None),
        ("refused", "mailbox_full", True, "recipient"),
        ("refused", "sender_ip_blocked", True, "support"),
        ("refused", "unknown", True, None),
        ("expired", "still_trying", True, None),
        ("expired", "network_or_timeout", True, "provider"),
        ("deferred", "greylisted", False, "nobody"),
        ("deferred", "mailbox_full", False, "recipient"),
    ],
)
def test_staff_are_told_what_became_of_what_they_waited_for(
    as_nora: Client, nora: Any, north: BranchProfile, state: str, cause: str, is_over: bool, turn: str | None
) -> None:
    report = waited_for(north, nora, make.delivery(north, "lee@corp.example", state, cause=cause))
    response = as_nora.get("/")
    (item,) = response.context["waited"]
    assert (item.report, item.is_over, item.cause and item.cause.actor) == (report, is_over, turn)
    assert response.context["reports"] == []
    assert f'href="/reports/{report.code}/"' in response.content.decode()
    told = {"accepted": "Accepted by their server", "refused": "Refused", "expired": "Given up"}
    assert told.get(state, "Still waiting") in panel(response)


def test_what_went_on_behind_an_alias_is_told_by_where_it_went(
    as_nora: Client, nora: Any, north: BranchProfile
) -> None:
    alias = make.delivery(north, "office@corp.example", "handed", reply="passed on to lee@corp.example")
    leg = make.delivery(north, "lee@corp.example", "refused", message=alias.message, leg=1, cause="mailbox_full")
    report = waited_for(north, nora, alias)
    (item,) = as_nora.get("/").context["waited"]
    assert (item.report, item.leg, item.is_over) == (report, leg, True)
    assert as_nora.get(f"/reports/{report.code}/").context["waited"].leg == leg


def test_what_came_to_an_end_is_told_before_what_is_waited_for(
    as_nora: Client, nora: Any, north: BranchProfile
) -> None:
    gone = waited_for(north, nora, None)
    over = waited_for(north, nora, make.delivery(north, "over@corp.example", "refused"))
    for number in range(6):
        waited_for(north, nora, make.delivery(north, f"d{number}@corp.example", "deferred", timezone.now()))
    response = as_nora.get("/")
    assert response.context["waited"][0].report == over
    assert len(response.context["waited"]) == 5
    assert gone not in [item.report for item in response.context["waited"]]
    rows = as_nora.get(f"/reports/?{response.context['more_waited']}").context["page"].rows
    assert {over, gone} < set(rows)


def test_a_record_that_is_not_in_the_log_any_more(as_nora: Client, nora: Any, north: BranchProfile) -> None:
    waited_for(north, nora, None)
    response = as_nora.get("/")
    assert [(item.leg, item.is_over) for item in response.context["waited"]] == [(None, False)]
    assert "The log has no record of it any more" in panel(response)


def test_only_their_own_of_late_and_of_their_branches_is_told(
    as_nora: Client, as_sven: Client, nora: Any, sven: Any, north: BranchProfile, south: BranchProfile
) -> None:
    colleague = make.person("noel@north.example", "Noel", "staff", north)
    delivery = make.delivery(north, "lee@corp.example", "refused")
    waited_for(north, colleague, delivery)
    waited_for(north, nora, delivery, created=timezone.now() - timedelta(days=15))
    waited_for(north, nora, delivery, exit=Exit.ANSWERED)
    waited_for(north, nora, delivery, state=ReportState.DRAFT)
    # Sven has left North since.
    waited_for(north, sven, delivery)
    assert as_nora.get("/").context["waited"] == []
    assert as_sven.get("/").context["waited"] == []


def test_as_many_queries_whatever_they_wait_for(
    as_nora: Client, nora: Any, north: BranchProfile, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        alias = make.delivery(north, f"a{number}@corp.example", "handed", reply=f"passed on to l{number}@corp.example")
        make.delivery(north, f"l{number}@corp.example", "expired", message=alias.message, cause="rate_limited")
        waited_for(north, nora, alias)
        waited_for(north, nora, make.delivery(north, f"d{number}@corp.example", "deferred", cause="greylisted"))
    make.day_count(north, date(2026, 11, 23), "accepted", 7)
    with django_assert_max_num_queries(14):
        as_nora.get("/")


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
