"""Asking for a test address."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.test import Client

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.trials.models import Trial
from portal.trials.services import MOST_OPEN, open_trial

URL = "/branches/north/tests/add/"


def test_staff_get_an_address(as_nora: Client, nora: User) -> None:
    response = as_nora.post(URL, {"module": "webreg"})
    trial = Trial.objects.get()
    assert response.headers["Location"] == f"/tests/{trial.code}/"
    assert (trial.by, trial.branch.code, trial.module, trial.report) == (nora, "north", "webreg", None)


def test_it_is_made_for_a_report(as_ida: Client, north: BranchProfile) -> None:
    code = uuid.UUID(int=7)
    page = as_ida.get(f"{URL}?report={code}&module=quicktools")
    assert str(code) in page.content.decode()
    as_ida.post(URL, {"module": "quicktools", "report": str(code)})
    assert Trial.objects.get().report == code


@pytest.mark.parametrize("given", [{}, {"module": "nothing"}, {"module": "webreg", "report": "x"}])
def test_bad_input_shows_the_form_again(as_nora: Client, given: dict[str, str]) -> None:
    assert as_nora.post(URL, given).status_code == 400
    assert not Trial.objects.exists()


@pytest.mark.parametrize("query", ["?report=x", "?report=%00&module=%00", "?module=<b>"])
def test_whatever_stands_in_the_address(as_nora: Client, query: str) -> None:
    assert as_nora.get(URL + query).status_code == 200


def test_a_desk_that_takes_none_says_so(as_nora: Client, settings: Any) -> None:
    settings.TRIAL_ADDRESS = ""
    assert as_nora.get(URL).context["reach"] == "none"
    assert as_nora.post(URL, {"module": "webreg"}).status_code == 400


def test_too_many_at_once(as_nora: Client, north: BranchProfile, nora: User) -> None:
    for _ in range(MOST_OPEN):
        open_trial(north, by=nora, module="webreg")
    assert as_nora.post(URL, {"module": "webreg"}).status_code == 400
    assert Trial.objects.count() == MOST_OPEN


def test_strangers_and_others(client: Client, as_sven: Client, north: BranchProfile) -> None:
    assert client.get(URL).status_code == 302
    assert as_sven.get(URL).status_code == 404
