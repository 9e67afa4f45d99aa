"""The link by which a report is shared: signed, so that none can be guessed, and looked up, so that it can end."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.urls import reverse

from portal.trials.models import Share

SALT = "trials.share"


def token_of(share: Share) -> str:
    """The token in the link of ``share``."""
    return Signer(salt=SALT).sign(share.code.hex)


def link_of(share: Share) -> str:
    """The link itself."""
    return settings.BASE_URL + reverse("shared_trial", args=[token_of(share)])


def share_of(token: str) -> Share | None:
    """The share that ``token`` stands for; None where we did not make it, or it has ended."""
    try:
        code = uuid.UUID(hex=Signer(salt=SALT).unsign(token))
    except (BadSignature, ValueError, UnicodeError):
        return None
    found = Share.objects.select_related("message__trial__branch", "message__inspection", "message__connection")
    share = found.filter(code=code).first()
    return share if share is not None and share.is_open else None
