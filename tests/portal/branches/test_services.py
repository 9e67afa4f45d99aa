"""Changing a profile: recorded from what to what, and never over somebody else's unread change."""

from __future__ import annotations

import pytest

from portal.accounts.models import User
from portal.branches import services
from portal.branches.models import BranchEvent, BranchProfile, DKIMEntry, Membership, SendingDomain


def events(branch: BranchProfile) -> list[tuple[str, dict[str, object]]]:
    return [(event.kind, event.changes) for event in BranchEvent.objects.filter(branch=branch).order_by("id")]


def test_only_what_differs_is_written_and_recorded(north: BranchProfile, ada: User) -> None:
    services.change_branch(north, by=ada, version=1, organisation="North", time_zone="UTC")
    assert events(north) == [("changed", {"organisation": ["North College", "North"]})]
    assert north.version == 2
    services.change_branch(north, by=ada, version=2, organisation="North")
    assert north.version == 2


def test_who_comes_second_changes_nothing(north: BranchProfile, ada: User) -> None:
    services.change_branch(north, by=ada, version=1, organisation="First")
    with pytest.raises(services.BranchChangedError):
        services.change_branch(north, by=ada, version=1, organisation="Second")
    north.refresh_from_db()
    assert north.organisation == "First"


def test_suspending_says_why_and_resuming_keeps_it_in_the_story(north: BranchProfile, ada: User) -> None:
    services.suspend(north, reason="Complaints", by=ada)
    assert (north.is_suspended, north.suspended_reason) == (True, "Complaints")
    services.suspend(north, reason="Again", by=ada)
    services.resume(north, by=ada)
    assert (north.is_suspended, north.suspended_since) == (False, None)
    assert [kind for kind, _ in events(north)] == ["suspended", "resumed"]
    assert events(north)[1][1] == {"suspended_because": ["Complaints", ""]}


def test_domains_and_keys_come_and_go(north: BranchProfile, ada: User) -> None:
    domain = services.add_from_domain(north, domain="alumni.north.example", by=ada)
    assert services.add_from_domain(north, domain="alumni.north.example", by=ada) == domain
    services.save_dkim_entry(domain, selector="xen1", public_key="", by=ada)
    services.save_dkim_entry(domain, selector="xen1", public_key="", by=ada)
    entry = services.save_dkim_entry(domain, selector="xen1", public_key="QUJD", by=ada)
    services.remove_dkim_entry(entry, by=ada)
    services.remove_from_domain(domain, by=ada)
    assert [kind for kind, _ in events(north)] == [
        "from_domain_added",
        "dkim_entry_added",
        "dkim_entry_changed",
        "dkim_entry_removed",
        "from_domain_removed",
    ]
    assert SendingDomain.objects.filter(branch=north).count() == 1
    assert DKIMEntry.objects.count() == 1


def test_members_are_just_those(north: BranchProfile, south: BranchProfile, nora: User, ada: User) -> None:
    services.set_members(nora, branches=[south], by=ada)
    assert list(Membership.objects.filter(user=nora).values_list("branch__code", flat=True)) == ["south"]
    assert [kind for kind, _ in events(north)] == ["member_removed"]
    assert [kind for kind, _ in events(south)] == ["member_added"]
