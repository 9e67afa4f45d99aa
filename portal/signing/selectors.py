"""Reading keys. Staff see those of their branches; what was asked for anywhere is support's to see."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet
from django.http import Http404

from portal.accounts.models import User
from portal.branches.access import branch_for, branches_of
from portal.branches.models import BranchProfile, DKIMEntry, SendingDomain
from portal.signing.adopting import unknown_entries
from portal.signing.models import SigningKey, State

MOST = 100


def domain_for(viewer: User, code: str, pk: int) -> SendingDomain:
    """The From-domain ``pk`` of the branch ``code`` if ``viewer`` may see it; else Http404."""
    found = SendingDomain.objects.filter(branch=branch_for(viewer, code), pk=pk).select_related("branch").first()
    if found is None:
        raise Http404("No From-domain of that number.")
    return found


def keys_of(viewer: User, branch: BranchProfile) -> list[SigningKey]:
    """The keys of a branch, the latest first, at most a hundred."""
    rows = SigningKey.objects.filter(domain__branch__in=branches_of(viewer).filter(pk=branch.pk))
    return list(rows.select_related("domain", "replaces")[:MOST])


@dataclass(frozen=True, slots=True)
class OfDomain:
    """The keys of one From-domain, the latest first, and what its profile holds besides."""

    domain: SendingDomain
    keys: list[SigningKey]
    entries: list[DKIMEntry]

    @property
    def is_asked_for(self) -> bool:
        return any(key.state == State.ASKED for key in self.keys)


def by_domain(viewer: User, branch: BranchProfile) -> list[OfDomain]:
    """The From-domains of a branch with all keys that are known of them, also those the profile alone knows."""
    keys = keys_of(viewer, branch)
    entries = list(unknown_entries().filter(domain__branch=branch)[:MOST])
    return [
        OfDomain(
            domain,
            [key for key in keys if key.domain_id == domain.pk],
            [entry for entry in entries if entry.domain_id == domain.pk],
        )
        for domain in branch.from_domains.all()
    ]


def key_for(viewer: User, pk: int) -> SigningKey:
    """The key ``pk`` if ``viewer`` may see it; else Http404."""
    rows = SigningKey.objects.filter(domain__branch__in=branches_of(viewer))
    found = rows.select_related("domain__branch", "replaces", "asked_by", "issued_by", "ended_by").filter(pk=pk).first()
    if found is None:
        raise Http404("No key of that number.")
    return found


def asked_for(viewer: User) -> QuerySet[SigningKey]:
    """The keys that were asked for and not issued yet; for support."""
    rows = SigningKey.objects.filter(state=State.ASKED).select_related("domain__branch", "asked_by")
    return rows.order_by("asked_at")[:MOST] if viewer.is_support else rows.none()
