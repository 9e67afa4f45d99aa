"""Verifying DKIM signatures: what passes, what was changed, and what could not be found out (P114)."""

from __future__ import annotations

import asyncio
import base64
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.engine.messages.headers.fields import read_message
from diagnostics.engine.messages.headers.signatures import (
    MAX_SIGNATURES,
    Outcome,
    Signature,
    by_domain,
    verify,
)
from diagnostics.engine.zone import Zone
from tests.diagnostics.engine.messages.headers.signing import ED25519, by_dkimpy, published, rsa, signature

NAME = "xen1._domainkey.north.example"
ZONE: dict[str, Any] = {NAME: {"TXT": [published(rsa())]}, "ed._domainkey.north.example": {"TXT": [published(ED25519)]}}
PLAIN = (
    b"Received: from a by b; x\r\nFrom: Nora <nora@north.example>\r\nTo: bob@corp.example\r\n"
    b"Subject:  Your  marks\r\n of term\t two\r\nX-Odd/Name : 1\r\n\r\nDear Bob, \r\n\r\n  see  below.\t\r\n\r\n\r\n"
)
AT = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)


def verified(message: bytes | str, zone: dict[str, Any] | None = None) -> tuple[Signature, ...]:
    return asyncio.run(verify(read_message(message), Zone(ZONE if zone is None else zone), at=AT))


def outcome(message: bytes | str, zone: dict[str, Any] | None = None) -> tuple[Outcome, str]:
    found = verified(message, zone)
    assert len(found) == 1
    return found[0].result, found[0].reason


# RFC 8463 appendix A: two signatures of one message, Ed25519 and RSA.
RFC_8463 = b"""DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=brisbane; t=1528637909; h=from : to :
 subject : date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus
 Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=test; t=1528637909; h=from : to : subject :
 date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3
 DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz
 dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=
From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
Message-ID: <20030712040037.46341.5F8J@football.example.com>

Hi.

We lost the game.  Are you hungry yet?

Joe.
"""
RFC_ZONE: dict[str, Any] = {
    "brisbane._domainkey.football.example.com": {
        "TXT": ["v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="]
    },
    "test._domainkey.football.example.com": {
        "TXT": [
            "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQi"
            "Y/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2"
            "kryOTIKT+l/K4w3QIDAQAB"
        ]
    },
}


def test_the_standards_own_example() -> None:
    assert [(item.result, item.algorithm) for item in verified(RFC_8463, RFC_ZONE)] == [
        (Outcome.PASS, "ed25519-sha256"),
        (Outcome.PASS, "rsa-sha256"),
    ]
    changed = RFC_8463.replace(b"dinner", b"supper")
    assert {item.reason for item in verified(changed, RFC_ZONE)} == {"signature_wrong"}


@pytest.mark.parametrize("body", ["relaxed", "simple"])
@pytest.mark.parametrize("header", ["relaxed", "simple"])
@pytest.mark.parametrize("has_length", [False, True])
def test_what_dkimpy_signed(header: str, body: str, has_length: bool) -> None:
    message = by_dkimpy(PLAIN.replace(b"X-Odd/Name :", b"X-Odd/Name:"), (header, body), has_length=has_length)
    assert outcome(message) == (Outcome.PASS, "")
    assert outcome(message.replace(b"\r\n", b"\n")) == (Outcome.PASS, "")
    assert outcome(message + b"\r\n") == (Outcome.PASS, "")
    assert outcome(message + b"added\r\n") == ((Outcome.PASS, "") if has_length else (Outcome.FAIL, "body_changed"))
    assert outcome(message.replace(b"see  below", b"sea  below")) == (Outcome.FAIL, "body_changed")
    spaced = (Outcome.PASS, "") if header == "relaxed" else (Outcome.FAIL, "signature_wrong")
    assert outcome(message.replace(b"Your  marks", b"Your marks")) == spaced
    assert verified(message)[0].is_length_unsafe is has_length


@pytest.mark.parametrize("body", [b"", b"\r\n", b"\r\n\r\n", b"x", b" \r\n", b"x \t y \r\n \r\n"])
@pytest.mark.parametrize("form", ["relaxed", "simple"])
def test_bodies_of_little(form: str, body: bytes) -> None:
    assert outcome(by_dkimpy(b"From: a@north.example\r\n\r\n" + body, ("relaxed", form))) == (Outcome.PASS, "")


SIGNED = signature(PLAIN) + PLAIN
STRICT = published(rsa()).replace("v=DKIM1;", "v=DKIM1; t=s;")


