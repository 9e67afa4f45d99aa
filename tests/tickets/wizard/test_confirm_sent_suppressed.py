"""Step 1 where the address is on the suppression list: it is said there, and the report can end there."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from portal.branches.models import BranchProfile
from portal.suppression.models import Suppression
from tests import make
from tests.portal.suppression.conftest import suppressed
from tests.tickets.wizard.conftest import LEE, SOLVED, ended, post, url
from tickets.models import Report


@pytest.fixture
def entry(north: BranchProfile) -> Suppression:
    return suppressed(north, LEE, since=make.NOON - timedelta(days=3))


def test_it_is_said_at_once(as_nora: Client, report: Report, entry: Suppression) -> None:
    shown = as_nora.get(url(report, "sent"))
    assert shown.context["known"].suppression == entry
    assert 'value="suppressed"' in shown.content.decode()


@pytest.mark.parametrize("choice", ["suppressed", "not_sent"])
def test_the_report_ends_with_it(as_nora: Client, report: Report, entry: Suppression, choice: str) -> None:
    post(as_nora, report, "sent", choice=choice)
    assert ended(report) == (SOLVED, "explained", "sent")
    assert report.cause == "suppressed"
    assert f"/branches/{report.branch.code}/suppression/" in as_nora.get(url(report)).content.decode()


def test_who_saw_it_sent_goes_on(as_nora: Client, report: Report, entry: Suppression) -> None:
    post(as_nora, report, "sent", choice="seen")
    assert ended(report)[0] == "draft"


def test_what_came_after_the_email_is_not_why(as_nora: Client, report: Report, north: BranchProfile) -> None:
    suppressed(north, LEE, since=make.NOON + timedelta(hours=1))
    assert as_nora.get(url(report, "sent")).context["known"].suppression is None
    assert post(as_nora, report, "sent", choice="suppressed").status_code == 400
    post(as_nora, report, "sent", choice="not_sent")
    assert ended(report) == (SOLVED, "not_sent", "sent")


def test_the_list_of_another_branch_is_not_ours(as_nora: Client, report: Report, south: BranchProfile) -> None:
    suppressed(south, LEE, since=make.NOON - timedelta(days=3))
    assert as_nora.get(url(report, "sent")).context["known"].suppression is None
