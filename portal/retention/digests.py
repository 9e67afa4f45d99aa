"""The digest of an address: what a certificate is found by once the address itself is forgotten."""

from __future__ import annotations

import hashlib
import hmac

from django.conf import settings

from portal.maillog.addresses import normal


def digest_of(address: str) -> str:
    """The digest by which a certificate is found by somebody who knows the address. ``address`` in any form."""
    return hmac.new(settings.SECRET_KEY.encode(), normal(address).encode(), hashlib.sha256).hexdigest()
