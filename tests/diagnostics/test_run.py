"""The page of a run: it fills while the run lasts, and stops asking when it is over."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from diagnostics.models import Run, RunState, StoredFinding
from portal.accounts.models import User


@pytest.fixture
def run(nora: User) -> Run:
    made = Run.objects.create(
        subject={"sender_domain": "north.example"},
        requested_by=nora,
        state=RunState.RUNNING,
        attempt=1,
        lease_until=timezone.now() + timedelta(seconds=30),
        checks_total=8,
        transcript=[{"name": "north.example", "rdtype": "TXT", "status": "ok", "records": ["v=spf1 -all"]}],
    )
    hostile = "<script>alert(1)</script>\u202egnp.exe"
    StoredFinding.objects.create(
        run=made,
        attempt=1,
        position=300,
        check_slug="sender-spf",
        code="gone.code",
        verdict="problem",
        actor="branch_it",
        evidence=[{"question": "north.example TXT", "status": "ok", "lines": [hostile], "ttl": 5, "note": ""}],
    )
    return made


def over(run: Run) -> Run:
    run.state = RunState.DONE
    run.finished_at = timezone.now()
    run.save()
    return run


def test_it_asks_again_while_the_run_lasts(run: Run, as_nora: Client) -> None:
    response = as_nora.get(f"/diagnostics/runs/{run.code}/")
    assert response.status_code == 200
    assert b"hx-get" in response.content


def test_it_stops_asking_when_the_run_is_over(run: Run, as_nora: Client) -> None:
    over(run)
    assert b"hx-get" not in as_nora.get(f"/diagnostics/runs/{run.code}/").content


def test_htmx_gets_the_fragment_alone(run: Run, as_nora: Client) -> None:
    response = as_nora.get(f"/diagnostics/runs/{run.code}/", headers={"HX-Request": "true"})
    assert b"<html" not in response.content
    # The heading, the state and the transcript follow along.
    assert response.content.count(b"hx-swap-oob") == 3
    assert "HX-Request" in response.headers["Vary"]


def test_a_strangers_text_is_shown_and_not_run(run: Run, as_nora: Client) -> None:
    content = as_nora.get(f"/diagnostics/runs/{run.code}/").content.decode()
    assert "<script>alert(1)" not in content
    assert "\u202e" not in content


def test_support_may_open_any(run: Run, as_ida: Client) -> None:
    assert as_ida.get(f"/diagnostics/runs/{run.code}/").status_code == 200


def test_another_branch_may_not(run: Run, as_sven: Client) -> None:
    assert as_sven.get(f"/diagnostics/runs/{run.code}/").status_code == 404


def test_strangers_sign_in(run: Run, client: Client) -> None:
    assert client.get(f"/diagnostics/runs/{run.code}/").status_code == 302


def test_other_methods_are_refused(run: Run, as_nora: Client) -> None:
    assert as_nora.post(f"/diagnostics/runs/{run.code}/").status_code == 405


def test_few_queries_whatever_the_number_of_findings(
    run: Run, as_nora: Client, django_assert_max_num_queries: Any
) -> None:
    StoredFinding.objects.bulk_create(
        StoredFinding(
            run=run, attempt=1, position=1000 + number, check_slug="x", code="gone", verdict="notice", actor="branch"
        )
        for number in range(200)
    )
    with django_assert_max_num_queries(6):
        as_nora.get(f"/diagnostics/runs/{run.code}/")
