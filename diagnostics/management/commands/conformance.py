"""``manage.py conformance spf FILE.yml``: how our SPF evaluator fares in a suite written in the form of openspf's.

A suite is a YAML stream of scenarios, each with ``zonedata`` and ``tests``. A case names the address that connects, its
greeting and its MAIL FROM, and the results that may come out, with the explanation where there is one. The exit status
is 1 when any case failed, 2 when the file cannot be read.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml
from django.core.management.base import BaseCommand, CommandError, CommandParser

from diagnostics.engine.protocols.spf import check_host, in_dns_form
from diagnostics.engine.transcript import Recording
from diagnostics.engine.zone import Zone, ZoneProblem

BAD_INPUT = 2
RDTYPES = ("A", "AAAA", "MX", "PTR", "TXT")
#: The suite's word for "the explanation that the receiver has of its own"; ours is none.
DEFAULT = "DEFAULT"


@dataclass(frozen=True, slots=True)
class Failed:
    """One case whose result is not among those expected."""

    scenario: str
    case: str
    expected: str
    got: str


class Command(BaseCommand):
    help = "Run a conformance suite (the YAML form of openspf) against our own evaluator."
    # The engine needs neither the database nor the rest of the house to be in order.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("standard", choices=["spf"], help="The standard that the suite is about.")
        parser.add_argument("file", metavar="FILE", help="The suite.")
        parser.add_argument("--json", action="store_true", help="Print one JSON document.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            scenarios = list(yaml.safe_load_all(Path(options["file"]).read_text(encoding="utf-8")))
            cases, failed = asyncio.run(_run(scenarios))
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror}.", returncode=BAD_INPUT) from error
        except (yaml.YAMLError, UnicodeError, ZoneProblem, ValueError, KeyError, TypeError, AttributeError) as error:
            raise CommandError(f"{options['file']} is no suite: {error}", returncode=BAD_INPUT) from error
        if options["json"]:
            document = {
                "cases": cases,
                "passed": cases - len(failed),
                "failed": [asdict(item) for item in failed],
            }
            self.stdout.write(json.dumps(document, indent=1))
        else:
            for item in failed:
                self.stdout.write(f"{item.scenario}: {item.case}: expected {item.expected}, got {item.got}")
            self.stdout.write(f"{cases - len(failed)} of {cases} cases passed.")
        if failed:
            sys.exit(1)


async def _run(scenarios: list[Any]) -> tuple[int, list[Failed]]:
    """How many cases there are, and those that failed."""
    cases, failed = 0, []
    for scenario in scenarios:
        if not scenario:
            continue
        zone = Zone(dict(_names(scenario.get("zonedata") or {})))
        for name, case in scenario["tests"].items():
            cases += 1
            got, explanation = await _evaluate(zone, case)
            expected = [case["result"]] if isinstance(case["result"], str) else list(case["result"])
            wanted = case.get("explanation")
            wanted = "" if wanted == DEFAULT else wanted
            if got not in expected:
                failed.append(Failed(scenario["description"], name, " or ".join(expected), got))
            elif wanted is not None and wanted != explanation:
                failed.append(Failed(scenario["description"], name, f"{got}: {wanted}", f"{got}: {explanation}"))
    return cases, failed


async def _evaluate(zone: Zone, case: Mapping[str, Any]) -> tuple[str, str]:
    sender, helo = str(case["mailfrom"]), str(case["helo"])
    domain = sender.rpartition("@")[2] or helo  # RFC 7208 §2.4: an empty MAIL FROM is the greeting's postmaster.
    found = await check_host(Recording(zone), str(case["host"]), domain, sender or f"postmaster@{helo}", helo)
    return found.result.value, found.explanation


def _names(zonedata: Mapping[str, list[Any]]) -> Iterator[tuple[str, Any]]:
    """The suite's zone in the form of :class:`Zone`."""
    for name, entries in zonedata.items():
        held: dict[str, Any] = {}
        is_silent = False
        for entry in entries:
            if entry == "TIMEOUT":
                is_silent = True
                continue
            for rdtype, value in entry.items():
                # NONE says of a type that the name has none of it, though it may have been written as another.
                held.setdefault(rdtype, []).extend([] if value == "NONE" else [value])
        # The suite writes its records as type SPF (99) once, and means TXT by them unless TXT is given.
        if "SPF" in held:
            held.setdefault("TXT", held["SPF"])
        if is_silent:
            # What is not answered before this word is not answered at all.
            held = {rdtype: held.get(rdtype) or "TIMEOUT" for rdtype in RDTYPES}
        yield in_dns_form(str(name)), held
