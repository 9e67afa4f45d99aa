"""What is remembered, and for how long."""

from __future__ import annotations

import asyncio

import pytest

from diagnostics.engine.cache import Cache
from diagnostics.engine.resolver import Answer, DNSResolver, Status
from tests.diagnostics.dns_server import DNSServer, zone_of


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("status", "ttl", "seconds"),
    [
        (Status.OK, 0, 5),  # P22
        (Status.OK, 300, 300),
        (Status.OK, 604800, 3600),  # P22
        (Status.NXDOMAIN, 60, 60),  # P23
        (Status.NODATA, 0, 5),
        (Status.NODATA, 86400, 3600),
        (Status.TIMEOUT, None, 5),  # P24
        (Status.SERVFAIL, None, 5),
        (Status.BOGUS, None, 5),
    ],
)
def test_p22_p23_p24_how_long_an_answer_lives(status: Status, ttl: int | None, seconds: float) -> None:
    clock = Clock()
    cache = Cache(clock=clock)
    cache.put(Answer("north.example", "TXT", status, ttl=ttl))
    clock.now += seconds - 0.1
    kept = cache.get("north.example", "TXT")
    assert kept is not None
    assert kept.status is status
    clock.now += 0.2
    assert cache.get("north.example", "TXT") is None


def test_a_remembered_answer_says_how_old_it_is() -> None:
    clock = Clock()
    cache = Cache(clock=clock)
    cache.put(Answer("north.example", "TXT", Status.OK, ("x",), ttl=300, elapsed_ms=20.0))
    clock.now += 12
    kept = cache.get("north.example", "TXT")
    assert kept is not None
    assert (kept.ttl, kept.elapsed_ms, kept.records) == (288, 0.0, ("x",))
    assert "12 s" in kept.note


def test_it_forgets_the_oldest_when_full() -> None:
    cache = Cache(size=2)
    for name in "abc":
        cache.put(Answer(name, "TXT", Status.OK, ttl=300))
    assert [name for name in "abc" if cache.get(name, "TXT")] == ["b", "c"]
    cache.clear()
    assert cache.get("c", "TXT") is None


def test_a_resolver_remembers_unless_asked_to_look_afresh() -> None:
    cache = Cache()
    with DNSServer(zone_of({"north.example": ['300 TXT "x"']})) as server:
        for fresh, questions in ((False, 1), (False, 1), (True, 2), (False, 2)):
            resolver = DNSResolver([server.address], cache, fresh=fresh)
            assert asyncio.run(resolver.query("NORTH.example", "TXT")).records == ("x",)
            assert len(server.asked) == questions
