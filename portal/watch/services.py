"""Opening and closing notices for rooms that watch by themselves: one a matter, however often it is looked at."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from portal.watch.models import Notice

#: What comes back within this time is the same matter: its notice is open again, and nobody is mailed a second time.
SAME_MATTER = timedelta(hours=6)


@transaction.atomic
def open_notice(
    key: str, *, about: str, title: str, actor: str, reason: str = "", link: str = "", at: datetime | None = None
) -> Notice:
    """The notice of the matter ``key``, opened where it is not open.

    ``key`` names the matter once for all ("rates.deferred provider:yahoo"). Of a notice that is open already the reason
    is brought up to date, and its title stays: who was told of it must find it again.
    """
    at = at or timezone.now()
    notices = Notice.objects.filter(watch=None, key=key)
    latest = notices.order_by("-opened", "-pk").first()
    if latest is None or (latest.closed is not None and latest.closed < at - SAME_MATTER):
        fresh = Notice(
            key=key, about=about[:255], title=title[:255], actor=actor, reason=reason[:1000], link=link[:500], opened=at
        )
        # Of two looks at once the second finds it opened.
        Notice.objects.bulk_create([fresh], ignore_conflicts=True)
        return notices.order_by("-opened", "-pk")[0]
    if latest.closed is not None:
        latest.closed = None
    latest.reason = reason[:1000]
    latest.save(update_fields=["closed", "reason"])
    return latest


def close_notices(keys: Iterable[str], *, at: datetime | None = None) -> int:
    """Close the notices of these matters that are open; how many."""
    return Notice.objects.filter(watch=None, key__in=list(keys), closed=None).update(closed=at or timezone.now())
