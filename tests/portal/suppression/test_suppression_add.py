"""Entering an address."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import time_machine
from django.test import Client

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.suppression.models import Suppression

URL = "/branches/north/suppression/add/"
GOOD = {"address": "Lee@Corp.Example", "reason": "opt_out", "source": "on the phone"}


def test_it_works(as_nora: Client, nora: User) -> None:
    assert as_nora.get(URL).status_code == 200
    response = as_nora.post(URL, GOOD)
    entry = Suppression.objects.get()
    assert response.headers["Location"] == f"/suppression/{entry.pk}/"
    assert (entry.address_normal, entry.reason, entry.source, entry.by) == (
        "lee@corp.example", "opt_out", "on the phone", nora,
    )  # fmt: skip


@time_machine.travel(datetime(2026, 3, 10, 12, tzinfo=UTC))
def test_the_last_day_is_within(as_nora: Client) -> None:
    as_nora.post(URL, GOOD | {"until": "2026-03-10"})
    assert Suppression.objects.get().until == datetime(2026, 3, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    "wrong",
    [
        {"address": ""},
        {"address": "lee"},
        {"address": "lee@corp.example, kim@corp.example"},
        {"reason": "hard_bounce"},
        {"reason": "complaint"},
        {"source": ""},
        {"until": "2001-01-01"},
        {"until": "soon"},
        {"address": "lee@corp.example\x00"},
    ],
)
def test_bad_input_shows_the_form_again(as_nora: Client, wrong: dict[str, str]) -> None:
    assert as_nora.post(URL, GOOD | wrong).status_code == 400
    assert not Suppression.objects.exists()


def test_nobody_else(as_sven: Client, north: BranchProfile) -> None:
    assert as_sven.post(URL, GOOD).status_code == 404
    assert Client().post(URL, GOOD).status_code == 302
    assert not Suppression.objects.exists()


def test_wrong_method(as_nora: Client) -> None:
    assert as_nora.put(URL).status_code == 405
