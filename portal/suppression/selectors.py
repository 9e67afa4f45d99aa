"""Reading the suppression list: is an address written to, why not, and what was there before.

Every selector takes the viewer first and tells nothing of a branch that is not theirs.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils import timezone

from diagnostics.engine.causes import Suppressed
from portal.accounts.models import User
from portal.branches.access import branches_of
from portal.branches.models import BranchProfile
from portal.maillog.addresses import normal
from portal.suppression.access import suppressions_of
from portal.suppression.models import Suppression

#: So many addresses are looked up in one query.
PIECE = 500
#: An address is searched by its beginning from so many characters on.
SHORTEST = 3
#: An address that came back and went off the list more often than this has no story worth reading to its end.
MOST_OF_ONE = 20


def suppressions(
    viewer: User, *, branch: BranchProfile | None = None, address: str = "", reason: str = "", state: str = "in_force"
) -> QuerySet[Suppression]:
    """The entries that ``viewer`` may see, narrowed; the caller takes a keyset page of them by ``since``.

    ``address`` is a whole address, how one begins (:data:`SHORTEST` characters at least), or a domain. ``state`` is
    "in_force", "over" or "all".
    """
    rows = suppressions_of(viewer)
    if branch is not None:
        rows = rows.filter(branch=branch)
    sought = address.strip()
    if sought:
        rows = rows.filter(_sought(sought))
    if reason:
        rows = rows.filter(reason=reason)
    now = timezone.now()
    in_force = Q(ended=None) & (Q(until=None) | Q(until__gt=now))
    if state == "in_force":
        rows = rows.filter(in_force)
    elif state == "over":
        rows = rows.exclude(in_force)
    return rows.select_related("branch", "by", "ended_by")


def _sought(text: str) -> Q:
    domain = text.lower().removeprefix("@")
    if "@" in domain:
        return Q(address_normal=normal(text))
    is_domain_only = text.startswith("@") or len(domain) < SHORTEST
    return Q(domain=domain) if is_domain_only else Q(domain=domain) | Q(address_normal__startswith=domain)


def suppression_for(viewer: User, pk: int) -> Suppression:
    """The entry ``pk`` if ``viewer`` may see it; else Http404."""
    found = suppressions_of(viewer).select_related("branch", "by", "ended_by").filter(pk=pk).first()
    if found is None:
        raise Http404("No entry of that number.")
    return found


def others_of(viewer: User, suppression: Suppression) -> list[Suppression]:
    """The other entries of the same address in the same branch, the latest first."""
    rows = suppressions_of(viewer).filter(address_normal=suppression.address_normal, branch=suppression.branch_id)
    return list(rows.exclude(pk=suppression.pk).select_related("ended_by").order_by("-since", "-pk")[:MOST_OF_ONE])


def suppression_of(
    viewer: User, branch: BranchProfile, address: str, *, at: datetime | None = None
) -> Suppression | None:
    """The entry by which ``branch`` does not write to ``address`` now, or did not at ``at``; None when it does."""
    rows = suppressions_of(viewer).filter(branch=branch, address_normal=normal(address)).order_by("-since", "-pk")
    moment = at or timezone.now()
    return next((row for row in rows[:MOST_OF_ONE] if row.holds_at(moment)), None)


def is_suppressed(viewer: User, branch: BranchProfile, address: str, *, at: datetime | None = None) -> bool:
    """Whether ``branch`` does not write to ``address``."""
    return suppression_of(viewer, branch, address, at=at) is not None


def suppressed_among(viewer: User, branch: BranchProfile, addresses: Iterable[str]) -> dict[str, Suppression]:
    """Those of ``addresses``, as they were given, that ``branch`` does not write to now; one query for every 500."""
    by_normal: dict[str, list[str]] = {}
    for address in addresses:
        by_normal.setdefault(normal(address), []).append(address)
    names, now = list(by_normal), timezone.now()
    found: dict[str, Suppression] = {}
    for start in range(0, len(names), PIECE):
        rows = suppressions_of(viewer).filter(
            branch=branch, ended=None, address_normal__in=names[start : start + PIECE]
        )
        for row in rows:
            if row.holds_at(now):
                found.update(dict.fromkeys(by_normal[row.address_normal], row))
    return found


def suppressed(viewer: User, branch: BranchProfile, address: str, at: datetime) -> tuple[Suppressed, ...]:
    """The entries that held at ``at``, as the engine's case takes them, the latest first; mostly none or one."""
    rows = suppressions_of(viewer).filter(
        branch__in=branches_of(viewer).filter(pk=branch.pk), address_normal=normal(address)
    )
    return tuple(
        Suppressed(reason=row.reason, since=row.since, until=_until(row))
        for row in rows.order_by("-since", "-pk")[:MOST_OF_ONE]
        if row.holds_at(at)
    )


def _until(row: Suppression) -> datetime | None:
    """Until when the entry held or holds."""
    return min((moment for moment in (row.until, row.ended) if moment is not None), default=None)
