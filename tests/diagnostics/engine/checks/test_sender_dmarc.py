"""What becomes of our mail (WL-09): the policy against what vouches, and what is open stays open."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from diagnostics.engine.checks.sender_dmarc import CHECK
from diagnostics.engine.findings import Actor, Verdict
from diagnostics.engine.subject import DKIMSelector
from tests.diagnostics.engine.checks.looked import SERVER, codes, findings

_KEY = RSAPublicNumbers(65537, (1 << 2047) + 12345).public_key()
KEY = base64.b64encode(_KEY.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
SELECTORS = (DKIMSelector(selector="xen1", public_key=KEY),)
VENDORS = SERVER
OWN = replace(SERVER, envelope_domain="")
BELOW = replace(SERVER, envelope_domain="mail.north.example")

VENDOR: dict[str, Any] = {"xenegrade.example": {"TXT": ["v=spf1 ip4:192.0.2.10 -all"]}}
PASS: dict[str, Any] = {"north.example": {"TXT": ["v=spf1 ip4:192.0.2.10 -all"]}}
FAIL: dict[str, Any] = {"north.example": {"TXT": ["v=spf1 -all"]}}
SIGNED: dict[str, Any] = {"xen1._domainkey.north.example": {"TXT": [f"v=DKIM1; p={KEY}"]}}
SUB: dict[str, Any] = {"mail.north.example": {"TXT": ["v=spf1 ip4:192.0.2.10 -all"]}}


def policy(*texts: str) -> dict[str, Any]:
    return {"_dmarc.north.example": {"TXT": list(texts)}}


NONE, QUARANTINE, REJECT = (policy(f"v=DMARC1; p={word}") for word in ("none", "quarantine", "reject"))

CASES: list[tuple[str, Any, dict[str, Any], list[str]]] = [
    ("p77-dkim", VENDORS, REJECT | VENDOR | SIGNED, ["dmarc.aligned"]),
    ("p77-both", OWN, REJECT | PASS | SIGNED, ["dmarc.aligned"]),
    ("p77-spf-only", OWN, REJECT | PASS, ["dmarc.spf_only"]),
    ("p77-spf-passes-unaligned", VENDORS, REJECT | VENDOR, ["dmarc.nothing_aligns"]),
    ("quarantine", VENDORS, QUARANTINE | VENDOR, ["dmarc.nothing_aligns"]),
    ("spf-fails", OWN, REJECT | FAIL, ["dmarc.nothing_aligns"]),
    ("p-none", VENDORS, NONE | VENDOR, ["dmarc.unaligned"]),
    ("p76-relaxed", BELOW, REJECT | SUB, ["dmarc.spf_only"]),
    ("p76-strict", BELOW, policy("v=DMARC1; p=reject; aspf=s") | SUB, ["dmarc.nothing_aligns"]),
    ("p60-revoked", VENDORS, REJECT | VENDOR | {n: {"TXT": ["v=DKIM1; p="]} for n in SIGNED}, ["dmarc.nothing_aligns"]),
    ("p04-dkim-silent", VENDORS, REJECT | VENDOR | dict.fromkeys(SIGNED, "TIMEOUT"), ["dmarc.alignment_unknown"]),
    ("p03-spf-silent", OWN, REJECT | {"north.example": {"TXT": "SERVFAIL"}}, ["dmarc.alignment_unknown"]),
    ("spf-silent-dkim-good", OWN, REJECT | {"north.example": {"TXT": "SERVFAIL"}} | SIGNED, ["dmarc.aligned"]),
    ("spf-good-dkim-silent", OWN, REJECT | PASS | dict.fromkeys(SIGNED, "TIMEOUT"), ["dmarc.spf_aligned"]),
    (
        "p64-key-in-test",
        VENDORS,
        REJECT | VENDOR | {n: {"TXT": [f"v=DKIM1; t=y; p={KEY}"]} for n in SIGNED},
        ["dmarc.alignment_unknown"],
    ),
    ("organisation-silent", BELOW, REJECT | SUB | {"_dmarc.example": "TIMEOUT"}, ["dmarc.alignment_unknown"]),
    ("p01-no-domain", VENDORS, VENDOR, ["dmarc.no_domain"]),
    ("p01-no-policy", VENDORS, VENDOR | {"north.example": {"A": ["192.0.2.1"]}}, ["dmarc.none"]),
    ("p02-nodata", VENDORS, {"_dmarc.north.example": {}}, ["dmarc.none"]),
    ("p21-wildcard", VENDORS, {"*.north.example": {"TXT": ["v=spf1 -all"]}}, ["dmarc.none"]),
    ("p03-policy-servfail", VENDORS, {"_dmarc.north.example": {"TXT": "SERVFAIL"}}, ["dmarc.unknown"]),
    ("p04-policy-timeout", VENDORS, {"_dmarc.north.example": "TIMEOUT"}, ["dmarc.unknown"]),
    ("p37-two", VENDORS, policy("v=DMARC1; p=none", "v=DMARC1; p=reject"), ["dmarc.several"]),
    ("p36-version", VENDORS, policy("v=dmarc1; p=reject"), ["dmarc.malformed"]),
    ("p74-no-policy", VENDORS, policy("v=DMARC1"), ["dmarc.malformed"]),
    (
        "p74-reports-alone",
        VENDORS,
        policy("v=DMARC1; rua=mailto:d@north.example") | VENDOR,
        ["dmarc.unaligned", "dmarc.faults"],
    ),
    (
        "p73-test-of-quarantine",
        VENDORS,
        policy("v=DMARC1; p=quarantine; t=y") | VENDOR,
        ["dmarc.unaligned", "dmarc.testing"],
    ),
    (
        "p73-test-of-reject",
        VENDORS,
        policy("v=DMARC1; p=reject; t=y") | VENDOR,
        ["dmarc.nothing_aligns", "dmarc.testing"],
    ),
    ("p79-pct", OWN, policy("v=DMARC1; p=reject; pct=10") | PASS | SIGNED, ["dmarc.aligned", "dmarc.historic"]),
    ("no-server", None, REJECT, ["dmarc.policy"]),
]


@pytest.mark.parametrize(("server", "zone", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_what_becomes_of_our_mail(server: Any, zone: dict[str, Any], expected: list[str]) -> None:
    found = codes(CHECK, zone, sender_domain="north.example", sending_server=server, selectors=SELECTORS)
    assert found == expected


def test_a_subdomain_has_its_organisations_policy() -> None:
    zone = policy("v=DMARC1; p=none; sp=reject") | VENDOR | {"it.north.example": {"A": ["192.0.2.1"]}}
    assert codes(CHECK, zone, sender_domain="it.north.example", sending_server=VENDORS) == ["dmarc.nothing_aligns"]


def test_the_remedy_is_the_key_to_publish() -> None:
    zone = REJECT | VENDOR
    found = findings(CHECK, zone, sender_domain="north.example", sending_server=VENDORS, selectors=SELECTORS)[0]
    assert f"v=DKIM1; k=rsa; p={KEY}" in found.remedy
    assert (found.verdict, found.code.actor) == (Verdict.PROBLEM, Actor.BRANCH_IT)
    assert found.arguments["policy"] == "reject"


def test_only_a_policy_that_takes_mail_away_is_a_problem() -> None:
    assert [code.id for code in CHECK.codes if code.verdict is Verdict.PROBLEM] == ["dmarc.nothing_aligns"]


ISSUED = (DKIMSelector(selector="xd2", public_key=KEY, is_signing=False),)
STANDS: dict[str, Any] = {"xd2._domainkey.north.example": {"TXT": [f"v=DKIM1; p={KEY}"]}}


@pytest.mark.parametrize(
    ("selectors", "zone", "expected"),
    [
        (SELECTORS + ISSUED, SIGNED, ["dmarc.aligned"]),
        (ISSUED + SELECTORS, SIGNED | STANDS, ["dmarc.aligned"]),
        (ISSUED, {}, ["dmarc.nothing_aligns"]),
        # Somebody may have begun to sign with it, or not.
        (ISSUED, STANDS, ["dmarc.alignment_unknown"]),
    ],
)
def test_a_key_that_waits_vouches_for_nothing_and_spoils_nothing(
    selectors: tuple[DKIMSelector, ...], zone: dict[str, Any], expected: list[str]
) -> None:
    found = codes(
        CHECK, REJECT | VENDOR | zone, sender_domain="north.example", sending_server=VENDORS, selectors=selectors
    )
    assert found == expected