def record(*texts: str) -> dict[str, Any]:
    return {NAME: {"TXT": list(texts)}}


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        (ZONE, (Outcome.PASS, "")),
        ({}, (Outcome.PERMERROR, "no_key")),
        ({NAME: {"A": ["192.0.2.1"]}}, (Outcome.PERMERROR, "no_key")),
        ({NAME: "TIMEOUT"}, (Outcome.TEMPERROR, "dns")),
        ({NAME: "SERVFAIL"}, (Outcome.TEMPERROR, "dns")),
        (record("v=DKIM1; p="), (Outcome.PERMERROR, "key_revoked")),
        (record("v=DKIM1; p=AAAA"), (Outcome.PERMERROR, "unknown_key")),
        (record("v=spf1 -all"), (Outcome.PERMERROR, "no_key")),
        (record(published(ED25519)), (Outcome.PERMERROR, "unknown_key")),
        (record(published(rsa(1024, "other"))), (Outcome.FAIL, "signature_wrong")),
        (record(published(rsa(1024, "other")), published(rsa())), (Outcome.PASS, "")),
        (record("v=DKIM1; p=", published(rsa())), (Outcome.PASS, "")),
        (record("v=DKIM1; t=y; p=" + published(rsa()).partition("p=")[2]), (Outcome.PASS, "")),
        (record(STRICT), (Outcome.PASS, "")),
    ],
    ids=[
        *("pass", "p20-absent", "nodata", "timeout", "servfail", "p60-revoked", "broken", "foreign", "other-kind"),
        *("other-key", "p37-two", "p37-one-revoked", "p64-test", "strict"),
    ],
)
def test_keys(zone: dict[str, Any], expected: tuple[Outcome, str]) -> None:
    assert outcome(SIGNED, zone) == expected


def test_a_key_in_test_is_told() -> None:
    zone = record("v=DKIM1; t=y; p=" + published(rsa()).partition("p=")[2])
    assert verified(SIGNED, zone)[0].is_testing
    assert not verified(SIGNED)[0].is_testing


def test_p63_a_weak_key() -> None:
    weak = rsa(768)
    der = weak.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    zone = record(f"v=DKIM1; p={base64.b64encode(der).decode()}")
    assert outcome(signature(PLAIN, key=weak) + PLAIN, zone) == (Outcome.POLICY, "weak_key")
    assert outcome(SIGNED, zone) == (Outcome.FAIL, "signature_wrong")


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("t=1772500000; x=1772600000", (Outcome.PASS, "")),
        ("t=1772400000; x=1772500000", (Outcome.POLICY, "expired")),
        ("i=desk@mail.north.example", (Outcome.PASS, "")),
        ("i=@evil-north.example", (Outcome.PERMERROR, "identity")),
        ("d=SELECTOR.invalid..", (Outcome.PERMERROR, "malformed")),
        ("d=", (Outcome.PERMERROR, "malformed")),
        ("v=2", (Outcome.PERMERROR, "malformed")),
        ("a=rsa-sha1", (Outcome.POLICY, "weak_hash")),
        ("a=dsa-sha256", (Outcome.PERMERROR, "algorithm")),
        ("q=dns/other", (Outcome.PERMERROR, "malformed")),
        ("x=tomorrow", (Outcome.PERMERROR, "malformed")),
        ("bh=!", (Outcome.PERMERROR, "malformed")),
        ("d=NORTH.Example", (Outcome.PASS, "")),
        ("l=4", (Outcome.PASS, "")),
        ("z=From:a|To:b", (Outcome.PASS, "")),
    ],
)
def test_tags(tags: str, expected: tuple[Outcome, str]) -> None:
    assert outcome(signature(PLAIN, tags) + PLAIN) == expected


def test_a_strict_key_is_not_for_subdomains() -> None:
    message = signature(PLAIN, "i=nora@mail.north.example") + PLAIN
    assert outcome(message, record(STRICT)) == (Outcome.PERMERROR, "identity")


def test_times_and_length_are_told() -> None:
    found = verified(signature(PLAIN, "l=4; t=1772400000; x=1872500000") + PLAIN)[0]
    assert found.signed_at == datetime.fromtimestamp(1772400000, UTC)
    assert found.expires_at == datetime.fromtimestamp(1872500000, UTC)
    assert (found.length, found.is_length_unsafe) == (4, True)


