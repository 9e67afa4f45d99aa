"""Is the key published that verifies our signature: each selector, to the character."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from diagnostics.engine.checks.sender_dkim import CHECK
from diagnostics.engine.subject import DKIMSelector
from tests.diagnostics.engine.checks.looked import codes, findings


def rsa(bits: int) -> str:
    key = RSAPublicNumbers(65537, (1 << (bits - 1)) + 12345).public_key()
    return base64.b64encode(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


KEY, WEAK = rsa(2048), rsa(1024)
OTHER = KEY[:99] + ("A" if KEY[99] != "A" else "B") + KEY[100:]
NAME = "xen1._domainkey.north.example"
KNOWN = (DKIMSelector(selector="xen1", public_key=KEY),)
UNKNOWN = (DKIMSelector(selector="xen1"),)
ISSUED = (DKIMSelector(selector="xen1", public_key=KEY, is_signing=False),)


def at(*texts: str) -> dict[str, Any]:
    return {NAME: {"TXT": list(texts)}}


CASES: list[tuple[str, dict[str, Any], tuple[DKIMSelector, ...], list[str]]] = [
    ("wl08-equal", at(f"v=DKIM1; k=rsa; p={KEY}"), KNOWN, ["dkim.ok"]),
    ("no-key-of-ours", at(f"v=DKIM1; p={KEY}"), UNKNOWN, ["dkim.present"]),
    ("p13-p59-cname", {NAME: {"CNAME": ["k.v.example"]}, "k.v.example": {"TXT": [f"p={KEY}"]}}, KNOWN, ["dkim.ok"]),
    ("p01-nxdomain", {}, KNOWN, ["dkim.absent"]),
    ("p67-only-names-below", {f"x.{NAME}": {"A": ["192.0.2.1"]}}, KNOWN, ["dkim.absent"]),
    ("p02-nodata", {NAME: {"A": ["192.0.2.1"]}}, KNOWN, ["dkim.absent"]),
    ("p15-dangling", {NAME: {"CNAME": ["gone.v.example"]}}, KNOWN, ["dkim.dangling"]),
    ("p03-servfail", {NAME: {"TXT": "SERVFAIL"}}, KNOWN, ["dkim.unknown"]),
    ("p04-timeout", {NAME: "TIMEOUT"}, KNOWN, ["dkim.unknown"]),
    ("p14-cname-loop", {NAME: {"CNAME": ["a.example"]}, "a.example": {"CNAME": [NAME]}}, KNOWN, ["dkim.unknown"]),
    ("p37-two", at(f"v=DKIM1; p={KEY}", f"v=DKIM1; p={OTHER}"), KNOWN, ["dkim.several"]),
    ("text-beside", at(f"v=DKIM1; p={KEY}", "site=1"), KNOWN, ["dkim.ok"]),
    ("p20-wildcard", {"*.north.example": {"TXT": ["v=spf1 -all"]}}, KNOWN, ["dkim.foreign"]),
    ("p60-revoked", at("v=DKIM1; p="), KNOWN, ["dkim.revoked"]),
    ("p61-version", at(f"v=DKIM2; p={KEY}"), KNOWN, ["dkim.malformed"]),
    ("p33-quotes", at(f'"v=DKIM1; p={KEY}"'), KNOWN, ["dkim.malformed"]),
    ("p63-768", at(f"v=DKIM1; p={rsa(768)}"), UNKNOWN, ["dkim.too_weak"]),
    ("p63-1024", at(f"v=DKIM1; p={WEAK}"), UNKNOWN, ["dkim.present", "dkim.weak"]),
    ("p64-test", at(f"v=DKIM1; t=y; p={KEY}"), KNOWN, ["dkim.ok", "dkim.testing"]),
    ("p64-sha1", at(f"v=DKIM1; h=sha1; p={KEY}"), KNOWN, ["dkim.malformed"]),
    ("p64-strict", at(f"v=DKIM1; t=s; p={KEY}"), KNOWN, ["dkim.ok"]),
    ("p65-cut-off", at(f"v=DKIM1; p={KEY[:101]}"), KNOWN, ["dkim.malformed"]),
    ("p68-different", at(f"v=DKIM1; p={OTHER}"), KNOWN, ["dkim.different"]),
    ("p69-cname-as-text", at("xen1._domainkey.v.example"), KNOWN, ["dkim.cname_as_text"]),
    ("issued-absent", {}, ISSUED, ["dkim.not_published_yet"]),
    ("issued-dangling", {NAME: {"CNAME": ["gone.v.example"]}}, ISSUED, ["dkim.not_right_yet"]),
    ("issued-different", at(f"v=DKIM1; p={OTHER}"), ISSUED, ["dkim.not_right_yet"]),
    ("issued-two", at(f"v=DKIM1; p={KEY}", f"v=DKIM1; p={OTHER}"), ISSUED, ["dkim.not_right_yet"]),
    ("issued-servfail", {NAME: {"TXT": "SERVFAIL"}}, ISSUED, ["dkim.unknown"]),
    ("issued-stands", at(f"v=DKIM1; p={KEY}"), ISSUED, ["dkim.ok"]),
    ("no-selectors", at(f"v=DKIM1; p={KEY}"), (), ["dkim.not_named"]),
    ("bad-selector", {}, (DKIMSelector(selector="x" * 64),), ["dkim.bad_selector"]),
    (
        "p66-two-selectors",
        at(f"v=DKIM1; p={KEY}"),
        (*KNOWN, DKIMSelector(selector="a.b")),
        ["dkim.ok", "dkim.absent"],
    ),
]


@pytest.mark.parametrize(
    ("zone", "selectors", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_the_key(zone: dict[str, Any], selectors: tuple[DKIMSelector, ...], expected: list[str]) -> None:
    assert codes(CHECK, zone, sender_domain="north.example", selectors=selectors) == expected


@pytest.mark.parametrize("zone", [{}, at("v=DKIM1; p="), at(f"p={OTHER}"), at("x")], ids=["no", "p60", "p68", "p20"])
def test_the_remedy_is_the_record_to_copy(zone: dict[str, Any]) -> None:
    found = findings(CHECK, zone, sender_domain="north.example", selectors=KNOWN)
    assert f"v=DKIM1; k=rsa; p={KEY}" in found[0].remedy
    assert NAME in found[0].remedy


def test_p68_where_the_keys_part() -> None:
    found = findings(CHECK, at(f"v=DKIM1; p={OTHER}"), sender_domain="north.example", selectors=KNOWN)
    assert found[0].arguments["place"] == 100


def test_our_records_hold_no_selector() -> None:
    found = codes(CHECK, at(f"v=DKIM1; p={KEY}"), sender_domain="north.example", is_from_records=True)
    assert found == ["dkim.no_selectors"]
