"""Fetching an MTA-STS policy (RFC 8461 §3.3): one HTTPS GET, no redirect, a valid certificate, 64 KB at most."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import h11

from diagnostics.engine.connect import MOST_OCTETS, Connection, ConnectProblem, Door
from diagnostics.engine.outside.http import next_event

PATH = "/.well-known/mta-sts.txt"
SECONDS = 5.0


async def fetch(door: Door, host: str, addresses: Sequence[str]) -> tuple[str, ...]:
    """What ``host`` serves: the status with the media type (``200 text/plain``), then the body.

    Where the certificate is not valid, or too much is sent, that alone: ``tls …``, ``too_much …``. ConnectProblem where
    nothing can be said of the policy.
    """
    try:
        async with asyncio.timeout(SECONDS):
            connection = await door.open(addresses, door.https_port, seconds=SECONDS, tls_name=host)
            async with connection:
                return await _get(connection, host)
    except TimeoutError as error:
        raise ConnectProblem("timeout", f"{host} did not send the policy within {SECONDS:g} s.") from error
    except ConnectProblem as problem:
        if problem.code in ("tls", "too_much"):
            return (f"{problem.code} {problem.text}",)
        raise


async def _get(connection: Connection, host: str) -> tuple[str, ...]:
    http = h11.Connection(our_role=h11.CLIENT, max_incomplete_event_size=16 * 1024)
    headers = [("Host", host), ("User-Agent", "delivery-desk"), ("Accept", "text/plain"), ("Connection", "close")]
    request = http.send(h11.Request(method="GET", target=PATH, headers=headers))
    await connection.write((request or b"") + (http.send(h11.EndOfMessage()) or b""))
    head, body = "", b""
    try:
        while not isinstance(event := await next_event(http, connection), h11.EndOfMessage | h11.ConnectionClosed):
            if isinstance(event, h11.Response):
                kind = dict(event.headers).get(b"content-type", b"").decode("latin-1")
                head = f"{event.status_code} {kind.partition(';')[0].strip().lower()}"
                if event.status_code != 200:
                    # RFC 8461 §3.3: a redirect is not followed, and the text of an error is no policy.
                    return (head, "")
            elif isinstance(event, h11.Data):
                body += event.data
                if len(body) > MOST_OCTETS:
                    raise ConnectProblem("too_much", f"The policy is longer than {MOST_OCTETS} bytes.")
    except h11.RemoteProtocolError as error:
        raise ConnectProblem("closed", f"What {host} sent is no HTTP: {error}") from error
    return (head, body.decode("utf-8", "replace"))
