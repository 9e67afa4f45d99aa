"""Settings of this room that would make it deaf, found at start instead of by the first bounce."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error

from portal.inbound import form_of


def addresses_can_be_read(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Every item of BOUNCE_ADDRESSES is the form of an address."""
    found: list[CheckMessage] = []
    for item in settings.BOUNCE_ADDRESSES:
        try:
            form_of(item)
        except ValueError as error:
            hint = "Give forms such as bounce+<token>@bounces.example, with commas between."
            found.append(Error(f"BOUNCE_ADDRESSES: {error}", hint=hint, id="returned.E001"))
    return found
