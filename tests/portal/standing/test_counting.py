"""What is counted for a standing, from the counts, the suppression list and the log."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from portal.branches.models import BranchProfile
from portal.standing.counting import count
from portal.standing.models import Standing
from portal.suppression.models import Suppression
from tests import make
from tests.portal.standing.counted import day


def opted_out(branch: BranchProfile, address: str, days_ago: int, reason: str = "opt_out") -> None:
    Suppression.objects.create(
        branch=branch, address=address, address_normal=address, domain="corp.example", reason=reason,
        since=timezone.now() - timedelta(days=days_ago),
    )  # fmt: skip


def test_the_days_of_a_branch(north: BranchProfile, south: BranchProfile) -> None:
    day(north, 300, complaints=2)
    day(north, 20, state="refused", cause="no_such_user")
    day(north, 5, state="expired", cause="domain_or_dns")
    day(north, 7, state="refused", cause="spam_content")
    day(north, 3, state="deferred", cause="spam_content")
    day(north, 9, state="deferred", cause="rate_limited")
    day(north, 1000, state="error")
    day(north, 1000, ago=60)
    day(south, 1000)
    found = count(Standing(branch=north))
    assert (found.sent, found.accepted, found.refused, found.complaints) == (344, 300, 32, 2)
    assert (found.addresses, found.spam, found.limited) == (25, 10, 9)
    assert found.causes == {"no_such_user": 20, "spam_content": 7, "domain_or_dns": 5}
    assert found.unsubscribe == ""


def test_what_was_before_does_not_count(north: BranchProfile) -> None:
    day(north, 300, ago=9)
    day(north, 20, ago=2)
    since = (timezone.now() - timedelta(days=5)).date()
    assert count(Standing(branch=north, counted_from=since)).sent == 20


def test_opt_outs_kept_and_not_kept(north: BranchProfile, south: BranchProfile) -> None:
    now = timezone.now()
    for name in ("kept", "under-way", "written", "complained", "failed", "bounced"):
        reason = {"complained": "complaint", "bounced": "hard_bounce"}.get(name, "opt_out")
        opted_out(north, f"{name}@corp.example", 10, reason)
    opted_out(south, "written@corp.example", 10)
    make.delivery(north, "kept@corp.example", at=now - timedelta(days=12))
    make.delivery(north, "under-way@corp.example", at=now - timedelta(days=9))
    make.delivery(north, "written@corp.example", at=now - timedelta(days=5))
    make.delivery(north, "written@corp.example", at=now - timedelta(days=4))
    make.delivery(north, "Complained@corp.example", at=now - timedelta(days=1))
    make.delivery(north, "failed@corp.example", "error", at=now - timedelta(days=1))
    make.delivery(north, "bounced@corp.example", at=now - timedelta(days=1))
    found = count(Standing(branch=north))
    assert (found.opted_out, found.written_after) == (5, 2)
