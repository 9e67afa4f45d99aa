"""Asking for an examination."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from diagnostics import tasks
from diagnostics.engine.plan import CHECKS
from diagnostics.engine.subject import Subject
from diagnostics.models import Run
from portal.accounts.models import User
from portal.bell import ring


@transaction.atomic
def start_run(subject: Subject, *, by: User | None, fresh: bool = False) -> Run:
    """A new run of ``subject``, waiting for a worker; the bell is rung when the transaction is committed.

    ``fresh`` asks every question anew instead of using answers that are remembered.
    """
    now = timezone.now()
    run = Run.objects.create(
        subject=subject.to_json(),
        requested_by=by,
        is_fresh=fresh,
        queued_at=now,
        lease_until=now + timedelta(seconds=settings.RUN_LEASE_SECONDS),
        checks_total=len(CHECKS),
    )
    ring(tasks.perform_run, run.pk)
    return run


def rerun(run: Run, *, by: User | None, subject: Subject | None = None) -> Run:
    """A new, fresh run of the same subject (or of what our records say now); the old one stays as it was."""
    again = subject or Subject.from_json(run.subject)
    return start_run(replace(again, now=timezone.now().isoformat()), by=by, fresh=True)
