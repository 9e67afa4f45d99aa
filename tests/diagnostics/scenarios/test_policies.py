"""P81 to P84: what a domain asks of those who encrypt (MTA-STS, TLS-RPT, DANE), and its logo (BIMI)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from diagnostics.engine.checks import recipient_dane
from diagnostics.engine.findings import Verdict
from diagnostics.engine.resolver import Answer
from diagnostics.engine.zone import Zone
from tests.diagnostics.scenarios.world import SUBJECT, WORLD, expect, over_packets, scenario, served, world

RECORD, PLACE = "_mta-sts.corp.example", "mta-sts.corp.example"
LINES = ("version: STSv1", "mode: enforce", "mx: mx.corp.example", "max_age: 1209600", "")


def body(*, end: str = "\r\n", **changed: str) -> str:
    """A sound policy with some fields changed."""
    fields = dict(line.split(": ") for line in LINES if line)
    return "".join(f"{name}: {value}{end}" for name, value in {**fields, **changed}.items() if value)


def sts(head: str, text: str = "", record: str = "v=STSv1; id=20260101") -> dict[str, Any]:
    held: Any = "TIMEOUT" if head == "TIMEOUT" else {"STS-POLICY": [head, text]}
    return {RECORD: {"TXT": [record]}, PLACE: held}


PLAIN = "200 text/plain"
STS = [
    pytest.param(sts(PLAIN, body()), "sts.fine", "sts.malformed", id="p81-crlf"),
    pytest.param(sts(PLAIN, body(end="\n")), "sts.fine", "sts.malformed", id="p81-lf"),
    pytest.param(sts("301 text/html"), "sts.no_policy", "sts.fine", id="p81-redirect"),
    pytest.param(sts("404 text/html"), "sts.no_policy", "sts.fine", id="p81-missing"),
    pytest.param(sts("200 text/html", body()), "sts.no_policy", "sts.fine", id="p81-content-type"),
    pytest.param(sts("too_much more than 65536 octets"), "sts.no_policy", "sts.fine", id="p81-too-long"),
    pytest.param(sts("tls the certificate is for another name"), "sts.no_policy", "sts.fine", id="p81-certificate"),
    pytest.param({RECORD: {"TXT": ["v=STSv1; id=1"]}}, "sts.no_policy", "sts.none", id="p81-record-without-policy"),
    pytest.param(sts("TIMEOUT"), "sts.unknown", "sts.no_policy", id="p81-silent"),
    pytest.param(sts(PLAIN, body(mx="old.corp.example")), "sts.not_covered", "sts.fine", id="p81-not-covered"),
    pytest.param(
        sts(PLAIN, body(mx="old.corp.example", mode="testing")), "sts.would_not_cover", "sts.fine", id="p81-testing"
    ),
    pytest.param(sts(PLAIN, body(mx="*.corp.example")), "sts.fine", "sts.not_covered", id="p81-star"),
    pytest.param(
        sts(PLAIN, body(mx="*.corp.example"))
        | {"corp.example": {"MX": [[10, "a.mx.corp.example"]]}, "a.mx.corp.example": WORLD["mx.corp.example"]},
        "sts.not_covered",
        "sts.fine",
        id="p81-star-is-one-label",
    ),
    pytest.param(sts(PLAIN, body(max_age="31557600")), "sts.fine", "sts.malformed", id="p81-a-year"),
    pytest.param(sts(PLAIN, body(max_age="31557601")), "sts.malformed", "sts.fine", id="p81-more-than-a-year"),
    pytest.param(sts(PLAIN, body(max_age="3600")), "sts.short", "sts.fine", id="p81-an-hour"),
    pytest.param(sts(PLAIN, body(max_age="")), "sts.malformed", "sts.fine", id="p81-no-age"),
    pytest.param(sts(PLAIN, body(mode="none", mx="")), "sts.switched_off", "sts.malformed", id="p81-off"),
    pytest.param(sts(PLAIN, body(), record="v=STSv1; id="), "sts.bad_record", "sts.fine", id="p81-no-id"),
    pytest.param(
        sts(PLAIN, body()) | {"corp.example": "SERVFAIL"},
        "sts.unknown mx.unknown",
        "sts.not_covered",
        id="p81-mx-silent",
    ),
]
TLSRPT = "_smtp._tls.corp.example"
REPORTS = [
    pytest.param({TLSRPT: {"TXT": ["v=TLSRPTv1; rua=mailto:t@corp.example"]}}, "tlsrpt.fine", "", id="p82-mailto"),
    pytest.param({TLSRPT: {"TXT": ["v=TLSRPTv1; rua=https://r.example/t"]}}, "tlsrpt.fine", "", id="p82-https"),
    pytest.param({TLSRPT: {"TXT": ["v=TLSRPTv1; rua=http://r.example/"]}}, "tlsrpt.malformed", "", id="p82-scheme"),
    pytest.param({TLSRPT: {"TXT": ["v=TLSRPTv1; rua=t@corp.example"]}}, "tlsrpt.malformed", "", id="p82-none"),
    pytest.param({TLSRPT: {"TXT": ["v=TLSRPTv1;"]}}, "tlsrpt.malformed", "tlsrpt.fine", id="p82-no-rua"),
    pytest.param({TLSRPT: "TIMEOUT"}, "tlsrpt.unknown", "tlsrpt.none", id="p82-silent"),
]
BIMI = "default._bimi.north.example"
LOGO = {"TXT": ["v=BIMI1; l=https://north.example/logo.svg; a=https://north.example/mark.pem"]}
LOGOS = [
    pytest.param({BIMI: LOGO}, "bimi.fine", "bimi.not_enforced", id="p84-enforced"),
    pytest.param(
        {BIMI: LOGO, "_dmarc.north.example": {"TXT": ["v=DMARC1; p=none"]}}, "bimi.not_enforced", "bimi.fine", id="p84"
    ),
    pytest.param({BIMI: LOGO, "_dmarc.north.example": None}, "bimi.not_enforced", "bimi.fine", id="p84-no-policy"),
    pytest.param({BIMI: "SERVFAIL"}, "bimi.unknown", "bimi.none", id="p84-silent"),
]


@pytest.mark.parametrize(("changed", "has", "lacks"), STS + REPORTS + LOGOS)
def test_policies(changed: dict[str, Any], has: str, lacks: str) -> None:
    scenario(changed, has, lacks)


def test_p81_an_id_that_stays_the_same_says_nothing_of_the_policy() -> None:
    """Each run reads the policy itself, so a record whose id was forgotten hides no change."""
    before, after = sts(PLAIN, body()), sts(PLAIN, body(mx="old.corp.example"))
    assert before[RECORD] == after[RECORD]
    scenario(before, "sts.fine", "sts.not_covered")
    scenario(after, "sts.not_covered", "sts.fine")


def test_p81_a_policy_never_stands_in_the_way_of_the_other_checks() -> None:
    told = scenario(sts("TIMEOUT"), "sts.unknown mx.fine spf.pass")
    assert told.of("sts.unknown").verdict is Verdict.UNKNOWN


TLSA = "_25._tcp.mx.corp.example"
DIGEST, KEY = "ab" * 32, "cd" * 32
VISIT = [
    "! connected to 198.51.100.5",
    "S: 220 mx.corp.example",
    "C: EHLO desk.example",
    "S: 250-mx.corp.example",
    "S: 250 STARTTLS",
    "C: STARTTLS",
    "S: 220 go ahead",
    "! TLS: TLSv1.3, the certificate is valid for mx.corp.example",
    f"! certificate sha256={DIGEST} key sha256={KEY}",
    "C: EHLO desk.example",
    "S: 250 mx.corp.example",
]


class Signed(Zone):
    """A zone for all of which DNSSEC vouches."""

    async def query(self, name: str, rdtype: str) -> Answer:
        return replace(await super().query(name, rdtype), authenticated=True)


def dane(zone: type[Zone], record: Any, **subject: Any) -> list[str]:
    visited = {"mx.corp.example": {**WORLD["mx.corp.example"], "SMTP": VISIT}}
    held = world({TLSA: record, **visited})
    found = asyncio.run(recipient_dane.CHECK.look(replace(SUBJECT, **subject), zone(held)))  # type: ignore[arg-type]
    return [item.code.id for item in found]


@pytest.mark.parametrize(
    ("zone", "record", "expected"),
    [
        (Signed, {"TLSA": [f"3 1 1 {KEY}"]}, "dane.fine"),
        (Signed, {"TLSA": [f"3 0 1 {DIGEST}"]}, "dane.fine"),
        (Signed, {"TLSA": [f"3 1 1 {DIGEST}"]}, "dane.stale"),
        (Signed, {"TLSA": [f"3 1 1 {DIGEST}", f"3 1 1 {KEY}"]}, "dane.fine"),
        (Signed, {"TLSA": [f"2 1 1 {DIGEST}"]}, "dane.fine"),
        (Signed, {"TLSA": [f"0 0 1 {DIGEST}"]}, "dane.unusable"),
        (Signed, {"TLSA": [f"1 1 1 {KEY}"]}, "dane.unusable"),
        (Signed, {"TLSA": ["3 1 1 abcd"]}, "dane.unusable"),
        (Zone, {"TLSA": [f"3 1 1 {DIGEST}"]}, "dane.unsigned"),
        (Zone, "TIMEOUT", "dane.unknown"),
        (Zone, {}, "dane.none"),
    ],
    ids=[
        "p83-key",
        "p83-certificate",
        "p83-stale",
        "p83-one-of-two-fits",
        "p83-authority-is-not-compared",
        "p83-usage-0",
        "p83-usage-1",
        "p83-length",
        "p83-insecure-zone",
        "p83-silent",
        "p83-none",
    ],
)
def test_a_certificate_that_signed_dns_vouches_for(zone: type[Zone], record: Any, expected: str) -> None:
    assert dane(zone, record, probe="greeting") == [expected]


def test_p83_in_packets_nobody_vouches_for_an_insecure_zone() -> None:
    held = world({TLSA: {"TLSA": [f"3 1 1 {DIGEST}"]}})
    expect(over_packets(served(held), trust_ad=False), "dane.unsigned mx.fine", "dane.stale dane.fine")