def test_from_must_be_signed_and_stay_alone() -> None:
    assert outcome(signature(PLAIN, names="subject:to") + PLAIN) == (Outcome.PERMERROR, "from_not_signed")
    assert outcome(b"From: x@bank.example\r\n" + SIGNED) == (Outcome.POLICY, "from_added")
    frozen = signature(PLAIN, names="from:from:subject") + PLAIN
    assert outcome(frozen) == (Outcome.PASS, "")
    assert outcome(b"From: x@bank.example\r\n" + frozen) == (Outcome.FAIL, "signature_wrong")


def test_a_header_alone_cannot_be_verified() -> None:
    header = SIGNED.partition(b"\r\n\r\n")[0].decode() + "\r\n"
    found = verified(header)[0]
    assert (found.result, found.reason, found.is_header_verified) == (Outcome.NEUTRAL, "body_missing", True)
    found = verified(header.replace("marks", "grades"))[0]
    assert (found.result, found.reason, found.is_header_verified) == (Outcome.NEUTRAL, "body_missing", False)


def test_p109_lost_folding_is_nobodys_fault() -> None:
    assert outcome(SIGNED.replace(b"\r\n of term", b"\r\nof term")) == (Outcome.NEUTRAL, "folding_lost")


def test_a_message_read_in_part() -> None:
    message = read_message(SIGNED, most_octets=len(SIGNED) - 20)
    found = asyncio.run(verify(message, Zone(ZONE)))[0]
    assert (found.result, found.reason) == (Outcome.NEUTRAL, "truncated")


ED = signature(PLAIN, "s=ed", key=ED25519)


def test_ed25519() -> None:
    assert outcome(ED + PLAIN) == (Outcome.PASS, "")
    assert outcome(ED + PLAIN.replace(b"marks", b"grade")) == (Outcome.FAIL, "signature_wrong")


def test_p114_one_that_passes_is_enough() -> None:
    broken = ED.replace(b"; b=", b"; b=AAAA")
    found = verified(broken + SIGNED)
    assert [item.result for item in found] == [Outcome.FAIL, Outcome.PASS]
    assert [(item.domain, item.result) for item in by_domain(found)] == [("north.example", Outcome.PASS)]


def test_by_domain() -> None:
    message = signature(PLAIN, "d=other.example") + ED + SIGNED
    found = by_domain(verified(message, {**ZONE, NAME: "TIMEOUT"}))
    assert [(item.domain, item.result, item.reason) for item in found] == [
        ("other.example", Outcome.PERMERROR, "no_key"),
        ("north.example", Outcome.PASS, ""),
    ]
    unknown = by_domain(verified(ED.replace(b"; b=", b"; b=AAAA") + SIGNED, {**ZONE, NAME: "TIMEOUT"}))
    assert [(item.result, item.reason) for item in unknown] == [(Outcome.TEMPERROR, "dns")]


def test_no_more_than_ten() -> None:
    class Counting(Zone):
        asked = 0

        async def query(self, name: str, rdtype: str) -> Any:
            Counting.asked += 1
            return await super().query(name, rdtype)

    message = read_message(signature(PLAIN) * 30 + PLAIN)
    found = asyncio.run(verify(message, Counting(ZONE)))
    assert [item.result for item in found[:MAX_SIGNATURES]] == [Outcome.PASS] * MAX_SIGNATURES
    assert {item.reason for item in found[MAX_SIGNATURES:]} == {"not_checked"}
    assert len(found) == 30
    assert Counting.asked == 1


def test_no_signature() -> None:
    assert verified(PLAIN) == ()


def test_what_is_too_long_is_not_read() -> None:
    assert outcome(b"DKIM-Signature: " + b"x" * 20_000 + b"\r\n" + PLAIN) == (Outcome.PERMERROR, "too_long")


PIECES = st.sampled_from(
    [
        *("v=1", "a=rsa-sha256", "b=AAAA", "bh=", "d=north.example", "h=from", "h=:", "s=xen1", "l=1", "x=9", ";"),
        *("c=relaxed", "c=/", "i=@", "é", "\x00", "\r\n ", "t=99999999999999", "q=dns/txt", "d=..", "s=a b", "="),
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(PIECES, max_size=16).map(";".join), st.sampled_from(["simple", "relaxed"]))
def test_any_signature_is_read(text: str, form: str) -> None:
    for prefix in ("", f"v=1;a=rsa-sha256;c={form};d=north.example;s=xen1;h=from;bh=AAAA;b=AAAA;"):
        found = verified(f"DKIM-Signature: {prefix}{text}\r\n".encode() + PLAIN)
        assert all(item.result is not Outcome.PASS for item in found)
