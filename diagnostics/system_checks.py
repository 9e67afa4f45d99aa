"""Settings of this room that would fail every run, found at start instead of by the first person who asks."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error

from diagnostics.engine.lists import NO_LIST, lists
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


def lists_are_known(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Every zone of DNSBL_ZONES is one whose answers we can read."""
    known = [item.zone for item in lists()]
    hint = f"Choose from {', '.join(known)}; {NO_LIST} alone asks none."
    unknown = [zone for zone in settings.DNSBL_ZONES if zone not in known and settings.DNSBL_ZONES != [NO_LIST]]
    return [Error(f"DNSBL_ZONES: {zone!r} is no list we know.", hint=hint, id="diagnostics.E003") for zone in unknown]


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
