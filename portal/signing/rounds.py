"""Looking at keys by itself: often while somebody waits for them, daily once they are published."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from django.utils import timezone

from diagnostics.resolving import resolver_from_settings
from portal.branches.models import DKIMUse
from portal.branches.services import use_dkim_entry
from portal.signing import adopting
from portal.signing.looking import Seen, is_published, look
from portal.signing.models import SigningKey, State
from portal.signing.verifying import has_verified, note_verified

#: How soon a key is looked at again: while it was issued lately, while it is old news, when it is published.
SOON, LATER, DAILY = timedelta(minutes=10), timedelta(hours=6), timedelta(days=1)
PATIENCE = timedelta(days=3)
#: A revoked key's record is looked at for so long; then it is the domain's own affair.
REVOKED_FOR = timedelta(days=30)


def due() -> list[int]:
    """The keys that are to be looked at, the longest overdue first; each is put off, so that it is asked once."""
    adopting.adopt()
    adopting.follow_profiles()
    now = timezone.now()
    numbers = list(
        SigningKey.objects.filter(next_look__lte=now).order_by("next_look").values_list("pk", flat=True)[:50]
    )
    SigningKey.objects.filter(pk__in=numbers).update(next_look=now + SOON)
    return numbers


def look_at(key_id: int) -> None:
    """Ask the name servers about one key, and note what each has."""
    key = SigningKey.objects.select_related("domain").filter(pk=key_id).exclude(selector="").first()
    if key is None:
        return
    wanted = "" if key.state == State.REVOKED else key.public_key
    seen = asyncio.run(look(key.name, wanted, resolver_from_settings(fresh=True)))
    now = timezone.now()
    key.seen, key.looked_at, key.next_look = [item.as_json() for item in seen], now, _next(key, seen, now)
    if key.state == State.ISSUED and is_published(seen):
        key.state, key.published_at = State.PUBLISHED, now
        # From now on the signer may use it, so that its absence would be a fault.
        use_dkim_entry(key.domain_id, key.selector, DKIMUse.SIGNING)
    key.save(update_fields=["seen", "looked_at", "next_look", "state", "published_at"])
    if key.is_live and key.verified_at is None and has_verified(key):
        note_verified(key.domain.domain, key.selector)


def _next(key: SigningKey, seen: list[Seen], now: datetime) -> datetime | None:
    if key.state == State.REVOKED:
        return None if key.ended_at is None or now - key.ended_at > REVOKED_FOR else now + DAILY
    if not key.is_live:
        return None
    if is_published(seen):
        return now + DAILY
    is_fresh = key.issued_at is not None and now - key.issued_at < PATIENCE
    return now + (SOON if is_fresh else LATER)
