"""Making, finding and revoking tokens."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.utils import timezone

from portal.accounts.models import User
from portal.api.models import Scope, Token

#: The time of the last use is written at most so often.
USE_NOTED_EVERY = timedelta(minutes=1)


def make_token(
    *, name: str, user: User, scopes: Iterable[str], expires: datetime | None, by: User
) -> tuple[Token, str]:
    """A new token of ``user`` for a program; returns the row, and the token itself, which nobody can read again."""
    text = f"dd_{secrets.token_urlsafe(32)}"
    kept = [scope for scope in Scope.values if scope in set(scopes)]
    row = Token.objects.create(
        name=name, user=user, digest=_digest(text), hint=text[:8], scopes=kept, expires=expires, created_by=by
    )
    return row, text


def revoke(token: Token) -> None:
    """End a token. What it did stays."""
    Token.objects.filter(pk=token.pk, revoked=None).update(revoked=timezone.now())


def token_of(text: str) -> Token | None:
    """The token row of what a program sent, if it still may be used; its use is noted."""
    row = Token.objects.select_related("user").filter(digest=_digest(text)).first()
    if row is None or not row.is_valid or not row.user.is_active:
        return None
    now = timezone.now()
    if row.last_used is None or now - row.last_used > USE_NOTED_EVERY:
        Token.objects.filter(pk=row.pk).update(last_used=now)
    return row


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
