"""Saying that a log is complete: only then does the desk say of what it does not hold that it was not sent."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.intake import runner
from portal.maillog.models import LogCoverage
from tests.portal.intake.conftest import TABLE, upload_of


@pytest.mark.parametrize(("given", "spans"), [({"complete": "on"}, 1), ({}, 0)])
def test_it_is_complete_from_its_first_to_its_last_line(
    as_nora: Client, nora: User, north: BranchProfile, given: dict[str, str], spans: int
) -> None:
    upload = upload_of(TABLE, by=nora, branch=north)
    as_nora.post(f"/logs/{upload.code}/start/", given)
    runner.perform(upload.pk)
    found = [(row.branch, row.begins, row.ends) for row in LogCoverage.objects.all()]
    first, last = (datetime(2026, 3, 4, 14, minute, tzinfo=UTC) for minute in (1, 4))
    assert found == [(north, first, last)] * spans


def test_nobody_can_say_it_of_a_log_of_several_branches(as_ida: Client, ida: User, north: BranchProfile) -> None:
    upload = upload_of(TABLE, by=ida, branch=None)
    as_ida.post(f"/logs/{upload.code}/start/", {"complete": "on"})
    upload.refresh_from_db()
    assert not upload.is_complete
