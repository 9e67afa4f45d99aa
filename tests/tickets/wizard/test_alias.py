"""An alias in the wizard: the report ends as it would for the address behind it."""

from __future__ import annotations

import pytest

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.maillog.models import Delivery, State
from tests import make
from tickets.models import Report
from tickets.wizard import known, steps


@pytest.fixture
def alias(north: BranchProfile) -> Delivery:
    """Lee's alias, passed on to a mailbox that is gone."""
    made = make.delivery(north, "lee@north.example", State.HANDED, reply="passed on to lee@home.example")
    make.delivery(
        north, "lee@home.example", State.REFUSED, message=made.message, cause="no_such_user", reply="550 5.1.1 Unknown"
    )
    return made


def test_it_has_the_fate_of_the_address_behind_it(alias: Delivery, nora: User, north: BranchProfile) -> None:
    report = Report.objects.create(
        branch=north, by=nora, recipient="lee@north.example", around=make.NOON, delivery=alias
    )
    facts = steps.facts_of(report, alias)
    assert (facts.state, facts.cause) == ("refused", "no_such_user")
    (match,) = known.about_sending(nora, report).matches
    assert (match.delivery, match.leg.recipient, match.may_stop) == (alias, "lee@home.example", True)
    assert match.cause is not None
    assert match.cause.id == "no_such_user"
