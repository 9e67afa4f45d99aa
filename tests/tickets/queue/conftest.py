"""A ticket of North College, as the wizard leaves it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from diagnostics.models import Run, RunState
from portal.accounts.models import User
from portal.branches.models import BranchProfile
from tests import make
from tickets.models import Event, EventKind, Report, ReportState, Ticket


def make_ticket(number: int, branch: BranchProfile, by: User, **fields: object) -> Ticket:
    recipient = str(fields.pop("recipient", "lee@corp.example"))
    run = Run.objects.create(
        subject={"recipient": recipient},
        state=RunState.DONE,
        attempt=1,
        lease_until=timezone.now() + timedelta(seconds=30),
        headline_code="spf.fail",
        headline="SPF does not allow our server",
        worst_verdict="problem",
    )
    report = Report.objects.create(
        branch=branch, by=by, state=ReportState.SUBMITTED, recipient=recipient, around=make.NOON, run=run
    )
    made = Ticket.objects.create(
        number=number,
        report=report,
        branch=branch,
        run=run,
        recipient=recipient,
        recipient_domain=recipient.rpartition("@")[2],
        **fields,
    )
    Event.objects.create(ticket=made, by=by, kind=EventKind.OPENED)
    return made


@pytest.fixture
def ticket(north: BranchProfile, nora: User) -> Ticket:
    return make_ticket(1, north, nora)
