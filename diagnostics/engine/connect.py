"""The one door to the network besides DNS: every connection to a stranger's server is opened here.

Who names the server is a stranger too: an MX record, or a name we build from a domain that somebody typed. So the
address is judged at the moment of connecting, and the connection goes to the very address that was judged; a name that
answers differently the second time gains nothing. What comes back is bounded in octets and in time, and there are three
ports and no more.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from diagnostics.engine.ip import is_documentation

SMTP_PORT = 25
HTTP_PORT = 80
HTTPS_PORT = 443
MOST_OCTETS = 64 * 1024
LONGEST_LINE = 4096

#: What looks global to Python and still leads somewhere else: an IPv4 address within an IPv6 one, or a relay for it.
_DISGUISED = tuple(
    ipaddress.ip_network(net)
    for net in (
        "::/96",  # IPv4-compatible, RFC 4291 §2.5.5.1
        "::ffff:0:0:0/96",  # IPv4-translated, RFC 2765 §2.1
        "64:ff9b::/96",  # NAT64, RFC 6052 §2.1
        "64:ff9b:1::/48",  # local NAT64, RFC 8215
        "2001::/32",  # Teredo, RFC 4380 §2.6
        "2002::/16",  # 6to4, RFC 3056 §2
        "5f00::/16",  # segment routing, RFC 9602
        "fec0::/10",  # site-local, RFC 3879
        "192.88.99.0/24",  # 6to4 relays, RFC 7526
    )
)


class ConnectProblem(Exception):
    """A connection that was not made, or broke. ``code`` is for programs, ``text`` for people.

    ``code``: ``forbidden`` (we do not connect there), ``no_address``, ``unreachable``, ``timeout``, ``tls`` (the
    certificate or the handshake), ``too_much`` (more octets than we read), ``closed``.
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


def is_public(address: str) -> bool:
    """``address`` is one on the open internet; every disguise of another counts as what it hides.

    Python's own ``is_private`` and ``is_global`` are not enough: multicast, NAT64, 6to4 and Teredo pass them.
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.scope_id is not None:
            return False
        ip = ip.ipv4_mapped or ip
    if any(ip.version == net.version and ip in net for net in _DISGUISED):
        return False
    return ip.is_global and not (
        is_documentation(ip) or ip.is_multicast or ip.is_reserved or ip.is_unspecified or ip.is_loopback
    )


@dataclass(frozen=True, slots=True)
class Door:
    """Where connections may go. The defaults are the product; a test opens the door to its own servers.

    ``context`` makes the TLS context by which a server must show a valid certificate for its name.
    """

    may_reach: Callable[[str], bool] = is_public
    smtp_port: int = SMTP_PORT
    https_port: int = HTTPS_PORT
    http_port: int = HTTP_PORT
    context: Callable[[], ssl.SSLContext] = ssl.create_default_context

    async def open(self, addresses: Sequence[str], port: int, *, seconds: float, tls_name: str = "") -> Connection:
        """A connection to the first of ``addresses`` that may be reached and answers, within ``seconds`` for all.

        With ``tls_name`` the connection is encrypted at once, and the certificate must be valid for that name.
        ConnectProblem says why there is none.
        """
        if port not in (self.smtp_port, self.https_port, self.http_port):
            raise ConnectProblem("forbidden", f"Port {port} is none we connect to.")
        if not addresses:
            raise ConnectProblem("no_address", "There is no address to connect to.")
        allowed = [address for address in addresses if self.may_reach(address)]
        if not allowed:
            text = f"{', '.join(addresses[:4])} is not on the open internet, so we do not connect there."
            raise ConnectProblem("forbidden", text)
        problem = ConnectProblem("unreachable", "No address could be reached.")
        try:
            async with asyncio.timeout(seconds):
                for address in allowed:
                    try:
                        return await self._open_one(address, port, tls_name)
                    except ConnectProblem as error:
                        problem = error
        except TimeoutError as error:
            raise ConnectProblem("timeout", f"No connection within {seconds:g} s.") from error
        raise problem

    async def _open_one(self, address: str, port: int, tls_name: str) -> Connection:
        try:
            reader, writer = await asyncio.open_connection(
                address,
                port,
                limit=LONGEST_LINE,
                ssl=self.context() if tls_name else None,
                server_hostname=tls_name or None,
            )
        except ssl.SSLError as error:
            raise ConnectProblem("tls", tls_text(error)) from error
        except OSError as error:
            raise ConnectProblem("unreachable", f"{address} port {port}: {error.strerror or error}") from error
        return Connection(address, reader, writer)


def tls_text(error: ssl.SSLError) -> str:
    """Why a handshake failed, in a line."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"The certificate is not valid: {error.verify_message}."
    return f"The encrypted connection could not be made: {(error.reason or str(error)).replace('_', ' ').lower()}."


class Connection:
    """An open connection. Reads at most ``MOST_OCTETS`` in all, and closes when its ``async with`` block ends."""

    def __init__(self, address: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.address = address
        self._reader = reader
        self._writer = writer
        self._left = MOST_OCTETS

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._writer.close()
        # A server that never closes its side, or breaks the line, must not hold us.
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(0.2):
                await self._writer.wait_closed()

    async def read(self) -> bytes:
        """What has come, at least an octet; empty at the end."""
        try:
            octets = await self._reader.read(4096)
        except OSError as error:
            raise ConnectProblem("closed", f"The connection broke: {error.strerror or error}") from error
        return self._counted(octets)

    async def read_line(self) -> bytes:
        """The next line without its end; empty octets with ConnectProblem ``closed`` at the end of all."""
        try:
            line = await self._reader.readuntil(b"\n")
        except asyncio.IncompleteReadError as error:
            raise ConnectProblem("closed", "The server closed the connection.") from error
        except asyncio.LimitOverrunError as error:
            raise ConnectProblem("too_much", f"A line is longer than {LONGEST_LINE} bytes.") from error
        except OSError as error:
            raise ConnectProblem("closed", f"The connection broke: {error.strerror or error}") from error
        return self._counted(line).rstrip(b"\r\n")

    async def write(self, octets: bytes) -> None:
        """Send ``octets``."""
        try:
            self._writer.write(octets)
            await self._writer.drain()
        except OSError as error:
            raise ConnectProblem("closed", f"The connection broke: {error.strerror or error}") from error

    @property
    def has_unread(self) -> bool:
        """Something has come already that nobody has read: before TLS starts, that is an injection (CVE-2011-0411)."""
        return bool(self._reader._buffer)  # type: ignore[attr-defined]

    async def start_tls(self, context: ssl.SSLContext, name: str) -> None:
        """Encrypt from here on; ConnectProblem ``tls`` where the handshake or the certificate fails."""
        try:
            await self._writer.start_tls(context, server_hostname=name)
        except ssl.SSLError as error:
            raise ConnectProblem("tls", tls_text(error)) from error
        except OSError as error:
            raise ConnectProblem("tls", f"The encrypted connection broke off: {error.strerror or error}") from error

    @property
    def tls(self) -> ssl.SSLObject | None:
        """What is known of the encryption; None while there is none."""
        found: ssl.SSLObject | None = self._writer.get_extra_info("ssl_object")
        return found

    def _counted(self, octets: bytes) -> bytes:
        self._left -= len(octets)
        if self._left < 0:
            raise ConnectProblem("too_much", f"The server sent more than {MOST_OCTETS} bytes.")
        return octets
