"""When an organisation last refused a branch's mail by a rule of theirs (WL-12)."""

from __future__ import annotations

from datetime import timedelta

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.maillog.models import State
from portal.maillog.selectors import last_refusal_by_rule
from tests import make

LATER = make.NOON + timedelta(hours=1)


def test_the_latest_refusal_by_rule(nora: User, north: BranchProfile) -> None:
    make.delivery(north, "a@corp.example", State.REFUSED, cause="recipient_policy")
    make.delivery(north, "b@corp.example", State.REFUSED, at=LATER, cause="self_to_self_blocked")
    make.delivery(north, "c@corp.example", State.REFUSED, at=LATER + timedelta(hours=1), cause="no_such_user")
    make.delivery(north, "d@corp.example", State.ACCEPTED, at=LATER + timedelta(hours=2))
    assert last_refusal_by_rule(nora, north, "corp.example") == LATER


def test_another_domain_and_another_branch_say_nothing(nora: User, north: BranchProfile, south: BranchProfile) -> None:
    make.delivery(north, "a@other.example", State.REFUSED, cause="recipient_policy")
    make.delivery(south, "a@corp.example", State.REFUSED, cause="recipient_policy")
    assert last_refusal_by_rule(nora, north, "corp.example") is None
    # Who may not see the branch learns nothing of it.
    assert last_refusal_by_rule(nora, south, "corp.example") is None
