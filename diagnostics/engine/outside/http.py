"""HTTP over a connection of the one door: the events of an answer, as they come (RFC 9112)."""

from __future__ import annotations

import h11

from diagnostics.engine.connect import Connection


async def next_event(http: h11.Connection, connection: Connection) -> h11.Event | type[h11.PAUSED]:
    """The next event of the answer; h11.RemoteProtocolError where what comes is no HTTP, or breaks off."""
    while (event := http.next_event()) is h11.NEED_DATA:
        http.receive_data(await connection.read())
    return event  # type: ignore[return-value]
