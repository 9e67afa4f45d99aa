"""The compose file: every service watched, every secret asked for, nothing waiting for what is not there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

FILE = Path(__file__).resolve().parents[2] / "docker-compose.yml"
TEXT = FILE.read_text(encoding="utf-8")
SERVICES: dict[str, Any] = yaml.safe_load(TEXT)["services"]
#: It ends when it has done its work.
ONCE = {"migrate"}


def test_the_served_shape_is_whole() -> None:
    assert set(SERVICES) == {"migrate", "web", "worker", "beat", "mailroom", "postgres", "redis", "unbound"}


@pytest.mark.parametrize("name", sorted(set(SERVICES) - ONCE))
def test_every_service_is_watched_and_comes_back(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"]
    assert SERVICES[name]["restart"] == "unless-stopped"


def test_no_secret_has_a_default() -> None:
    for name in ("SECRET_KEY", "POSTGRES_PASSWORD", "REDIS_PASSWORD"):
        uses = re.findall(rf"\$\{{{name}(:?[?-]?)", TEXT)
        assert uses
        assert set(uses) == {":?"}


def test_who_waits_waits_for_somebody() -> None:
    for service in SERVICES.values():
        for other, how in service.get("depends_on", {}).items():
            assert other in SERVICES
            condition = how["condition"]
            assert condition == ("service_completed_successfully" if other in ONCE else "service_healthy")


def test_named_volumes_exist() -> None:
    declared = set(yaml.safe_load(TEXT)["volumes"])
    used = {
        volume.partition(":")[0]
        for service in SERVICES.values()
        for volume in service.get("volumes", [])
        if not volume.startswith(".")
    }
    assert used == declared
