"""Settings of this room that would fail every run, found at start instead of by the first person who asks."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error

from diagnostics.engine.nameservers import read_nameserver
from diagnostics.engine.zone import ZoneProblem, read_zone


def resolvers_can_be_read(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Every item of RESOLVERS is an address, with or without a port."""
    found: list[CheckMessage] = []
    for item in settings.RESOLVERS:
        try:
            read_nameserver(item)
        except ValueError as error:
            hint = "Give addresses such as 192.0.2.53 or 192.0.2.53:5353, with commas between."
            found.append(Error(f"RESOLVERS: {error}", hint=hint, id="diagnostics.E001"))
    return found


def zone_can_be_read(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """DIAGNOSTICS_ZONE, where it is set, names a zone file."""
    if not settings.DIAGNOSTICS_ZONE:
        return []
    try:
        read_zone(settings.DIAGNOSTICS_ZONE)
    except ZoneProblem as error:
        hint = "Mend the file, or leave DIAGNOSTICS_ZONE empty."
        return [Error(f"DIAGNOSTICS_ZONE: {error}", hint=hint, id="diagnostics.E002")]
    return []
