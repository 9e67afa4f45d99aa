"""Receiving servers, each with a habit of its own, on ports of this machine.

They speak SMTP by aiosmtpd, as the desk's own mailroom does. Three cannot: one greets with a refusal, one says nothing
at all, and one is not there.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from aiosmtpd.smtp import SMTP, Envelope, Session

TAKEN = "250 2.0.0 Ok: queued as 4XYZ12ABCD"


@dataclass(slots=True)
class Receiver:
    """How one server answers.

    ``at_recipient`` and ``at_data`` are what it says there; ``first`` what it says the first time a recipient is named.
    ``only`` are those whom ``at_recipient`` is said to; none: all. ``greeting`` ends the conversation, and an empty one
    is silence. ``called_from`` are the addresses that named a recipient. ``listens_at`` is an address of this machine:
    0.0.0.0, which all its names stand for here, leads a caller that is bound to an address to that very one.
    """

    at_recipient: str = ""
    at_data: str = TAKEN
    first: str = ""
    only: str = ""
    greeting: str | None = None
    size: int = 0
    wants_tls: bool = False
    is_there: bool = True
    has_name: bool = True
    listens_at: str = "127.0.0.1"
    seen: set[str] = field(default_factory=set)
    called_from: set[str] = field(default_factory=set)

    # aiosmtpd calls these by name.
    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.called_from.add(session.peer[0])
        if self.first and address not in self.seen:
            self.seen.add(address)
            return self.first
        if self.at_recipient and (not self.only or address == self.only):
            return self.at_recipient
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        return self.at_data

    def protocol(self) -> SMTP:
        """A conversation with it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if self.wants_tls else None
        return SMTP(
            self,
            hostname="mx.example",
            ident="ESMTP",
            data_size_limit=self.size or None,
            tls_context=context,
            require_starttls=self.wants_tls,
        )

    async def speak(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Say the greeting and go; without one, wait for the other to go."""
        if self.greeting:
            writer.write(f"{self.greeting}\r\n".encode())
            await writer.drain()
        else:
            await reader.read()
        writer.close()


@contextmanager
def running(receivers: Mapping[str, Receiver]) -> Iterator[dict[str, int]]:
    """The port of each domain's server; 0 where the domain's server has no name that anybody knows."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    servers: list[asyncio.Server] = []
    # Bound and not listened at: whoever calls there is refused, and nobody else can come to listen there.
    with socket.socket() as dead:
        dead.bind(("127.0.0.1", 0))
        ports: dict[str, int] = {}
        for domain, receiver in receivers.items():
            if not receiver.is_there or not receiver.has_name:
                ports[domain] = dead.getsockname()[1] if receiver.has_name else 0
                continue
            server = asyncio.run_coroutine_threadsafe(_serve(receiver), loop).result(10)
            servers.append(server)
            ports[domain] = server.sockets[0].getsockname()[1]
        try:
            yield ports
        finally:
            asyncio.run_coroutine_threadsafe(_end(servers), loop).result(10)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(10)
            loop.close()


async def _serve(receiver: Receiver) -> asyncio.Server:
    if receiver.greeting is not None:
        speak: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]] = receiver.speak
        return await asyncio.start_server(speak, receiver.listens_at, 0)
    return await asyncio.get_running_loop().create_server(receiver.protocol, receiver.listens_at, 0)


async def _end(servers: list[asyncio.Server]) -> None:
    for server in servers:
        server.close()
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
