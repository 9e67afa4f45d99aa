"""GET /branches/<code>/client-email-counts/: what was sent each month, and how little of it is missed."""

from __future__ import annotations

from datetime import date

import time_machine
from django.test import Client

from portal.branches.models import BranchProfile
from portal.maillog.models import MissingCount
from tests.make import NOON
from tests.portal.maillog.world import counted

PAGE = "/branches/north/client-email-counts/"


@time_machine.travel(NOON, tick=False)
def test_by_month_with_the_rate_of_reports(north: BranchProfile, as_nora: Client) -> None:
    counted(north, "accepted", 20_000, date(2026, 2, 28))
    counted(north, "error", 50, date(2026, 2, 28))
    counted(north, "accepted", 300, date(2026, 3, 1))
    MissingCount.objects.create(branch=north, day=date(2026, 2, 27), reports=8)
    MissingCount.objects.create(branch=north, day=date(2026, 3, 2), reports=1)
    response = as_nora.get(PAGE)
    months = [(item.label, item.tally.sent, item.tally.missing) for item in response.context["months"]]
    assert months == [("Mar 2026", 300, 1), ("Feb 2026", 20_000, 8)]
    content = response.content.decode()
    # 8 of 20,000; of 300 no rate is told; 9 of 20,300 in all.
    assert "0.40" in content
    assert "1 of 300" in content
    assert "0.44 of every 1,000" in content
    assert "?span=2026-02&amp;split=domain" in content


def test_nothing_was_counted(as_nora: Client) -> None:
    response = as_nora.get(PAGE)
    assert (response.status_code, response.context["months"]) == (200, [])


def test_a_stranger_and_a_wrong_method(north: BranchProfile, as_nora: Client, as_sven: Client) -> None:
    assert as_sven.get(PAGE).status_code == 404
    assert as_nora.post(PAGE).status_code == 405
