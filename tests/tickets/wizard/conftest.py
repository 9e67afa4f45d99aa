"""A draft of North College about an e-mail to Lee, and small helpers to walk it."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from diagnostics.models import Run, RunState
from portal.accounts.models import User
from portal.branches.models import BranchProfile
from tests import make
from tickets.models import Report, ReportState

LEE = "lee@corp.example"
SENT = {"choice": "seen", "stop": False}
RIGHT = {"choice": "right", "corrected": "", "resent": False, "cause": ""}
NOT_THERE = {"choice": "not_there"}
DESCRIBED = {
    "symptom": "not_received",
    "other_domain": "did_not",
    "other_address": "lee@home.example",
    "description": "Nothing came.",
}


def make_report(branch: BranchProfile, by: User, **fields: Any) -> Report:
    """A draft whose checks are over, so that no test waits for a worker."""
    recipient = fields.pop("recipient", LEE)
    run = Run.objects.create(
        subject={"recipient": recipient}, state=RunState.DONE, attempt=1, lease_until=make.NOON, queued_at=make.NOON
    )
    return Report.objects.create(branch=branch, by=by, recipient=recipient, around=make.NOON, run=run, **fields)


def at_step(report: Report, slug: str) -> Report:
    """``report`` with everything before the step answered so that it goes on."""
    answers = {"sent": SENT, "address": RIGHT, "junk": NOT_THERE, "describe": DESCRIBED}
    report.answers = {}
    for name, answer in answers.items():
        if name == slug:
            break
        report.answers[name] = answer
    report.save(update_fields=["answers"])
    return report


@pytest.fixture
def report(north: BranchProfile, nora: User) -> Report:
    return make_report(north, nora)


def url(report: Report, slug: str = "") -> str:
    if not slug:
        return reverse("report", args=[report.code])
    return reverse("report_step", args=[report.code, slug])


def post(client: Client, report: Report, slug: str, **data: Any) -> HttpResponse:
    """Answer a step with the version the report has now."""
    report.refresh_from_db(fields=["version"])
    return client.post(url(report, slug), {"version": report.version, **data})  # type: ignore[return-value]


def ended(report: Report) -> tuple[str, str, str]:
    """How the report stands: state, exit and the step of the exit."""
    report.refresh_from_db()
    return report.state, report.exit, report.exit_step


SOLVED = ReportState.SOLVED
