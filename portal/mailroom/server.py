"""The one door for inbound mail: an SMTP or LMTP server (RFC 5321, RFC 2033) that knows a few addresses and no others.

It never sends anything and never writes a bounce: what it does not take it refuses while the other server is there,
with a code and a reason. It says 250 only when the mail is committed. A mail that is told twice is stored once, so a
connection that breaks after the commit does no harm.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.db import connection, connections

from portal.inbound import Refused
from portal.mailroom.delivering import NOT_KNOWN, deliver, knows
from portal.mailroom.encryption import Certificate
from portal.mailroom.limits import Limits

logger = logging.getLogger(__name__)
T = TypeVar("T")

LATER = "451 4.3.0 It could not be stored just now. Try again later."
#: Who brings more at once waits.
MOST_CONNECTIONS = 100
MOST_RECIPIENTS = 100
#: Some programs write whole paragraphs on one line.
MOST_LINE = 1 << 16
#: Commands of one kind in a connection.
MOST_COMMANDS = 2000
#: Seconds in which a command, or all of a mail, must have come.
PATIENCE = 120.0
#: Seconds that are given to mails on their way in when the mailroom is stopped.
GRACE = 4.0


@dataclass(slots=True, kw_only=True)
class Options:
    """How the server listens. ``name`` is how it greets, ``most_octets`` the size of the largest mail.

    ``certificate`` and ``key`` are files in PEM; without them connections are not encrypted.
    """

    host: str
    port: int
    protocol: str = "smtp"
    name: str = "localhost"
    most_octets: int = 10 << 20
    a_minute: int = 600
    certificate: str = ""
    key: str = ""


@dataclass(slots=True)
class Room:
    """What all connections share, and what is done at each step of a mail (aiosmtpd's handler)."""

    limits: Limits
    pool: ThreadPoolExecutor
    certificate: Certificate | None = None
    connections: set[Any] = field(default_factory=set)
    busy: set[Any] = field(default_factory=set)

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if not self.limits.allow(str(session.peer[0]) if session.peer else ""):
            return "450 4.7.1 Too many mails in a minute. Try again later."
        # aiosmtpd takes an empty sender for none at all.
        envelope.mail_from = address or "<>"
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return "452 4.5.3 Too many recipients at once."
        if len(address) > 320 or "\x00" in address or not await self._in_pool(partial(knows, address)):
            return NOT_KNOWN
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        octets = envelope.original_content or b""
        sender = (envelope.mail_from or "").strip("<>")
        store = partial(
            deliver,
            octets,
            recipients=list(envelope.rcpt_tos),
            sender=sender,
            source="mailroom",
            peer=str(session.peer[0]) if session.peer else "",
            helo=str(session.host_name or "")[:255],
            tls=_tls_of(session),
        )
        try:
            await self._in_pool(store)
        except Refused as refusal:
            return refusal.reply
        except Exception:
            # Whatever it was, nothing is stored; the other server keeps the mail and comes again.
            logger.exception("A mail from %s could not be stored; its server was asked to try again.", session.peer)
            return LATER
        return "250 2.0.0 It is stored."

    async def handle_exception(self, error: Exception) -> str:
        logger.error("The mailroom failed in a conversation.", exc_info=error)
        return LATER

    async def _in_pool(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self.pool, _with_database, call)


def _tls_of(session: Session) -> str:
    """The version by which the connection is encrypted, "TLSv1.3"; empty where it is not."""
    cipher = (session.ssl or {}).get("cipher")
    return str(cipher[1]) if cipher else ""


def _with_database(call: Callable[[], T]) -> T:
    """Call with a database connection of this thread's own, which is closed behind it."""
    try:
        return call()
    finally:
        connections.close_all()


class Conversation(SMTP):
    """One connection."""

    line_length_limit = MOST_LINE

    def __init__(self, room: Room, options: Options) -> None:
        self.room = room
        self._is_turned_away = False
        self._replies = 1
        super().__init__(
            room,
            data_size_limit=options.most_octets,
            enable_SMTPUTF8=True,
            hostname=options.name,
            ident="Delivery Desk",
            timeout=PATIENCE,
            command_call_limit=MOST_COMMANDS,
            tls_context=room.certificate.context() if room.certificate else None,
            loop=asyncio.get_running_loop(),
        )

    def connection_made(self, transport: Any) -> None:
        # Once a connection is encrypted it is made a second time.
        if self not in self.room.connections and len(self.room.connections) >= MOST_CONNECTIONS:
            self._is_turned_away = True
            transport.write(b"421 4.3.2 Too many connections. Try again later.\r\n")
            transport.close()
            return
        self.room.connections.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.room.connections.discard(self)
        if not self._is_turned_away:
            super().connection_lost(error)

    def eof_received(self) -> bool | None:
        return None if self._is_turned_away else super().eof_received()

    def data_received(self, data: bytes) -> None:
        if not self._is_turned_away:
            super().data_received(data)

    async def smtp_DATA(self, arg: str) -> None:
        self.room.busy.add(self)
        try:
            await super().smtp_DATA(arg)
        finally:
            self.room.busy.discard(self)

    def say_goodbye(self) -> None:
        """End the connection from our side. Nobody may be there any more, so nothing is waited for."""
        transport = self.transport
        if isinstance(transport, asyncio.Transport) and not transport.is_closing():
            transport.write(b"421 4.3.2 The mailroom is being stopped. Try again later.\r\n")
            transport.close()


class LocalConversation(Conversation, LMTP):
    """LMTP: after the mail there is one reply for each recipient that was taken (RFC 2033 §4.2)."""

    async def smtp_DATA(self, arg: str) -> None:
        self._replies = max(1, len(self.envelope.rcpt_tos) if self.envelope else 1)
        try:
            await super().smtp_DATA(arg)
        finally:
            self._replies = 1

    async def push(self, status: Any) -> None:
        for _ in range(1 if str(status).startswith("354") else self._replies):
            await super().push(status)


async def serve(options: Options, *, stopping: asyncio.Event, ready: Callable[[str, int], None]) -> None:
    """Listen until ``stopping`` is set; ``ready`` is told where. OSError where the address cannot be had, ValueError
    where the certificate cannot be used.

    When it is stopped, nobody new is let in, mails on their way in are finished, and the others are told to come again.
    """
    logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd tells every line of a conversation.
    has_tls = bool(options.certificate or options.key)
    certificate = Certificate(options.certificate, options.key) if has_tls else None
    # SQLite has one writer: a second would only wait.
    workers = 4 if connection.vendor == "postgresql" else 1
    with ThreadPoolExecutor(workers, thread_name_prefix="mailroom") as pool:
        room = Room(Limits(options.a_minute), pool, certificate)
        kind = LocalConversation if options.protocol == "lmtp" else Conversation
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: kind(room, options), options.host, options.port)
        try:
            ready(*server.sockets[0].getsockname()[:2])
            await stopping.wait()
        finally:
            server.close()
            await _end(room)


async def _end(room: Room) -> None:
    deadline = asyncio.get_running_loop().time() + GRACE
    for conversation in room.connections - room.busy:
        conversation.say_goodbye()
    while room.busy and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(0.02)
    for conversation in set(room.connections):
        conversation.say_goodbye()
