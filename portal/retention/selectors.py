"""Reading what is kept for how long, the rounds, and the certificates. All of it is for admins alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db.models import Min, QuerySet
from django.http import Http404

from portal.accounts.models import Role, User
from portal.maillog.addresses import normal
from portal.maillog.erased import digest_of
from portal.retention.besides import LASTING, PASSING, Lasting
from portal.retention.kept import KINDS, Kind
from portal.retention.models import Erasure, Pruning
from portal.retention.places import KEPT, PLACES


@dataclass(frozen=True, slots=True)
class Holding:
    """One kind of record: how old the oldest is, and which months the next round drops whole."""

    kind: Kind
    oldest: datetime | None
    months: list[str]


def _admins_only(viewer: User) -> None:
    if viewer.role != Role.ADMIN:
        raise PermissionDenied


def holdings(viewer: User) -> list[Holding]:
    """Each kind of record that is kept for a time."""
    _admins_only(viewer)
    return [
        Holding(kind, kind.model._default_manager.aggregate(oldest=Min(kind.column))["oldest"], kind.months())
        for kind in KINDS
    ]


def lasting(viewer: User) -> list[tuple[Lasting, datetime | None]]:
    """What nothing drops, each with the time of its first row; a query each."""
    _admins_only(viewer)
    return [(item, item.oldest) for item in LASTING]


def names_of_kinds() -> dict[str, str]:
    """What each kind in the results of a round is called."""
    return {kind.slug: kind.name for kind in KINDS} | {passing.slug: passing.name for passing in PASSING}


def prunings(viewer: User, *, most: int = 10) -> list[Pruning]:
    """The latest rounds, newest first."""
    _admins_only(viewer)
    return list(Pruning.objects.select_related("by")[:most])


def erasures(viewer: User, *, address: str = "") -> QuerySet[Erasure]:
    """The certificates; those of ``address`` where one is given."""
    _admins_only(viewer)
    rows = Erasure.objects.select_related("by")
    return rows.filter(digest=digest_of(address)) if address else rows


def erasure_for(viewer: User, code: str) -> Erasure:
    """The certificate of that code; else Http404."""
    _admins_only(viewer)
    found = Erasure.objects.select_related("by").filter(code=code).first()
    if found is None:
        raise Http404("No certificate of that code.")
    return found


def what_stands(viewer: User, address: str) -> list[tuple[str, int]]:
    """Each place with how many rows of it are about ``address``."""
    _admins_only(viewer)
    return [(place.name, place.count(normal(address))) for place in PLACES]


@dataclass(frozen=True, slots=True)
class KeptRow:
    """What stays on purpose: its name, why, and how many rows of it."""

    name: str
    why: str
    count: int


def what_stays(viewer: User, address: str) -> list[KeptRow]:
    """What of ``address`` would be kept on purpose."""
    _admins_only(viewer)
    return [KeptRow(kept.name, kept.why, kept.count(normal(address))) for kept in KEPT]


def kept(erasure: Erasure) -> list[KeptRow]:
    """What was kept on purpose, for the certificate."""
    return [KeptRow(item.name, item.why, int(erasure.results.get(item.slug, 0))) for item in KEPT]


def touched(erasure: Erasure) -> list[tuple[str, int]]:
    """Each place with how many rows were touched, for the certificate."""
    return [(place.name, int(erasure.results.get(place.slug, 0))) for place in PLACES]
