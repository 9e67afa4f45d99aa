"""An address that was reported before: what came of it is told, and its correction is offered first."""

from __future__ import annotations

import pytest
from django.test import Client

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from tests.tickets.wizard.conftest import LEE, make_report, url
from tests.tickets.wizard.test_decisive import MEANT, TYPED, typo
from tickets.models import Exit, Report, ReportState

HOME = "lee@home.example"


def ended(branch: BranchProfile, by: User, recipient: str = TYPED, corrected: str = HOME) -> Report:
    return make_report(
        branch,
        by,
        recipient=recipient,
        state=ReportState.SOLVED,
        exit=Exit.ADDRESS_CORRECTED,
        corrected_recipient=corrected,
    )


@pytest.mark.parametrize("slug", ["sent", "address"])
def test_the_correction_of_then_is_the_news(as_nora: Client, nora: User, north: BranchProfile, slug: str) -> None:
    before = ended(north, nora)
    report = make_report(north, nora, recipient=TYPED)
    typo(report)
    response = as_nora.get(url(report, slug))
    assert response.context["known"].earlier == (before,)
    assert url(before).encode() in response.content
    assert response.context["decisive"].suggestions == (HOME, MEANT)


def test_it_is_offered_on_the_step_of_the_address(as_nora: Client, nora: User, north: BranchProfile) -> None:
    ended(north, nora, LEE)
    report = make_report(north, nora)
    assert as_nora.get(url(report, "address")).context["known"].suggestions[0] == HOME


def test_only_the_branchs_own_and_earlier_ones(
    as_nora: Client, nora: User, sven: User, north: BranchProfile, south: BranchProfile
) -> None:
    ended(south, sven)
    ended(north, nora, "other@oakwod.example")
    report = make_report(north, nora, recipient=TYPED)
    ended(north, nora)
    make_report(north, nora, recipient=TYPED)
    assert as_nora.get(url(report, "sent")).context["known"].earlier == ()
