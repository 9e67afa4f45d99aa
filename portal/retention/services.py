"""Asking for a round of dropping, or for a person to be taken out. A worker does it."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from portal.accounts.models import User
from portal.bell import ring
from portal.maillog.addresses import domain_of, normal
from portal.maillog.erased import digest_of
from portal.retention import tasks
from portal.retention.models import Erasure, Progress, Pruning, Way


def ask_for_pruning(*, is_dry: bool, by: User) -> Pruning:
    """Have a worker do a round now; a round that is waiting or under way already is the answer."""
    with transaction.atomic():
        going = Pruning.objects.filter(is_dry=is_dry).exclude(state=Progress.DONE)
        found = going.filter(at__gt=timezone.now() - timedelta(hours=1)).first()
        if found is not None:
            return found
        pruning = Pruning.objects.create(is_dry=is_dry, by=by)
        ring(tasks.prune_now, pruning.pk)
    return pruning


def stand_in_of(address: str, way: str) -> str:
    """What stands in the place of ``address``: the same for the same person where the rows are kept."""
    domain = domain_of(normal(address))
    return f"erased@{domain}" if way == Way.ERASE else f"person-{digest_of(address)[:10]}@{domain}"


def ask_for_erasure(*, address: str, way: str, reason: str, by: User) -> Erasure:
    """Have a worker take ``address`` out of everywhere. The same that is under way already is the answer."""
    digest = digest_of(address)
    with transaction.atomic():
        found = Erasure.objects.filter(digest=digest, way=way).exclude(state=Progress.DONE).first()
        if found is not None:
            return found
        erasure = Erasure.objects.create(
            by=by,
            way=way,
            reason=reason,
            address=normal(address),
            digest=digest,
            stand_in=stand_in_of(address, way),
        )
        ring(tasks.erase, erasure.pk)
    return erasure
