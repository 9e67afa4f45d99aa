"""The transcript of a run, as a file that the terminal can replay."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from diagnostics.models import Run
from portal.accounts.models import User

ANSWER = {"name": "north.example", "rdtype": "TXT", "status": "ok", "records": ["v=spf1 -all"]}


@pytest.fixture
def run(nora: User) -> Run:
    return Run.objects.create(
        subject={"sender_domain": "north.example"},
        requested_by=nora,
        lease_until=timezone.now() + timedelta(seconds=30),
        transcript=[ANSWER],
    )


def test_support_downloads_it(run: Run, as_ida: Client) -> None:
    response = as_ida.get(f"/diagnostics/runs/{run.code}/transcript/")
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert response.json() == {"subject": run.subject, "transcript": [ANSWER]}


def test_staff_may_not(run: Run, as_nora: Client) -> None:
    assert as_nora.get(f"/diagnostics/runs/{run.code}/transcript/").status_code == 403


def test_strangers_sign_in(run: Run, client: Client) -> None:
    assert client.get(f"/diagnostics/runs/{run.code}/transcript/").status_code == 302


def test_other_methods_are_refused(run: Run, as_ida: Client) -> None:
    assert as_ida.post(f"/diagnostics/runs/{run.code}/transcript/").status_code == 405
