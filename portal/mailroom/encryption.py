"""What the mailroom encrypts connections with: a certificate and its key, read from files, and anew when they change.

STARTTLS (RFC 3207) is offered and never demanded: a server that cannot encrypt must still be able to bring a bounce.
Certificates are renewed every few weeks, so the files are looked at with each connection; a renewal that cannot be used
is told in the log, and the certificate from before goes on.
"""

from __future__ import annotations

import logging
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509

logger = logging.getLogger(__name__)

#: So long before its end a certificate that nobody has renewed is worth a warning.
SOON = timedelta(days=14)
BOTH = "MAILROOM_TLS_CERT and MAILROOM_TLS_KEY belong together: set both, or neither."


class Certificate:
    """A certificate (with those it was signed by, in PEM) and its key. ValueError, with what to do, if unusable."""

    def __init__(self, certificate: str, key: str) -> None:
        if not (certificate and key):
            raise ValueError(BOTH)
        self._certificate, self._key = Path(certificate), Path(key)
        self._written = self._stamps()
        self._context = self._loaded()

    def context(self) -> ssl.SSLContext:
        """What the next connection is encrypted with."""
        written = self._stamps()
        if written != self._written:
            self._written = written
            try:
                self._context = self._loaded()
                logger.info("The mailroom's certificate was read anew.")
            except ValueError as error:
                logger.error("The mailroom goes on with the certificate it has: %s", error)
        return self._context

    def ends(self) -> datetime:
        """When the certificate runs out."""
        found = x509.load_pem_x509_certificate(self._certificate.read_bytes())
        return found.not_valid_after_utc

    def runs_out_soon(self) -> bool:
        return self.ends() - datetime.now(UTC) < SOON

    def _stamps(self) -> tuple[int, int]:
        return _stamp(self._certificate), _stamp(self._key)

    def _loaded(self) -> ssl.SSLContext:
        for name, path in (("MAILROOM_TLS_CERT", self._certificate), ("MAILROOM_TLS_KEY", self._key)):
            try:
                path.read_bytes()
            except OSError as error:
                why = error.strerror or type(error).__name__
                raise ValueError(
                    f"{name}: {path} cannot be read ({why}). Name a PEM file that the mailroom's user may read."
                ) from error
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        try:
            context.load_cert_chain(self._certificate, self._key, password=_no_password)
        except ssl.SSLError as error:
            raise ValueError(self._why_not(error)) from error
        return context

    def _why_not(self, error: ssl.SSLError) -> str:
        reason = (error.reason or "").upper()
        if "MISMATCH" in reason:
            return (
                f"MAILROOM_TLS_KEY: {self._key} is not the key of the certificate {self._certificate}. "
                "Name the key that the certificate was made for."
            )
        try:
            x509.load_pem_x509_certificate(self._certificate.read_bytes())
        except ValueError:
            return (
                f"MAILROOM_TLS_CERT: {self._certificate} holds no certificate in PEM form. "
                "Name a file that begins with BEGIN CERTIFICATE, such as fullchain.pem."
            )
        return (
            f"MAILROOM_TLS_KEY: {self._key} holds no private key in PEM form that opens without a password. "
            "Name a file such as privkey.pem."
        )


def _no_password() -> bytes:
    """A key with a password would be asked for on a terminal that nobody sits at; this one does not open it."""
    return b""


def _stamp(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
