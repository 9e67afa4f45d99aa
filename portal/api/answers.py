"""Doing what is asked for twice only once, and forgetting in time that it was done."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from portal.api.models import Answered, Token

#: How long a repeated push is known again.
KNOWN_FOR = timedelta(days=2)


class KeyReused(Exception):
    """The same ``Idempotency-Key`` came with another body or for another address."""


def once(
    token: Token, *, key: str, asked: bytes, work: Callable[[], tuple[int, dict[str, Any]]]
) -> tuple[int, dict[str, Any], bool]:
    """Do ``work`` unless it was done under this ``key``; returns status, body, and whether it was done before.

    ``asked`` is what the push was (method, path, body). Work that raises leaves nothing behind, so that it can be tried
    again under the same key. KeyReused where the key came with something else.
    """
    if not key:
        return *work(), False
    digest = hashlib.sha256(asked).hexdigest()
    known = Answered.objects.filter(token=token, key=key).first()
    if known is None:
        try:
            with transaction.atomic():
                # Whoever comes second waits here until the first has committed, and is then refused by the constraint.
                row = Answered.objects.create(token=token, key=key, digest=digest)
                row.status, row.body = work()
                row.save(update_fields=["status", "body"])
                return row.status, row.body, False
        except IntegrityError:
            known = Answered.objects.filter(token=token, key=key).first()
            if known is None:
                raise
    if known.digest != digest:
        raise KeyReused
    return known.status, known.body, True


def forget() -> int:
    """Forget what was answered long ago; returns how many answers."""
    forgotten, _ = Answered.objects.filter(at__lt=timezone.now() - KNOWN_FOR).delete()
    return forgotten
