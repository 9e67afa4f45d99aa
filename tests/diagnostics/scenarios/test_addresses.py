"""P103 to P108: the recipient as people type, paste and mistype it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from diagnostics.engine.cache import Cache
from diagnostics.engine.resolver import DNSResolver
from diagnostics.engine.transcript import Recording
from diagnostics.engine.zone import Zone
from tests.diagnostics.dns_server import DNSServer
from tests.diagnostics.scenarios.world import SUBJECT, WORLD, examined, expect, scenario, served, world

MX = WORLD["corp.example"]
FINE = "address.fine mx.fine"
TYPED = [
    pytest.param("lee@bücher.example", {"xn--bcher-kva.example": MX}, FINE, "mx.no_domain", id="p103"),
    pytest.param("lee@BÜCHER.example", {"xn--bcher-kva.example": MX}, FINE, "mx.no_domain", id="p103-capitals"),
    pytest.param("lee@corp。example", {}, FINE, "address.malformed", id="p103-other-full-stop"),
    pytest.param("lee@straße.example", {"xn--strae-oqa.example": MX}, FINE, "mx.no_domain", id="p104-sharp-s"),
    pytest.param("lee@strasse.example", {"xn--strae-oqa.example": MX}, "mx.no_domain", "mx.fine", id="p104-no-sharp-s"),
    pytest.param("lee@co\u200drp.example", {}, FINE, "address.malformed", id="p104-joiner"),
    pytest.param(
        "lee@c\u043erp.example", {"xn--crp-sed.example": MX}, "address.mixed_script", "mx.none", id="p104-mixed"
    ),
    pytest.param("léa@corp.example", {}, "address.international mx.fine", "address.malformed", id="p105"),
    pytest.param("lee@[192.0.2.1]", {}, "address.fine", "address.malformed mx.unknown", id="p106-literal"),
    pytest.param('"lee chan"@corp.example', {}, FINE, "address.malformed", id="p106-quoted"),
    pytest.param("lee@corp.example.", {}, FINE, "address.malformed", id="p106-final-dot"),
    pytest.param("lee+school@corp.example", {}, FINE, "address.malformed", id="p106-plus"),
    pytest.param("  lee@corp.example\u00a0\n", {}, FINE, "address.malformed", id="p106-blanks-around"),
    pytest.param("mailto:lee@corp.example", {}, FINE, "address.malformed", id="p106-link"),
    pytest.param("lee @corp.example", {}, "address.malformed", "address.fine", id="p106-blank-inside"),
    pytest.param("lee@gmial.com", {}, "address.typo mx.no_domain", "address.fine", id="p107"),
    pytest.param("lee@gmial.com", {"gmial.com": MX}, "address.typo_foreign mx.fine", "address.typo", id="p107-taken"),
    pytest.param("lee@gmial.com", {"gmial.com": "TIMEOUT"}, "mx.unknown", "address.typo", id="p107-silent"),
    pytest.param("lee@gmail.com", {"gmail.com": MX}, FINE, "address.typo address.typo_foreign", id="p107-right"),
    pytest.param("lee@CORP.Example", {}, FINE, "mx.no_domain", id="p108"),
]


@pytest.mark.parametrize(("typed", "changed", "has", "lacks"), TYPED)
def test_a_recipient_as_it_was_typed(typed: str, changed: dict[str, Any], has: str, lacks: str) -> None:
    scenario(changed, has, lacks, recipient=typed)


def test_p103_a_labels_for_dns_and_letters_for_people() -> None:
    recording = Recording(Zone(world({"xn--bcher-kva.example": MX})))
    told = expect(examined(recording, replace(SUBJECT, recipient="lee@bücher.example")), FINE)
    assert told.of("mx.fine").arguments["domain"] == "bücher.example"
    assert all(item["name"].isascii() for item in recording.transcript)


def test_p106_what_was_meant_is_suggested() -> None:
    told = scenario({}, "address.malformed", recipient="lee @corp.example")
    assert told.of("address.malformed").arguments["suggestion"] == "lee@corp.example"


def test_p107_the_remedy_names_what_was_meant() -> None:
    told = scenario({}, "address.typo mx.no_domain", recipient="lee@gmial.com")
    assert told.of("address.typo").arguments["suggestion"] == "lee@gmail.com"


def test_p108_a_domain_that_differs_by_case_only_is_asked_about_once() -> None:
    async def both(cache: Cache, address: str) -> None:
        for name in ("North.Example", "north.example", "NORTH.EXAMPLE."):
            await DNSResolver([address], cache, seconds=1).query(name, "TXT")

    with DNSServer(served(WORLD)) as server:
        asyncio.run(both(Cache(), server.address))
    assert [name for name, _, _ in server.asked] == ["north.example"]
    expect(examined(Zone(WORLD), replace(SUBJECT, recipient="lee@NORTH.example")), "self.possible mx.dead_hosts")
