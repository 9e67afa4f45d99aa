"""Changing what belongs to sending as a branch. Every change is recorded with who made it, from what to what.

A profile may be open in two browsers. A save names the version it was decided on; who comes second gets a
:class:`BranchChangedError` and nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from portal.accounts.models import User
from portal.branches.models import (
    AllowListEntry,
    BranchEvent,
    BranchProfile,
    DKIMEntry,
    DKIMUse,
    EmailFunction,
    Membership,
    SendingDomain,
    SendingServer,
)


class BranchChangedError(Exception):
    """Somebody changed the profile since the form was drawn; nothing was written."""


def _record(branch: BranchProfile, kind: str, by: User | None, **changes: Any) -> BranchEvent:
    return BranchEvent.objects.create(branch=branch, kind=kind, by=by, changes=changes)


def _word(value: Any) -> Any:
    """A value as the story of changes shows it."""
    return value if isinstance(value, str | int | bool | list) or value is None else str(value)


@transaction.atomic
def add_branch(*, by: User | None, **values: Any) -> BranchProfile:
    """A new branch profile."""
    branch = BranchProfile.objects.create(**values)
    _record(branch, "added", by)
    return branch


@transaction.atomic
def change_branch(
    branch: BranchProfile, *, by: User | None, version: int | None = None, **values: Any
) -> BranchProfile:
    """Save ``values``; only what differs is written and recorded. Without a ``version`` the last word counts."""
    before = BranchProfile.objects.select_related("sending_server").get(pk=branch.pk)
    changed = {name: value for name, value in values.items() if getattr(before, name) != value}
    if not changed:
        return branch
    rows = BranchProfile.objects.filter(pk=branch.pk)
    if version is not None:
        rows = rows.filter(version=version)
    if not rows.update(**changed, version=F("version") + 1):
        raise BranchChangedError
    _record(branch, "changed", by, **{n: [_word(getattr(before, n)), _word(v)] for n, v in changed.items()})
    branch.refresh_from_db()
    return branch


@transaction.atomic
def suspend(branch: BranchProfile, *, reason: str, by: User | None) -> BranchProfile:
    """Switch the e-mail function off, with the reason that the branch is told."""
    rows = BranchProfile.objects.filter(pk=branch.pk, email_function=EmailFunction.ON)
    now = timezone.now()
    done = rows.update(
        email_function=EmailFunction.SUSPENDED, suspended_reason=reason, suspended_since=now, version=F("version") + 1
    )
    if done:
        _record(branch, "suspended", by, reason=["", reason])
    branch.refresh_from_db()
    return branch


@transaction.atomic
def resume(branch: BranchProfile, *, by: User | None, reason: str = "") -> BranchProfile:
    """Switch the e-mail function on again, for ``reason`` where one is given; why it was off stays in the story."""
    rows = BranchProfile.objects.filter(pk=branch.pk, email_function=EmailFunction.SUSPENDED)
    was_off_for = branch.suspended_reason
    done = rows.update(
        email_function=EmailFunction.ON, suspended_reason="", suspended_since=None, version=F("version") + 1
    )
    if done:
        told = {"reason": ["", reason]} if reason else {}
        _record(branch, "resumed", by, **told, suspended_because=[was_off_for, ""])
    branch.refresh_from_db()
    return branch


@transaction.atomic
def add_from_domain(branch: BranchProfile, *, domain: str, by: User | None) -> SendingDomain:
    """A domain the branch sends as; the one that is there already when it is known."""
    made, is_new = SendingDomain.objects.get_or_create(branch=branch, domain=domain)
    if is_new:
        _record(branch, "from_domain_added", by, domain=["", domain])
    return made


@transaction.atomic
def remove_from_domain(domain: SendingDomain, *, by: User | None) -> None:
    """Take a From-domain and its DKIM entries off the profile."""
    _record(domain.branch, "from_domain_removed", by, domain=[domain.domain, ""])
    domain.delete()


@transaction.atomic
def save_dkim_entry(
    domain: SendingDomain, *, selector: str, public_key: str, by: User | None, use: DKIMUse = DKIMUse.SIGNING
) -> DKIMEntry:
    """A selector with the key we issued, added or changed. ``use`` is that of a new one; see :func:`use_dkim_entry`."""
    before = DKIMEntry.objects.filter(domain=domain, selector=selector).first()
    if before is not None and before.public_key == public_key:
        return before
    made, is_new = DKIMEntry.objects.update_or_create(
        domain=domain,
        selector=selector,
        defaults={"public_key": public_key},
        create_defaults={"public_key": public_key, "use": use},
    )
    kind = "dkim_entry_added" if is_new else "dkim_entry_changed"
    _record(domain.branch, kind, by, selector=[before.selector if before else "", str(made)])
    return made


def use_dkim_entry(domain_id: int, selector: str, use: DKIMUse) -> None:
    """From now on this selector is used for ``use``. What has happened to its key tells why."""
    DKIMEntry.objects.filter(domain_id=domain_id, selector=selector).update(use=use)


@transaction.atomic
def remove_dkim_entry(entry: DKIMEntry, *, by: User | None) -> None:
    """Take a selector off the profile."""
    _record(entry.domain.branch, "dkim_entry_removed", by, selector=[str(entry), ""])
    entry.delete()


@transaction.atomic
def set_members(user: User, *, branches: Iterable[BranchProfile], by: User | None) -> None:
    """Let ``user`` belong to just these branches."""
    wanted = {branch.pk: branch for branch in branches}
    held = {item.branch_id: item for item in Membership.objects.filter(user=user).select_related("branch")}
    for pk, branch in wanted.items():
        if pk not in held:
            Membership.objects.get_or_create(user=user, branch=branch)
            _record(branch, "member_added", by, member=["", user.email])
    for pk, membership in held.items():
        if pk not in wanted:
            _record(membership.branch, "member_removed", by, member=[user.email, ""])
            membership.delete()


def twin_of(server: SendingServer | None, *, host: str, log_host: str, log_name: str) -> SendingServer | None:
    """The other server that a log would call by the same names; lines of such a log could be of either."""
    others = SendingServer.objects.exclude(pk=server.pk) if server else SendingServer.objects.all()
    named = Q(log_host=log_host or host) | Q(log_host="", host=log_host or host)
    return others.filter(named, log_name=log_name).first()


def same_names(twin: SendingServer) -> str:
    """What is told whoever gives a server the names that ``twin`` has in the log."""
    machine = twin.log_host or twin.host
    called = f"{twin.log_name} in the log of {machine}" if twin.log_name else f"every name in the log of {machine}"
    return f"{twin} has {called} already. Give each of the machine's servers a name of its own."


@transaction.atomic
def save_server(server: SendingServer | None, **values: Any) -> SendingServer:
    """A sending server, added or changed."""
    if server is None:
        return SendingServer.objects.create(**values)
    for name, value in values.items():
        setattr(server, name, value)
    server.save(update_fields=list(values))
    return server


@transaction.atomic
def save_allow_list_entry(entry: AllowListEntry | None, *, recorded_by: User | None, **values: Any) -> AllowListEntry:
    """What is known of being allowed somewhere, added or corrected."""
    if entry is None:
        return AllowListEntry.objects.create(recorded_by=recorded_by, **values)
    for name, value in values.items():
        setattr(entry, name, value)
    entry.recorded_by = recorded_by
    entry.save(update_fields=[*values, "recorded_by"])
    return entry
