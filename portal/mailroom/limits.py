"""How many mails one sender may bring in a minute. What is more is put off, never refused: nothing is lost by it."""

from __future__ import annotations

import time
from collections.abc import Callable

MINUTE = 60.0
#: So many senders are remembered; beyond it those whose minute is over are forgotten.
MOST_PEERS = 10_000


class Limits:
    """Counts by sender, in windows of a minute."""

    def __init__(self, a_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._a_minute = a_minute
        self._clock = clock
        self._counts: dict[str, tuple[float, int]] = {}

    def allow(self, peer: str) -> bool:
        """Count one mail of ``peer``; False where that is more than it may bring."""
        now = self._clock()
        begun, count = self._counts.get(peer, (now, 0))
        if now - begun >= MINUTE:
            begun, count = now, 0
        if len(self._counts) >= MOST_PEERS and peer not in self._counts:
            self._counts = {name: item for name, item in self._counts.items() if now - item[0] < MINUTE}
            if len(self._counts) >= MOST_PEERS:
                return False
        self._counts[peer] = begun, count + 1
        return count < self._a_minute
