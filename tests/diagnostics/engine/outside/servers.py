"""Servers on 127.0.0.1 that behave as a test wants, and the certificates they show."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import gc
import ssl
import threading
import warnings
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from diagnostics.engine.connect import Door

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Authority:
    """A certificate authority of the tests' own, and what it issues into ``folder``."""

    folder: Path
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def __post_init__(self) -> None:
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "An authority of the tests")])
        self.root = self._signed("An authority of the tests", self.key.public_key(), days=30, is_root=True)
        (self.folder / "root.pem").write_bytes(self.root.public_bytes(Encoding.PEM))

    def _signed(
        self, host: str, key: ec.EllipticCurvePublicKey, *, days: int, is_root: bool = False
    ) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        ends = now + datetime.timedelta(days=days)
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)]))
            .issuer_name(self.name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(min(now, ends) - datetime.timedelta(days=2))
            .not_valid_after(ends)
            .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
        )
        if not is_root:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def context_for(self, host: str, *, days: int = 30) -> ssl.SSLContext:
        """A server's context with a certificate for ``host`` that ends in so many ``days``."""
        key = ec.generate_private_key(ec.SECP256R1())
        path = self.folder / f"{host}-{days}.pem"
        path.write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            + self._signed(host, key.public_key(), days=days).public_bytes(Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def door(self, port: int) -> Door:
        """A door to 127.0.0.1 at ``port`` that trusts this authority."""
        return Door(
            may_reach=lambda address: True,
            smtp_port=port,
            https_port=port,
            context=lambda: ssl.create_default_context(cafile=str(self.folder / "root.pem")),
        )


@contextlib.contextmanager
def serving(serve: Serve, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> Iterator[int]:
    """The port at which ``serve`` handles each connection, in a thread of its own while the block lasts."""
    ready: list[int] = []
    began = threading.Event()
    loop = asyncio.new_event_loop()

    calls: list[bool] = []

    async def quiet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Left open otherwise when TLS took the connection over: the transport below is another then.
        below = writer.transport
        calls.append(True)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await serve(reader, writer)
                await writer.drain()
                writer.close()
                await writer.wait_closed()
        finally:
            writer.transport.abort()
            below.abort()

    async def run() -> None:
        server = await asyncio.start_server(quiet, host, 0, ssl=tls)
        ready.append(server.sockets[0].getsockname()[1])
        began.set()
        async with server:
            with contextlib.suppress(asyncio.CancelledError):
                await server.serve_forever()
        server.close()
        # Whoever was let in at the last moment gets as far as the handler, which closes what it was given; and a
        # handler whose client has gone comes to its end by itself.
        for _ in range(50):
            await asyncio.sleep(0.002)
            if len(asyncio.all_tasks()) == 1:
                break
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        # What was aborted is closed in the next rounds.
        await asyncio.sleep(0.01)

    def live() -> None:
        asyncio.set_event_loop(loop)
        main = loop.create_task(run())
        tasks.append(main)
        with contextlib.suppress(asyncio.CancelledError):
            loop.run_until_complete(main)
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()

    tasks: list[asyncio.Task[None]] = []
    thread = threading.Thread(target=live, daemon=True)
    thread.start()
    assert began.wait(5)
    try:
        yield ready[0]
    finally:
        loop.call_soon_threadsafe(tasks[0].cancel)
        thread.join(5)
        if calls:
            # A conversation that was cut off in the midst may leave a socket of this server to the collector.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ResourceWarning)
                gc.collect()
