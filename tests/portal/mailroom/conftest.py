"""The mailroom on loopback, in a thread of its own."""

from __future__ import annotations

import asyncio
import smtplib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from portal.inbound import Door, Mail
from portal.mailroom import server
from portal.mailroom.server import Options, serve

WAIT = 10
NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


class Running:
    """A mailroom that listens, and how to speak to it."""

    def __init__(self, **options: Any) -> None:
        self.options = Options(host="127.0.0.1", port=0, name="desk.example", **options)
        self.port = 0
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    async def _serve(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        await serve(self.options, stopping=self._stopping, ready=self._tell)

    def _tell(self, host: str, port: int) -> None:
        self.port = port
        self._ready.set()

    def begin(self) -> None:
        self._thread.start()
        assert self._ready.wait(WAIT)

    def ask_to_stop(self) -> None:
        assert self._loop is not None
        assert self._stopping is not None
        self._loop.call_soon_threadsafe(self._stopping.set)

    def end(self) -> None:
        if self._thread.is_alive():
            self.ask_to_stop()
        self._thread.join(WAIT)
        assert not self._thread.is_alive()

    def client(self) -> smtplib.SMTP:
        if self.options.protocol == "lmtp":
            return smtplib.LMTP("127.0.0.1", self.port, local_hostname="mx.test")
        return smtplib.SMTP("127.0.0.1", self.port, local_hostname="mx.test", timeout=WAIT)

    def send(self, octets: bytes, *to: str, sender: str = "") -> dict[str, tuple[int, bytes]]:
        """Hand a mail over; returns the recipients that were refused. SMTPException where all were, or the mail was."""
        with self.client() as client:
            return client.sendmail(sender, list(to), octets)


@contextmanager
def running(**options: Any) -> Iterator[Running]:
    """A mailroom until the block ends."""
    mailroom = Running(**options)
    mailroom.begin()
    try:
        yield mailroom
    finally:
        mailroom.end()


def one_door(monkeypatch: pytest.MonkeyPatch, door: Door) -> None:
    """Have the server know this door alone, and call it without a database."""

    def deliver(octets: bytes, *, recipients: list[str], **facts: str) -> None:
        for recipient in recipients:
            door.take(Mail(octets=octets, recipient=recipient, at=NOON, **facts))

    monkeypatch.setattr(server, "deliver", deliver)
    monkeypatch.setattr(server, "knows", door.knows)
    monkeypatch.setattr(server.connection, "vendor", "postgresql")


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[Mail]:
    """What a door took that knows every address at desk.example."""
    mails: list[Mail] = []
    one_door(monkeypatch, Door("all", lambda address: address.endswith("@desk.example"), mails.append))
    return mails
