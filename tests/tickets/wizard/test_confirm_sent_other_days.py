"""Step 1 when the time is wrong or not known: other days, and the whole log, come before anything says "not sent"."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from portal.branches.models import BranchProfile
from portal.maillog.models import Delivery, LogCoverage, State
from tests import make
from tests.tickets.wizard.conftest import LEE, post, url
from tickets.models import Report
from tickets.selectors.belief import SUPPORT, belief, case_of
from tickets.selectors.sends import MOST, Complete, complete_before

DAY = timedelta(days=1)
SECONDS = timedelta(seconds=42)


@pytest.fixture(autouse=True)
def _now() -> Any:
    with time_machine.travel(make.NOON + timedelta(hours=8), tick=False):
        yield


@pytest.fixture
def earlier(north: BranchProfile) -> Delivery:
    """Refused two days before the time that was named."""
    at = make.NOON - 2 * DAY + SECONDS
    message = make.message(
        north, at, function="Payment receipt", module="quicktools", message_id="<pay-1@north.example>", queue_id="4Bq1"
    )
    return make.delivery(north, LEE, State.REFUSED, at=at, message=message, reply="550 5.1.1 no such user")


@pytest.fixture
def without_time(report: Report) -> Report:
    Report.objects.filter(pk=report.pk).update(around=None)
    report.refresh_from_db()
    return report


def complete(branch: BranchProfile | None, begins: datetime, ends: datetime) -> None:
    LogCoverage.objects.create(branch=branch, begins=begins, ends=ends)


def test_another_day_is_offered(as_nora: Client, report: Report, earlier: Delivery) -> None:
    complete(report.branch, make.NOON - 40 * DAY, make.NOON + DAY)
    response = as_nora.get(url(report, "sent"))
    known = response.context["known"]
    assert known.is_empty
    assert [match.key for match in known.elsewhere] == [f"delivery-{earlier.pk}"]
    assert known.chosen == ""
    assert "tickets/wizard/_nothing_found.html" not in [item.name for item in response.templates]


def test_a_case_note_of_another_day_is_offered(as_nora: Client, report: Report) -> None:
    note = make.case_note(report.branch, LEE, at=make.NOON - 3 * DAY)
    known = as_nora.get(url(report, "sent")).context["known"]
    assert [item.key for item in known.notes_elsewhere] == [f"case_note-{note.pk}"]


def test_beside_what_is_near_it_is_offered_too(as_nora: Client, report: Report, earlier: Delivery) -> None:
    near = make.delivery(report.branch, LEE, State.ACCEPTED)
    known = as_nora.get(url(report, "sent")).context["known"]
    assert [match.key for match in known.matches] == [f"delivery-{near.pk}"]
    assert known.elsewhere_count == 1
    assert known.chosen == f"delivery-{near.pk}"


def test_the_record_fills_the_report(as_nora: Client, report: Report, earlier: Delivery) -> None:
    post(as_nora, report, "sent", choice=f"delivery-{earlier.pk}")
    report.refresh_from_db()
    assert report.delivery == earlier
    assert report.around == make.NOON - 2 * DAY
    assert (report.module, report.function, report.span_days) == ("quicktools", "Payment receipt", 1)
    content = as_nora.get(url(report, "address")).content.decode().replace("<wbr>", "")
    assert "&lt;pay-1@north.example&gt;" in content
    assert "4Bq1" in content


def test_without_a_record_what_was_told_stands_again(as_nora: Client, report: Report, earlier: Delivery) -> None:
    Report.objects.filter(pk=report.pk).update(function="As I remember")
    report.refresh_from_db()
    post(as_nora, report, "sent", choice=f"delivery-{earlier.pk}")
    post(as_nora, report, "sent", choice="unknown")
    report.refresh_from_db()
    assert report.delivery is None
    assert (report.around, report.module, report.function) == (make.NOON, "", "As I remember")


def test_a_case_note_tells_when(as_nora: Client, report: Report) -> None:
    note = make.case_note(report.branch, LEE, at=make.NOON - 3 * DAY)
    post(as_nora, report, "sent", choice=f"case_note-{note.pk}")
    report.refresh_from_db()
    assert report.around == make.NOON - 3 * DAY


def test_nothing_changed_after_that_is_nothing_changed(as_nora: Client, report: Report, earlier: Delivery) -> None:
    post(as_nora, report, "sent", choice=f"delivery-{earlier.pk}")
    there = reverse("report_message", args=[report.code])
    initial = as_nora.get(there).context["form"].initial
    report.refresh_from_db()
    typed = {name: value if value is not None else "" for name, value in initial.items()} | {"version": report.version}
    as_nora.post(there, typed)
    report.refresh_from_db()
    assert report.delivery == earlier


def test_without_a_time_the_whole_log_is_offered(as_nora: Client, without_time: Report, earlier: Delivery) -> None:
    newer = make.delivery(without_time.branch, LEE, State.ACCEPTED, at=make.NOON - DAY)
    make.delivery(without_time.branch, LEE, State.ACCEPTED, at=make.NOON - 90 * DAY)
    known = as_nora.get(url(without_time, "sent")).context["known"]
    assert [match.delivery.pk for match in known.matches[:2]] == [newer.pk, earlier.pk]
    assert len(known.matches) == 3
    assert known.is_whole_log
    assert known.chosen == ""


def test_it_is_bounded(as_nora: Client, without_time: Report) -> None:
    for days in range(MOST + 3):
        make.delivery(without_time.branch, LEE, at=make.NOON - days * DAY)
    known = as_nora.get(url(without_time, "sent")).context["known"]
    assert len(known.matches) == MOST
    assert known.has_more


@pytest.mark.parametrize(("days", "is_covered"), [(40, True), (10, False)])
def test_nothing_in_the_whole_log(as_nora: Client, without_time: Report, days: int, is_covered: bool) -> None:
    complete(None, make.NOON - days * DAY, make.NOON + DAY)
    response = as_nora.get(url(without_time, "sent"))
    assert response.status_code == 200
    assert response.context["known"].is_covered is is_covered


def test_what_is_complete_ends_at_a_gap(north: BranchProfile, south: BranchProfile) -> None:
    assert complete_before(north, make.NOON) is None
    complete(north, make.NOON - DAY, make.NOON + DAY)
    complete(None, make.NOON - 3 * DAY, make.NOON - DAY)
    complete(north, make.NOON - 9 * DAY, make.NOON - 5 * DAY)
    complete(south, make.NOON - 90 * DAY, make.NOON + DAY)
    assert complete_before(north, make.NOON) == Complete(make.NOON - 3 * DAY, make.NOON + DAY)
    assert complete_before(north, make.NOON - 4 * DAY) == Complete(make.NOON - 9 * DAY, make.NOON - 5 * DAY)


@pytest.mark.parametrize(
    ("behind", "is_covered", "is_told"),
    [
        (timedelta(minutes=10), True, False),
        (timedelta(hours=1), True, True),
        (timedelta(hours=30), True, True),
        (timedelta(hours=40), False, True),
    ],
)
def test_a_log_that_is_behind_is_complete_until_then(
    as_nora: Client, without_time: Report, behind: timedelta, is_covered: bool, is_told: bool
) -> None:
    with time_machine.travel(make.NOON, tick=False):
        complete(None, make.NOON - 40 * DAY, make.NOON - behind)
        known = as_nora.get(url(without_time, "sent")).context["known"]
        assert known.is_covered is is_covered
        assert known.until == (make.NOON - behind if is_told else None)


@pytest.mark.parametrize(
    ("now", "behind", "is_covered"),
    [
        # What was sent at noon is looked for at six and at one, with a log that is an hour, six, and ten behind.
        (timedelta(hours=6), timedelta(hours=1), True),
        (timedelta(hours=6), timedelta(hours=5), True),
        (timedelta(hours=20), timedelta(hours=10), False),
        (timedelta(hours=1), timedelta(hours=1), False),
        (timedelta(days=3), timedelta(hours=40), True),
    ],
)
def test_a_time_is_covered_where_only_its_last_part_is_not_seen_yet(
    as_nora: Client, report: Report, now: timedelta, behind: timedelta, is_covered: bool
) -> None:
    with time_machine.travel(make.NOON + now, tick=False):
        complete(None, make.NOON - 40 * DAY, make.NOON + now - behind)
        assert as_nora.get(url(report, "sent")).context["known"].is_covered is is_covered


def test_until_when_it_is_complete_is_kept_with_the_answer(as_nora: Client, report: Report) -> None:
    with time_machine.travel(make.NOON + timedelta(hours=6), tick=False):
        complete(None, make.NOON - 40 * DAY, make.NOON + timedelta(hours=5))
        post(as_nora, report, "sent", choice="unknown")
        report.refresh_from_db()
        case = case_of(SUPPORT, report, report.run)
        assert (case.is_covered, case.covered_until) == (True, make.NOON + timedelta(hours=5))
        assert belief(SUPPORT, report)[0].cause == "not_sent"


def test_only_a_day_is_told_as_a_day(as_nora: Client, report: Report) -> None:
    Report.objects.filter(pk=report.pk).update(is_day_only=True, around=datetime(2026, 3, 4, 12, tzinfo=UTC))
    content = as_nora.get(url(report, "sent")).content.decode()
    assert "4 Mar 2026, the hour is not known" in content
    assert "12:00" not in content


def test_of_strangers_nothing_is_offered(as_nora: Client, report: Report, south: BranchProfile) -> None:
    make.delivery(south, LEE, at=make.NOON - 2 * DAY)
    assert as_nora.get(url(report, "sent")).context["known"].elsewhere_count == 0
