"""Reading reports: how they ended, whose they are."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.http import Http404

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from tests import make
from tests.tickets.wizard.conftest import make_report
from tickets.selectors.reports import domain_of, exits_since, own_drafts, own_ended, report_for

ENDED = {"state": "solved", "ended": make.NOON}


def test_exits_are_counted_by_exit_and_step(
    north: BranchProfile, south: BranchProfile, nora: User, sven: User, ada: User
) -> None:
    for exit_, step in (("found_in_junk", "junk"), ("found_in_junk", "junk"), ("arrived", "sent")):
        make_report(north, nora, exit=exit_, exit_step=step, **ENDED)
    make_report(north, nora, exit="arrived", exit_step="junk", state="solved", ended=make.NOON - timedelta(days=9))
    make_report(south, sven, exit="arrived", exit_step="sent", **ENDED)
    make_report(north, nora)
    since = make.NOON - timedelta(days=1)
    assert [(str(item.exit), item.step, item.count) for item in exits_since(ada, since)] == [
        ("arrived", "sent", 2),
        ("found_in_junk", "junk", 2),
    ]
    assert [(str(item.exit), item.count) for item in exits_since(nora, since)] == [("found_in_junk", 2), ("arrived", 1)]


def test_own_reports_are_those_one_began(north: BranchProfile, nora: User) -> None:
    noel = make.person("noel@north.example", "Noel", "staff", north)
    draft, over = make_report(north, nora), make_report(north, nora, **ENDED)
    make_report(north, noel)
    make_report(north, noel, **ENDED)
    assert own_drafts(nora, most=3) == [draft]
    assert own_ended(nora) == [over]


def test_who_left_the_branch_sees_nothing_of_it(north: BranchProfile, nora: User) -> None:
    report = make_report(north, nora)
    nora.memberships.all().delete()
    assert own_drafts(nora, most=3) == []
    with pytest.raises(Http404):
        report_for(nora, report.code)


@pytest.mark.parametrize(
    ("recipient", "domain"),
    [
        ("lee@Corp.Example", "corp.example"),
        ("lee@bücher.example", "xn--bcher-kva.example"),
        ("lee", "lee"),
        ("lee@corp,example", "corp,example"),
        ("x@" + "y" * 400, ("y" * 400)[:255]),
    ],
)
def test_domain(recipient: str, domain: str) -> None:
    assert domain_of(recipient) == domain
