"""Where the mailroom listens, as the settings say it."""

from __future__ import annotations

from django.conf import settings

from portal.mailroom.server import Options

DEFAULT_PORT = 8025


def address_of(text: str) -> tuple[str, int]:
    """Host and port of ``host:port``, ``[::1]:port`` or a bare host; ValueError with what would be right."""
    host, _, port = text.rpartition(":") if not text.endswith("]") and ":" in text else (text, "", "")
    host = host.removeprefix("[").removesuffix("]")
    if not host or (port and not (port.isascii() and port.isdecimal() and 0 < int(port) < 65536)):
        raise ValueError(f"{text!r} is no address to listen at. Use one such as 127.0.0.1:8025, or off.")
    return host, int(port) if port else DEFAULT_PORT


def options_of_settings(*, listen: str = "") -> Options:
    """How the mailroom listens, at ``listen`` where that is given; ValueError where it cannot be understood."""
    host, port = address_of(listen or settings.MAILROOM)
    return Options(
        host=host,
        port=port,
        protocol=settings.MAILROOM_PROTOCOL,
        name=settings.MAILROOM_NAME,
        most_octets=settings.MAILROOM_MEGABYTES << 20,
        a_minute=settings.MAILROOM_A_MINUTE,
        certificate=settings.MAILROOM_TLS_CERT,
        key=settings.MAILROOM_TLS_KEY,
    )
