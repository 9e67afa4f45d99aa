"""Wrong settings stop the start with what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from diagnostics.system_checks import lists_are_known, resolvers_can_be_read, zone_can_be_read


@pytest.mark.parametrize(
    ("resolvers", "ids"),
    [([], []), (["192.0.2.53", "[2001:db8::53]:5353"], []), (["dns example:x"], ["diagnostics.E001"])],
)
def test_resolvers(resolvers: list[str], ids: list[str], settings: Any) -> None:
    settings.RESOLVERS = resolvers
    assert [item.id for item in resolvers_can_be_read(None)] == ids


@pytest.mark.parametrize(
    ("content", "ids"),
    [("{}", []), ("{", ["diagnostics.E002"]), ("[]", ["diagnostics.E002"]), (None, ["diagnostics.E002"])],
)
def test_the_zone(content: str | None, ids: list[str], settings: Any, tmp_path: Path) -> None:
    path = tmp_path / "zone.json"
    if content is not None:
        path.write_text(content)
    settings.DIAGNOSTICS_ZONE = str(path)
    assert [item.id for item in zone_can_be_read(None)] == ids


@pytest.mark.parametrize(
    ("zones", "ids"),
    [
        ([], []),
        (["none"], []),
        (["zen.spamhaus.org", "list.dnswl.org"], []),
        (["zen.spamhaus.org", "none"], ["diagnostics.E003"]),
        (["zen.spamhouse.org"], ["diagnostics.E003"]),
    ],
)
def test_the_lists(zones: list[str], ids: list[str], settings: Any) -> None:
    settings.DNSBL_ZONES = zones
    assert [item.id for item in lists_are_known(None)] == ids


def test_none_is_fine(settings: Any) -> None:
    settings.DIAGNOSTICS_ZONE = ""
    assert zone_can_be_read(None) == []
