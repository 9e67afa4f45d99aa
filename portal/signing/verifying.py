"""What shows that mail is signed with a key: a message whose signature verified, and what follows for older keys."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from diagnostics.engine.messages.headers.judge_codes import Words
from diagnostics.models import ReceivedMessage, StoredFinding
from portal.branches.models import DKIMUse
from portal.branches.services import use_dkim_entry
from portal.signing.models import LIVE, SigningKey, State

#: The latest messages that are looked through for a signature.
MOST_MESSAGES = 200


def has_verified(key: SigningKey) -> bool:
    """A message that is still kept was signed with ``key`` since it was issued, and its signature verified here.

    Whoever handed the message in: only the private half can have made a signature that verifies.
    """
    if key.issued_at is None:
        return False
    kept = ReceivedMessage.objects.exclude(raw=b"").filter(at__gte=key.issued_at).order_by("-at")
    found = StoredFinding.objects.filter(
        run_id__in=list(kept.values_list("run_id", flat=True)[:MOST_MESSAGES]),
        code=Words.DKIM_VERIFIED.id,
        arguments__domain=key.domain.domain,
        arguments__selector=key.selector,
    )
    return found.exists()


def note_verified(domain: str, selector: str) -> list[SigningKey]:
    """A message signed with this key was verified: what it replaces is retired. Returns the keys this was news of."""
    rows = SigningKey.objects.filter(domain__domain=domain, selector=selector, state__in=LIVE, verified_at=None)
    verified = []
    with transaction.atomic():
        for key in rows.select_for_update(of=("self",)):
            now = timezone.now()
            key.verified_at, key.state = now, State.PUBLISHED
            key.published_at = key.published_at or now
            key.save(update_fields=["verified_at", "state", "published_at"])
            use_dkim_entry(key.domain_id, key.selector, DKIMUse.SIGNING)
            _retire_before(key, now)
            verified.append(key)
    return verified


def _retire_before(key: SigningKey, now: datetime) -> None:
    """End what ``key`` took over from, and whatever that one had not seen ended before."""
    older = key.replaces
    while older is not None:
        if older.is_live:
            SigningKey.objects.filter(pk=older.pk).update(
                state=State.RETIRED, ended_at=now, ended_because=f"{key.selector} took over", next_look=None
            )
            use_dkim_entry(older.domain_id, older.selector, DKIMUse.RETIRED)
        older = older.replaces
