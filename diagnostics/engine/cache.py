"""What DNS said a moment ago, remembered for as long as DNS allows and no longer.

Positive answers live by their TTL, absence by the zone's SOA (RFC 2308 §5), both between a floor and a ceiling: nobody
should be asked the same thing five times a second, and nobody should wait a week to see what they mended. A failure is
remembered for a few seconds only, as the failure it was (RFC 9520 §3.2), never as absence.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace

from diagnostics.engine.resolver import Answer

FLOOR = 5.0
CEILING = 3600.0


@dataclass(frozen=True, slots=True)
class _Kept:
    answer: Answer
    since: float
    until: float


class Cache:
    """Answers by name and type, at most ``size`` of them; may be shared by threads."""

    def __init__(self, *, size: int = 20_000, clock: Callable[[], float] = time.monotonic) -> None:
        self._size = size
        self._clock = clock
        self._kept: OrderedDict[tuple[str, str], _Kept] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, name: str, rdtype: str) -> Answer | None:
        """The remembered answer, with what is left of its TTL and its age in ``note``; None when there is none."""
        now = self._clock()
        with self._lock:
            kept = self._kept.get((name, rdtype))
            if kept is None:
                return None
            if kept.until <= now:
                del self._kept[name, rdtype]
                return None
        answer, age = kept.answer, now - kept.since
        notes = (answer.note, f"remembered for {age:.0f} s")
        return replace(
            answer,
            ttl=None if answer.ttl is None else max(0, answer.ttl - int(age)),
            elapsed_ms=0.0,
            note="; ".join(note for note in notes if note),
        )

    def put(self, answer: Answer) -> None:
        """Remember ``answer`` for as long as it may be."""
        seconds = FLOOR if answer.is_unknown else min(max(float(answer.ttl or 0), FLOOR), CEILING)
        now = self._clock()
        with self._lock:
            self._kept[answer.name, answer.rdtype] = _Kept(answer, now, now + seconds)
            self._kept.move_to_end((answer.name, answer.rdtype))
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()
