"""Check again now: a new run, fresh, of the same subject; the old one stays."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from diagnostics.engine.subject import Subject
from diagnostics.models import Run
from portal.accounts.models import User


@pytest.fixture
def run(nora: User) -> Run:
    return Run.objects.create(
        subject=Subject(sender_domain="north.example", now="2026-03-04T12:00:00+00:00").to_json(),
        requested_by=nora,
        lease_until=timezone.now() + timedelta(seconds=30),
    )


def test_a_new_run_is_made(run: Run, as_nora: Client, nora: User) -> None:
    response = as_nora.post(f"/diagnostics/runs/{run.code}/again/")
    again = Run.objects.exclude(pk=run.pk).get()
    assert response.headers["Location"] == f"/diagnostics/runs/{again.code}/"
    assert (again.is_fresh, again.requested_by, again.subject["sender_domain"]) == (True, nora, "north.example")
    assert again.subject["now"] != run.subject["now"]


def test_another_branch_may_not(run: Run, as_sven: Client) -> None:
    assert as_sven.post(f"/diagnostics/runs/{run.code}/again/").status_code == 404
    assert Run.objects.count() == 1


def test_looking_is_not_asking(run: Run, as_nora: Client) -> None:
    assert as_nora.get(f"/diagnostics/runs/{run.code}/again/").status_code == 405


def test_strangers_sign_in(run: Run, client: Client) -> None:
    assert client.post(f"/diagnostics/runs/{run.code}/again/").status_code == 302
    assert Run.objects.count() == 1
