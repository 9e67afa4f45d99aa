"""From the settings to a resolver: which name servers, which zone laid over them, and what is remembered."""

from __future__ import annotations

import functools
from pathlib import Path

from django.conf import settings

from diagnostics.engine.cache import Cache
from diagnostics.engine.canary import Canary
from diagnostics.engine.resolver import DNSResolver, Resolver
from diagnostics.engine.zone import Overlay, Zone, read_zone

#: One memory for the whole process: runs of the same hour ask many of the same questions.
_remembered = Cache()


def resolver_from_settings(fresh: bool = False) -> Resolver:
    """The resolver that ``RESOLVERS`` and ``DIAGNOSTICS_ZONE`` describe.

    ``fresh`` asks everything anew, and lets what is learnt be remembered.
    """
    real = Canary(DNSResolver(settings.RESOLVERS, _remembered, fresh=fresh))
    if not settings.DIAGNOSTICS_ZONE:
        return real
    path = Path(settings.DIAGNOSTICS_ZONE)
    return Overlay(_zone_at(path, path.stat().st_mtime_ns if path.exists() else 0), real)


@functools.lru_cache(maxsize=4)
def _zone_at(path: Path, changed: int) -> Zone:
    """The zone in ``path``, read again only when the file has ``changed``."""
    return read_zone(path)
