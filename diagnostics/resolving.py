"""From the settings to a resolver: which name servers, which zone over them, what is remembered, whom to call on."""

from __future__ import annotations

import functools
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

from diagnostics.engine.cache import Cache
from diagnostics.engine.canary import Canary
from diagnostics.engine.names import Address, parse_address
from diagnostics.engine.outside import Outside, Probe
from diagnostics.engine.outside.picture import Pictures
from diagnostics.engine.resolver import DNSResolver, Resolver
from diagnostics.engine.subject import PICTURES, Subject
from diagnostics.engine.zone import Overlay, Zone, read_zone

#: One memory for the whole process: runs of the same hour ask many of the same questions.
_remembered = Cache()


def outside_from_settings(subject: Subject, *, is_again: bool = False) -> Outside:
    """How servers are asked for ``subject``; its mail servers only where it asks for that and the settings allow it.

    ``is_again``: a worker began this very run before and died over it. It may have called, and nobody is called twice.
    """
    if is_again:
        return Outside(why_not="the first call was broken off, and no server is called on twice within ten minutes")
    return Outside(probe=probe_of(subject) if settings.SMTP_PROBE != "off" else None)


def pictures_from_settings(subject: Subject) -> Pictures | None:
    """How the pictures of a message are asked for; only where ``subject`` asks for that and the settings allow it."""
    if subject.probe != PICTURES or not settings.PICTURE_PROBE:
        return None
    desk = urlsplit(settings.BASE_URL).hostname or ""
    if not settings.DIAGNOSTICS_ZONE:
        return Pictures(desk=desk)
    return Pictures(desk=desk, is_invented=_zone_from_settings().holds)


def probe_of(subject: Subject) -> Probe | None:
    """How this desk introduces itself to the mail server of ``subject``; nothing where none is to be called on."""
    parsed = parse_address(subject.recipient)
    if not subject.probe or not isinstance(parsed, Address):
        return None
    names_recipient = subject.probe == "recipient" and not subject.recipient_is_assumed and not parsed.is_quoted
    recipient = parsed.text if names_recipient else ""
    return Probe(helo=settings.SMTP_PROBE_HELO, sender=settings.SMTP_PROBE_SENDER, recipient=recipient)


def resolver_from_settings(fresh: bool = False) -> Resolver:
    """The resolver that ``RESOLVERS`` and ``DIAGNOSTICS_ZONE`` describe.

    ``fresh`` asks everything anew, and lets what is learnt be remembered.
    """
    real = Canary(DNSResolver(settings.RESOLVERS, _remembered, fresh=fresh))
    if not settings.DIAGNOSTICS_ZONE:
        return real
    return Overlay(_zone_from_settings(), real)


def _zone_from_settings() -> Zone:
    path = Path(settings.DIAGNOSTICS_ZONE)
    return _zone_at(path, path.stat().st_mtime_ns if path.exists() else 0)


@functools.lru_cache(maxsize=4)
def _zone_at(path: Path, changed: int) -> Zone:
    """The zone in ``path``, read again only when the file has ``changed``."""
    return read_zone(path)
