"""The page on which one waits, and the list of a branch's tests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from portal.trials.addresses import address_of
from portal.trials.models import Trial, TrialMessage
from tests.tickets.queue.conftest import make_ticket
from tickets.models import Report

HTMX = {"HX-Request": "true"}


@pytest.fixture
def url(trial: Trial) -> str:
    return f"/tests/{trial.code}/"


def test_it_waits(as_nora: Client, url: str, trial: Trial) -> None:
    content = as_nora.get(url).content.decode()
    assert address_of(trial) in content
    assert 'hx-trigger="every 2s"' in content
    part = as_nora.get(url, headers=HTMX).content.decode()
    assert part.lstrip().startswith("<section")


def test_after_ten_minutes_it_says_what_that_means(as_nora: Client, url: str) -> None:
    assert not as_nora.get(url).context["waiting"].is_late
    Trial.objects.update(opened=timezone.now() - timedelta(minutes=11))
    assert as_nora.get(url).context["waiting"].is_late


def test_whoever_forgets_the_page_does_not_ask_all_night(as_nora: Client, url: str) -> None:
    Trial.objects.update(opened=timezone.now() - timedelta(hours=3))
    waiting = as_nora.get(url).context["waiting"]
    assert (waiting.is_live, waiting.left) == (False, 5)


def test_an_expired_address_is_not_shown(as_nora: Client, url: str, trial: Trial) -> None:
    Trial.objects.update(expires=timezone.now() - timedelta(seconds=1))
    response = as_nora.get(url)
    assert address_of(trial) not in response.content.decode()
    assert not response.context["waiting"].is_live


def test_what_came_is_shown_while_it_is_looked_at(
    as_nora: Client, url: str, arrived: Callable[..., TrialMessage]
) -> None:
    message = arrived(looked_at=False)
    waiting = as_nora.get(url).context["waiting"]
    assert (waiting.is_live, waiting.reports[0].is_over, waiting.left) == (True, False, 4)
    assert f"{url}messages/{message.pk}/" in as_nora.get(url).content.decode()


def test_and_when_that_is_over(as_nora: Client, url: str, arrived: Callable[..., TrialMessage]) -> None:
    arrived()
    waiting = as_nora.get(url).context["waiting"]
    assert (waiting.is_live, waiting.is_late) == (False, False)
    assert waiting.reports[0].judgement.code == "trial.believed"


def test_the_list(as_nora: Client, as_sven: Client, url: str) -> None:
    assert url in as_nora.get("/branches/north/tests/").content.decode()
    assert as_sven.get("/branches/north/tests/").status_code == 404
    Trial.objects.all().delete()
    assert as_nora.get("/branches/north/tests/").status_code == 200


def test_it_is_kept_with_the_ticket(
    as_ida: Client, as_nora: Client, trial: Trial, nora: Any, arrived: Callable[..., TrialMessage]
) -> None:
    ticket = make_ticket(1, trial.branch, nora)
    Trial.objects.update(report=ticket.report.code)
    message = arrived()
    for client in (as_ida, as_nora):
        content = client.get("/tickets/1/").content.decode()
        assert f"/tests/{trial.code}/messages/{message.pk}/" in content
        assert f"tests/add/?report={ticket.report.code}" in content
    Report.objects.update(exit="ticket", ended=timezone.now())
    assert f"/tests/{trial.code}/" in as_nora.get(f"/reports/{ticket.report.code}/").content.decode()


def test_a_test_of_another_branch_is_not_shown_on_it(as_ida: Client, trial: Trial, nora: Any, south: Any) -> None:
    ticket = make_ticket(1, trial.branch, nora)
    Trial.objects.update(report=ticket.report.code, branch=south)
    assert f"/tests/{trial.code}/" not in as_ida.get("/tickets/1/").content.decode()
