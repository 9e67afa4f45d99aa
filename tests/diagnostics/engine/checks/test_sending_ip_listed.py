"""Blocklists: only a code that means a listing is one (P91 to P102)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from diagnostics.engine.checks.sending_ip_listed import CHECK
from diagnostics.engine.ip import reversed_labels
from diagnostics.engine.lists import lists
from diagnostics.engine.subject import Subject
from diagnostics.engine.transcript import Recording
from diagnostics.engine.zone import Zone
from tests.diagnostics.engine.checks.looked import NOW, SERVER, codes

ZEN, DNSWL, COP = "zen.spamhaus.org", "list.dnswl.org", "bl.spamcop.net"
NAME = f"10.2.0.192.{ZEN}"


def answer(record: str | list[str], zone: str = ZEN) -> dict[str, Any]:
    return {f"10.2.0.192.{zone}": {"A": [record] if isinstance(record, str) else record}}


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ({}, ["list.clean"]),
        (answer("127.0.0.2"), ["list.listed"]),
        (answer("127.0.0.4"), ["list.listed"]),
        (answer("127.0.0.11"), ["list.policy"]),
        # P91: a refusal is no listing.
        (answer("127.255.255.254"), ["list.clean", "list.refused"]),
        (answer("127.255.255.255"), ["list.clean", "list.refused"]),
        (answer("127.255.255.252"), ["list.clean", "list.refused"]),
        # P92: the list was asked about something it is not about.
        (answer("127.0.1.255"), ["list.clean", "list.invalid"]),
        # P93 P94: what no list answers.
        (answer("127.0.0.1"), ["list.clean", "list.invalid"]),
        (answer("1.2.3.4"), ["list.clean", "list.invalid"]),
        # P95: the worst of several.
        (answer(["127.0.0.11", "127.0.0.2"]), ["list.listed"]),
        (answer(["127.0.0.2", "127.255.255.254"]), ["list.clean", "list.refused"]),
        # P96: listed, and the reason does not come.
        ({NAME: {"A": ["127.0.0.2"], "TXT": "TIMEOUT"}}, ["list.listed"]),
        ({NAME: "TIMEOUT"}, ["list.clean", "list.unknown"]),
        ({NAME: "SERVFAIL"}, ["list.clean", "list.unknown"]),
        ({NAME: "REFUSED"}, ["list.clean", "list.unknown"]),
        # P99: an allow-list over its limit does not trust anybody.
        (answer("127.0.5.3", DNSWL), ["list.clean", "list.allowed"]),
        (answer("127.0.5.2", DNSWL), ["list.clean", "list.allowed"]),
        (answer("127.0.5.1", DNSWL), ["list.clean", "list.known"]),
        (answer("127.0.5.0", DNSWL), ["list.clean", "list.known"]),
        (answer("127.0.5.4", DNSWL), ["list.clean", "list.invalid"]),
        (answer("127.0.10.3", DNSWL), ["list.clean", "list.refused"]),
        (answer("127.0.0.255", DNSWL), ["list.clean", "list.refused"]),
    ],
)
def test_codes_mean_what_the_list_says(zone: dict[str, Any], expected: list[str]) -> None:
    assert codes(CHECK, zone, sending_server=SERVER, lists=(ZEN, COP, DNSWL)) == expected


@pytest.mark.parametrize("record", ["127.255.255.254", "127.0.0.1", "1.2.3.4"])
def test_where_no_blocklist_has_answered_nothing_is_clean(record: str) -> None:
    """An allow-list that does not know the address says nothing of blocklists."""
    assert "list.clean" not in codes(CHECK, answer(record), sending_server=SERVER, lists=(ZEN, DNSWL))
    assert codes(CHECK, {}, sending_server=SERVER, lists=(DNSWL,)) == []


def test_p100_one_zone_is_both_by_its_code() -> None:
    mailspike = "rep.mailspike.net"
    assert codes(CHECK, answer("127.0.0.10", mailspike), sending_server=SERVER, lists=(mailspike,)) == ["list.listed"]
    found = codes(CHECK, answer("127.0.0.20", mailspike), sending_server=SERVER, lists=(mailspike,))
    assert found == ["list.clean", "list.allowed"]


REAL = replace(SERVER, addresses=("8.8.4.4",))
LISTED = {f"4.4.8.8.{ZEN}": {"A": ["127.0.0.2"]}}


@pytest.mark.parametrize(
    ("health", "expected"),
    [
        ({f"2.0.0.127.{ZEN}": {"A": ["127.0.0.2"]}}, ["list.listed"]),
        # P97: a list that was shut down and lists everything, or nothing any more.
        ({f"*.{ZEN}": {"A": ["127.0.0.2"]}}, ["list.unhealthy"]),
        ({}, ["list.unhealthy"]),
        ({f"2.0.0.127.{ZEN}": "TIMEOUT"}, ["list.unknown"]),
    ],
)
def test_only_a_healthy_list_is_believed(health: dict[str, Any], expected: list[str]) -> None:
    assert codes(CHECK, {**LISTED, **health}, sending_server=REAL, lists=(ZEN,)) == expected


SIX = "2607:f8b0:4004:c07::1b"


@pytest.mark.parametrize(
    ("health", "expected"),
    [
        ({f"2.0.0.127.{ZEN}": {"A": ["127.0.0.2"]}}, ["list.listed"]),
        ({f"{reversed_labels('::ffff:7f00:2')}.{ZEN}": {"A": ["127.0.0.2"]}}, ["list.listed"]),
        ({}, ["list.unhealthy"]),
        # Sound for IPv4, and lists all of IPv6.
        (
            {f"2.0.0.127.{ZEN}": {"A": ["127.0.0.2"]}, f"*.0.0.{ZEN}": {"A": ["127.0.0.2"]}},
            ["list.unhealthy"],
        ),
        (
            {
                f"2.0.0.127.{ZEN}": {"A": ["127.0.0.2"]},
                f"{reversed_labels('::ffff:7f00:1')}.{ZEN}": "TIMEOUT",
            },
            ["list.unknown"],
        ),
    ],
)
def test_wl04_a_list_of_ipv6_has_test_addresses_of_its_own(health: dict[str, Any], expected: list[str]) -> None:
    zone = {f"{reversed_labels(SIX)}.{ZEN}": {"A": ["127.0.0.3"]}, **health}
    assert codes(CHECK, zone, sending_server=replace(SERVER, addresses=(SIX,)), lists=(ZEN,)) == expected


def test_p98_ipv6_is_asked_only_where_the_list_knows_it() -> None:
    server = replace(SERVER, addresses=("2001:db8::10",))
    nibbles = "0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2"
    zone = {f"{nibbles}.{ZEN}": {"A": ["127.0.0.3"]}, f"{nibbles}.bl.spamcop.net": {"A": ["127.0.0.2"]}}
    assert codes(CHECK, zone, sending_server=server, lists=(ZEN, "bl.spamcop.net")) == ["list.listed"]


class Untouched:
    """A resolver that must not be asked anything."""

    async def query(self, name: str, rdtype: str) -> Any:
        raise AssertionError(f"{name} was asked about")


@pytest.mark.parametrize("address", ["192.0.2.10", "10.0.0.1", "127.0.0.1", "2001:db8::1", "fd00::1", "169.254.1.1"])
def test_p101_no_list_is_asked_about_addresses_of_nobody(address: str) -> None:
    subject = Subject(now=NOW, sending_server=replace(SERVER, addresses=(address,)))
    found = asyncio.run(_look(subject, Untouched()))
    assert [finding.code.id for finding in found] == ["list.not_asked"]


async def _look(subject: Subject, resolver: Any) -> Any:
    return await CHECK.look(subject, resolver)


def test_many_addresses_hear_of_one_refusal_once() -> None:
    server = replace(SERVER, addresses=("192.0.2.10", "192.0.2.11"))
    refused = {f"{n}.2.0.192.{ZEN}": {"A": ["127.255.255.254"]} for n in (10, 11)}
    assert codes(CHECK, refused, sending_server=server, lists=(ZEN,)).count("list.refused") == 1


def test_all_is_asked_at_once() -> None:
    """The critical path is a question and its reason, however many lists there are."""
    recording = Recording(Zone(answer("127.0.0.2"), delay=0.01))
    subject = Subject(now=NOW, sending_server=SERVER)
    asyncio.run(_look(subject, recording))
    assert recording.queries >= len(lists())
    assert recording.critical_path_ms < 3 * 10 * 2
