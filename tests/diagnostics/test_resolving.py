"""The settings say which name servers are asked, and which zone is laid over them."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest

from diagnostics import resolving
from diagnostics.engine.zone import ZoneProblem
from diagnostics.resolving import resolver_from_settings
from tests.diagnostics.dns_server import DNSServer, zone_of


@pytest.fixture(autouse=True)
def _forgets(settings: Any) -> None:
    settings.DIAGNOSTICS_ZONE = ""
    resolving._remembered.clear()


def records(name: str, *, fresh: bool = False) -> tuple[str, ...]:
    return asyncio.run(resolver_from_settings(fresh=fresh).query(name, "TXT")).records


def test_what_one_run_learnt_the_next_remembers_unless_it_is_fresh(settings: Any) -> None:
    with DNSServer(zone_of({"college.edu": ['300 TXT "wire"']})) as server:
        settings.RESOLVERS = (server.address,)
        assert records("college.edu") == records("college.edu") == ("wire",)
        assert len(server.asked) == 1
        assert records("college.edu", fresh=True) == ("wire",)
        assert len(server.asked) == 2


def test_a_zone_file_is_laid_over_and_read_again_when_it_changes(settings: Any, tmp_path: Path) -> None:
    path = tmp_path / "zone.json"
    settings.DIAGNOSTICS_ZONE = str(path)
    for number, text in enumerate(("one", "two")):
        path.write_text(json.dumps({"north.example": {"TXT": [text]}}))
        os.utime(path, ns=(number, number))
        assert records("north.example") == (text,)


def test_a_zone_file_that_is_not_there_says_so(settings: Any, tmp_path: Path) -> None:
    settings.DIAGNOSTICS_ZONE = str(tmp_path / "none.json")
    with pytest.raises(ZoneProblem):
        resolver_from_settings()
