"""Calling on a mail server as a sender would, and leaving before there is a message.

Greeting, EHLO, STARTTLS, EHLO again, QUIT; and, only where it is asked for, MAIL and RCPT before the QUIT. There is no
way here to send DATA: what goes to the server is a :class:`Verb`, and no verb of it begins a message. The server's
manners are respected: one connection, no pipelining, no second try, and the line is closed with QUIT.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_der_x509_certificate

from diagnostics.engine.connect import Connection, ConnectProblem, Door

#: RFC 5321 §4.5.3.2.1 lets a greeting take five minutes. Whoever looks on has less patience, and a late greeting is
#: then "could not find out".
CONNECT_SECONDS = 4.0
SECONDS = 7.0
MOST_LINES = 60


class Verb(StrEnum):
    """All that is ever said to a mail server."""

    EHLO = "EHLO"
    HELO = "HELO"
    STARTTLS = "STARTTLS"
    MAIL = "MAIL FROM:"
    RCPT = "RCPT TO:"
    RSET = "RSET"
    QUIT = "QUIT"


@dataclass(frozen=True, slots=True)
class Probe:
    """How the desk introduces itself. With ``recipient`` that address is asked for, written to by ``sender``."""

    helo: str
    sender: str = ""
    recipient: str = ""

    def __post_init__(self) -> None:
        for text in (self.helo, self.sender, self.recipient):
            if re.search(r"[\x00-\x20<>\x7f]", text):
                raise ValueError(f"{text!r} cannot be said in a command.")


class _OverError(Exception):
    """The dialogue is over: the server said or did what ends it."""


@dataclass(slots=True)
class _Dialogue:
    """The lines of both sides, as they were said. ``S:`` is the server, ``C:`` we, ``!`` what happened besides."""

    connection: Connection
    lines: list[str] = field(default_factory=list)

    async def hear(self) -> tuple[int, list[str]]:
        """The next reply, its lines joined as RFC 5321 §4.2.1 has it: the code, and the text of each line."""
        texts: list[str] = []
        while True:
            line = (await self.connection.read_line()).decode("utf-8", "replace")
            if len(self.lines) >= MOST_LINES:
                raise ConnectProblem("too_much", "The server says more than we listen to.")
            self.lines.append(f"S: {line}")
            match = re.fullmatch(r"([2-5]\d\d)(?:([ -])(.*))?", line)
            if match is None:
                self.lines.append("! that is no reply of a mail server")
                raise _OverError
            texts.append(match[3] or "")
            if match[2] != "-":
                return int(match[1]), texts

    async def say(self, verb: Verb, argument: str = "") -> tuple[int, list[str]]:
        """Say ``verb`` and hear the reply."""
        text = verb.value + (argument if verb.value.endswith(":") else f" {argument}" if argument else "")
        self.lines.append(f"C: {text}")
        await self.connection.write(text.encode("utf-8") + b"\r\n")
        return await self.hear()


async def talk(door: Door, host: str, addresses: Sequence[str], probe: Probe) -> tuple[str, ...]:
    """The dialogue with the mail server ``host``, line by line; ConnectProblem where it never greeted."""
    dialogue: _Dialogue | None = None
    try:
        async with asyncio.timeout(SECONDS):
            connection = await door.open(addresses, door.smtp_port, seconds=CONNECT_SECONDS)
            async with connection:
                dialogue = _Dialogue(connection, [f"! connected to {connection.address}"])
                await _visit(dialogue, host, probe, door.context())
    except _OverError:
        pass
    except TimeoutError as error:
        if dialogue is None or len(dialogue.lines) < 2:
            raise ConnectProblem("timeout", f"{host} did not greet within {SECONDS:g} s.") from error
        dialogue.lines.append(f"! no further answer within {SECONDS:g} s")
    except ConnectProblem as problem:
        if dialogue is None or len(dialogue.lines) < 2:
            raise
        dialogue.lines.append(f"! {problem.text}")
    assert dialogue is not None  # Without one, an exception has left above.
    return tuple(dialogue.lines)


async def _visit(dialogue: _Dialogue, host: str, probe: Probe, context: ssl.SSLContext) -> None:
    code, _ = await dialogue.hear()
    if code != 220:
        # RFC 5321 §3.1: a server that does not want us says so at once, and waits for QUIT.
        await _leave(dialogue)
    code, words = await dialogue.say(Verb.EHLO, probe.helo)
    if code in (500, 502):
        code, words = await dialogue.say(Verb.HELO, probe.helo)
    if code != 250:
        await _leave(dialogue)
    if any(word.strip().upper() == "STARTTLS" for word in words[1:]):
        await _encrypt(dialogue, host, probe, context)
    if probe.recipient:
        await _ask_for(dialogue, probe)
    await _leave(dialogue)


async def _encrypt(dialogue: _Dialogue, host: str, probe: Probe, context: ssl.SSLContext) -> None:
    """STARTTLS, the handshake and EHLO again; a certificate that is not valid is noted, and ends the dialogue."""
    code, _ = await dialogue.say(Verb.STARTTLS)
    if code != 220:
        return
    if dialogue.connection.has_unread:
        # RFC 3207 §6: whatever stands behind the reply in clear was put there by somebody else.
        dialogue.lines.append("! more was sent in clear before the encryption began")
        raise _OverError
    try:
        await dialogue.connection.start_tls(context, host)
    except ConnectProblem as problem:
        dialogue.lines.append(f"! TLS: {problem.text}")
        raise _OverError from problem
    dialogue.lines.append(f"! TLS: {_described(dialogue.connection.tls)}, the certificate is valid for {host}")
    if digests := _digests(dialogue.connection.tls):
        dialogue.lines.append(f"! {digests}")
    code, _ = await dialogue.say(Verb.EHLO, probe.helo)
    if code != 250:
        await _leave(dialogue)


def _described(tls: ssl.SSLObject | None) -> str:
    return (tls.version() or "on") if tls else "on"


def _digests(tls: ssl.SSLObject | None) -> str:
    """What a TLSA record would hold of the server's certificate (RFC 6698 §2.1)."""
    der = tls.getpeercert(binary_form=True) if tls else None
    if not der:
        return ""
    key = load_der_x509_certificate(der).public_key()
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"certificate sha256={hashlib.sha256(der).hexdigest()} key sha256={hashlib.sha256(spki).hexdigest()}"


async def _ask_for(dialogue: _Dialogue, probe: Probe) -> None:
    code, _ = await dialogue.say(Verb.MAIL, f"<{probe.sender}>")
    if code == 250:
        await dialogue.say(Verb.RCPT, f"<{probe.recipient}>")
        await dialogue.say(Verb.RSET)


async def _leave(dialogue: _Dialogue) -> None:
    await dialogue.say(Verb.QUIT)
    raise _OverError
