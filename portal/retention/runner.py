"""Dropping what is over its time, and taking a person out: safe to begin again after a loss."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from portal.maillog.partitions import ensure_ahead
from portal.retention.besides import PASSING
from portal.retention.kept import KINDS
from portal.retention.models import Erasure, Progress, Pruning
from portal.retention.person import Person
from portal.retention.places import KEPT, PLACES

#: A worker that says nothing for so long is lost, and another goes on.
LEASE = timedelta(minutes=2)


def prune(pruning: Pruning) -> Pruning:
    """Do a round: make the months ahead, then count or drop each kind, and note the results kind by kind."""
    if not pruning.is_dry:
        ensure_ahead()
    pruning.state = Progress.WORKING
    pruning.results = []
    for kind in KINDS:
        first = kind.first_kept
        months = kind.months()
        rows = kind.count(first) if pruning.is_dry else kind.drop(first)
        result: dict[str, Any] = {"kind": kind.slug, "rows": rows, "months": months, "first_kept": first.isoformat()}
        pruning.results.append(result)
        pruning.save(update_fields=["state", "results"])
    # What rooms forget by themselves is told as well; a sign-in that has ended is nobody's, so it goes here.
    for passing in PASSING:
        if pruning.is_dry or passing.slug == "sessions":
            rows = passing.count() if pruning.is_dry else passing.over().delete()[0]
            pruning.results.append({"kind": passing.slug, "rows": rows, "months": []})
    pruning.state, pruning.finished = Progress.DONE, timezone.now()
    pruning.save(update_fields=["state", "results", "finished"])
    return pruning


def claim(erasure_id: int) -> Erasure | None:
    """Take an erasure on, unless it is done or another worker has it."""
    now = timezone.now()
    free = Q(state=Progress.WAITING) | Q(state=Progress.WORKING, lease_until__lt=now)
    taken = Erasure.objects.filter(free, pk=erasure_id).update(state=Progress.WORKING, lease_until=now + LEASE)
    return Erasure.objects.get(pk=erasure_id) if taken else None


def erase(erasure: Erasure) -> None:
    """Take the person out of one place after the other; the address itself is forgotten at the end."""
    person = Person(erasure.address, erasure.stand_in, erasure.way)
    for place in PLACES:
        # Whoever goes on after a loss adds to what was done before.
        before = int(erasure.results.get(place.slug, 0))
        erasure.results[place.slug] = before + place.take_out(person)
        erasure.lease_until = timezone.now() + LEASE
        erasure.save(update_fields=["results", "lease_until"])
    erasure.results |= {kept.slug: kept.count(person.normal) for kept in KEPT}
    erasure.state, erasure.finished, erasure.address = Progress.DONE, timezone.now(), ""
    erasure.save(update_fields=["results", "state", "finished", "address"])


def left_undone() -> list[int]:
    """Erasures that a lost worker or a lost bell left undone."""
    now = timezone.now()
    rows = Erasure.objects.exclude(state=Progress.DONE).filter(lease_until__lt=now - timedelta(seconds=30))
    return list(rows.values_list("pk", flat=True)[:20])
