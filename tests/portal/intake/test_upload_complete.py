"""Saying that a log is complete: only then does the desk say of what it does not hold that it was not sent."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from django.test import Client

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.intake import runner
from portal.maillog.models import LogCoverage
from tests.portal.intake.conftest import TABLE, upload_of

#: The same table without the row that cannot be used.
USABLE = TABLE.replace("m3,delivered,c3@corp.example,soon,=1+1\n", "")


@pytest.mark.parametrize(("given", "spans"), [({"complete": "on"}, 1), ({}, 0)])
def test_it_is_complete_from_its_first_to_its_last_line(
    as_nora: Client, nora: User, north: BranchProfile, given: dict[str, str], spans: int
) -> None:
    upload = upload_of(USABLE, by=nora, branch=north)
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


def test_a_log_with_a_line_that_could_not_be_used_is_not(as_nora: Client, nora: User, north: BranchProfile) -> None:
    """What stands in it may have been sent. Once it is mended, the whole log counts, and nothing is doubled."""
    upload = upload_of(TABLE, by=nora, branch=north)
    as_nora.post(f"/logs/{upload.code}/start/", {"complete": "on"})
    runner.perform(upload.pk)
    upload.refresh_from_db()
    assert (upload.state, upload.rejected_count, LogCoverage.objects.count()) == ("done", 1, 0)
    assert upload.why
    assert upload.why in as_nora.get(f"/logs/{upload.code}/").content.decode()
    mended = upload_of(TABLE.replace("soon", "2026-03-04T14:03:00Z"), by=nora, branch=north, mends=upload)
    as_nora.post(f"/logs/{mended.code}/start/", {"complete": "on"})
    runner.perform(mended.pk)
    mended.refresh_from_db()
    assert (mended.new, mended.known, mended.why, LogCoverage.objects.count()) == (1, 3, "", 1)


def test_the_mail_of_others_leaves_a_branch_s_log_complete(as_nora: Client, nora: User, north: BranchProfile) -> None:
    lines = [
        {
            "kind": "message",
            "branch": code,
            "key": f"m{at}",
            "recipient": "a@b.example",
            "at": f"2026-03-04T14:0{at}:00Z",
        }
        for at, code in enumerate(("north", "south", "north"))
    ]
    upload = upload_of("\n".join(map(json.dumps, lines)), by=nora, branch=north)
    as_nora.post(f"/logs/{upload.code}/start/", {"complete": "on"})
    runner.perform(upload.pk)
    upload.refresh_from_db()
    assert (upload.rejected_count, upload.why, LogCoverage.objects.count()) == (1, "", 1)
