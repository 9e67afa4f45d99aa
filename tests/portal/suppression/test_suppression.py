"""One entry."""

from __future__ import annotations

import pytest
from django.test import Client

from portal.branches.models import BranchProfile
from portal.suppression.models import Suppression
from tests.portal.suppression.conftest import suppressed


@pytest.mark.parametrize("reason", ["opt_out", "complaint", "hard_bounce", "manual"])
def test_every_reason_says_whose_turn_it_is(as_nora: Client, north: BranchProfile, reason: str) -> None:
    response = as_nora.get(f"/suppression/{suppressed(north, reason=reason).pk}/")
    assert b"data-actor=" in response.content
    assert response.context["may_end"] == (reason in ("hard_bounce", "manual"))


def test_support_may_end_any(as_ida: Client, north: BranchProfile) -> None:
    assert as_ida.get(f"/suppression/{suppressed(north).pk}/").context["may_end"]


def test_what_was_there_before(as_nora: Client, north: BranchProfile, entry: Suppression) -> None:
    later = suppressed(north)
    assert as_nora.get(f"/suppression/{later.pk}/").context["others"] == [entry]
    assert b"over" in as_nora.get(f"/suppression/{entry.pk}/").content


def test_a_source_is_shown_and_never_run(as_nora: Client, north: BranchProfile) -> None:
    entry = suppressed(north, source="<script>alert(1)</script>\u202eetirw")
    content = as_nora.get(f"/suppression/{entry.pk}/").content.decode()
    assert "<script>alert" not in content
    assert "[U+202E]" in content


def test_a_stranger(as_sven: Client, entry: Suppression) -> None:
    assert as_sven.get(f"/suppression/{entry.pk}/").status_code == 404


def test_wrong_method(as_nora: Client, entry: Suppression) -> None:
    assert as_nora.post(f"/suppression/{entry.pk}/").status_code == 405
