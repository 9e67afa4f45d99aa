"""A resolver that denies everything is not believed; one that finds things is, also when it denies."""

from __future__ import annotations

import asyncio

from diagnostics.engine.canary import Canary
from diagnostics.engine.resolver import Answer, Status
from diagnostics.engine.zone import Zone

COM = {"com": {"NS": ["a.gtld-servers.net"]}}
NORTH = {"north.example": {"TXT": ["v=spf1 -all"]}}


def ask(zone: Zone, *names: str) -> list[Status]:
    async def all_of_them() -> list[Answer]:
        canary = Canary(zone)
        return [await canary.query(name, "TXT") for name in names]

    return [answer.status for answer in asyncio.run(all_of_them())]


def test_who_denies_that_com_exists_is_not_believed() -> None:
    assert ask(Zone({}), "corp.example", "other.example") == [Status.ERROR, Status.ERROR]


def test_who_knows_com_is_believed() -> None:
    assert ask(Zone(COM), "corp.example") == [Status.NXDOMAIN]


def test_who_has_found_something_is_believed() -> None:
    assert ask(Zone(NORTH), "north.example", "corp.example") == [Status.OK, Status.NXDOMAIN]


def test_what_failed_stays_what_it_was() -> None:
    assert ask(Zone({"corp.example": "TIMEOUT"}), "corp.example") == [Status.TIMEOUT]


def test_a_canary_that_cannot_be_asked_about_leaves_the_denial() -> None:
    assert ask(Zone({"com": "TIMEOUT"}), "corp.example") == [Status.NXDOMAIN]
