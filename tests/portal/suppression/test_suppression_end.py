"""Writing to an address again."""

from __future__ import annotations

import pytest
from django.test import Client

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.suppression.models import Suppression
from tests.portal.suppression.conftest import suppressed


def test_a_branch_ends_what_was_noticed(as_nora: Client, nora: User, entry: Suppression) -> None:
    response = as_nora.post(f"/suppression/{entry.pk}/end/", {"because": "She has a new mailbox."})
    assert response.headers["Location"] == f"/suppression/{entry.pk}/"
    entry.refresh_from_db()
    assert (entry.ended_by, entry.ending, entry.ended_because) == (nora, "removed", "She has a new mailbox.")


def test_a_branch_does_not_end_what_the_recipient_wanted(as_nora: Client, as_ida: Client, north: BranchProfile) -> None:
    entry = suppressed(north)
    assert as_nora.post(f"/suppression/{entry.pk}/end/", {"because": "x"}).status_code == 403
    entry.refresh_from_db()
    assert entry.ended is None
    assert as_ida.post(f"/suppression/{entry.pk}/end/", {"because": "She asked for it."}).status_code == 302


@pytest.mark.parametrize("because", ["", "  ", "x" * 501])
def test_bad_input_shows_the_form_again(as_nora: Client, entry: Suppression, because: str) -> None:
    assert as_nora.post(f"/suppression/{entry.pk}/end/", {"because": because}).status_code == 400
    entry.refresh_from_db()
    assert entry.ended is None


def test_nobody_else(as_sven: Client, entry: Suppression) -> None:
    assert as_sven.post(f"/suppression/{entry.pk}/end/", {"because": "x"}).status_code == 404
    entry.refresh_from_db()
    assert entry.ended is None


def test_wrong_method(as_nora: Client, entry: Suppression) -> None:
    assert as_nora.get(f"/suppression/{entry.pk}/end/").status_code == 405
