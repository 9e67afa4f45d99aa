"""What a signature covers: canonical forms, the choice of fields, and the signature without its value."""

from __future__ import annotations

import base64
import hashlib

import pytest

from diagnostics.engine.messages.headers.fields import read_message
from diagnostics.engine.messages.headers.signed import (
    Body,
    SignatureProblem,
    fits,
    header_octets,
    names_of,
    octets_of,
    policy_of,
    without_value,
)
from diagnostics.engine.protocols.dkim import parse_key
from tests.diagnostics.engine.messages.headers.signing import ED25519, made, published, rsa

# RFC 6376 §3.4.5 has this example, and what becomes of it.
EXAMPLE = read_message(b"A: X\r\nB : Y\t\r\n\tZ  \r\nDKIM-Signature: v=1; b=AAAA\r\n\r\n C \r\nD \t E\r\n\r\n\r\n")
OWN = EXAMPLE.fields[2]


@pytest.mark.parametrize(
    ("form", "header", "body"),
    [
        ("relaxed/relaxed", b"a:X\r\nb:Y Z\r\ndkim-signature:v=1; b=", b" C\r\nD E\r\n"),
        ("simple/simple", b"A: X\r\nB : Y\t\r\n\tZ  \r\nDKIM-Signature: v=1; b=", b" C \r\nD \t E\r\n"),
        ("relaxed", b"a:X\r\nb:Y Z\r\ndkim-signature:v=1; b=", b" C \r\nD \t E\r\n"),
        ("", b"A: X\r\nB : Y\t\r\n\tZ  \r\nDKIM-Signature: v=1; b=", b" C \r\nD \t E\r\n"),
    ],
)
def test_the_standards_example(form: str, header: bytes, body: bytes) -> None:
    policy = policy_of(form)
    assert header_octets(EXAMPLE.fields, ("a", "b"), OWN, policy) == header
    assert EXAMPLE.body is not None
    held = Body(EXAMPLE.body)
    assert held.hash(policy) == held.hash(policy) == hashlib.sha256(body).digest()
    assert held.hash(policy, 3) == hashlib.sha256(body[:3]).digest()


@pytest.mark.parametrize("form", ["relaxed/", "other/relaxed", "a/b/c", "é"])
def test_forms_that_nobody_knows(form: str) -> None:
    with pytest.raises(SignatureProblem):
        policy_of(form)


def test_fields_are_chosen_from_below() -> None:
    message = read_message(b"A: 1\nA: 2\nA: 3\nS: b=\n")
    chosen = header_octets(message.fields, ("a", "a", "gone", "a", "a"), message.fields[3], policy_of("relaxed"))
    assert chosen == b"a:3\r\na:2\r\na:1\r\ns:b="


@pytest.mark.parametrize(
    ("value", "bare"),
    [
        (b" v=1; b=abc; d=x", b" v=1; b=; d=x"),
        (b" bh=abc;\r\n b = a\r\n b==", b" bh=abc;\r\n b ="),
        (b" b=", b" b="),
        (b" v=1; bh=x", b" v=1; bh=x"),
        (b" z=a b=c; x", b" z=a b=c; x"),
    ],
)
def test_the_value_is_left_out(value: bytes, bare: bytes) -> None:
    assert without_value(value) == bare


def test_base64_and_names() -> None:
    assert octets_of(" QU\r\n JD ") == b"ABC"
    assert names_of(" From : To:x ") == ("from", "to", "x")
    for text in ("é", "QUJ", "!"):
        with pytest.raises(SignatureProblem):
            octets_of(text)
    with pytest.raises(SignatureProblem):
        names_of(":" * 2_000)


def test_keys_fit_their_own_signatures_alone() -> None:
    for key, algorithm in ((rsa(), "rsa-sha256"), (ED25519, "ed25519-sha256")):
        record, octets = parse_key(published(key)), b"what was signed"
        value = base64.b64decode(made(key, octets))
        assert fits(record, algorithm, value, octets)
        assert not fits(record, algorithm, value, octets + b"!")
        assert not fits(record, algorithm, value[:-1], octets)
        assert not fits(record, algorithm, b"", octets)
    assert not fits(parse_key(published(rsa())), "ed25519-sha256", b"x", b"y")
    assert not fits(parse_key(published(ED25519)), "rsa-sha256", b"x", b"y")
