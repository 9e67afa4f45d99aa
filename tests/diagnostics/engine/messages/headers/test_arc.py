"""The chain of forwarders: how it is built, and whether its seals hold. dkimpy's verifier is the oracle."""

from __future__ import annotations

import asyncio
from typing import Any

import dkim
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.engine.messages.headers.arc import ARCChain, State, read_chain, verify
from diagnostics.engine.messages.headers.fields import read_message
from diagnostics.engine.zone import Zone
from tests.diagnostics.engine.messages.headers.signing import published, rsa, sealed

PLAIN = b"From: Nora <nora@north.example>\r\nSubject: Your marks\r\n\r\nDear Bob\r\n"
ONE = sealed(PLAIN, 1, "none")
TWO = sealed(ONE, 2, "pass", "corp.example")
LIST, CORP = "arc._domainkey.list.example", "arc._domainkey.corp.example"
ZONE: dict[str, Any] = {name: {"TXT": [published(rsa())]} for name in (LIST, CORP)}


def verified(message: bytes | str, zone: dict[str, Any] | None = None) -> ARCChain:
    return asyncio.run(verify(read_message(message), Zone(ZONE if zone is None else zone)))


def oracle(message: bytes) -> str | None:
    cv, _, _ = dkim.arc_verify(message, dnsfunc=lambda name, timeout=5: published(rsa()).encode())
    return None if cv is None else cv.decode()


@pytest.mark.parametrize(
    "message",
    [
        PLAIN,
        ONE,
        TWO,
        TWO.replace(b"marks", b"grade"),
        TWO.replace(b"Dear", b"Deer"),
        TWO.replace(b"spf=pass", b"spf=fail"),
        TWO.replace(b"mx.list.example; spf=pass", b"mx.list.example; spf=fail"),
        TWO.replace(b"cv=none", b"cv=pass"),
        sealed(ONE, 2, "none"),
        sealed(ONE, 3, "pass"),
        ONE.replace(b"ARC-Authentication-Results", b"X-ARC-Authentication-Results"),
        ONE.replace(b"ARC-Seal: i=1", b"ARC-Seal: i=2"),
        ONE + b"",
    ],
)
def test_as_dkimpy_has_it(message: bytes) -> None:
    assert verified(message).state.value == oracle(message)


def test_the_chain_that_holds() -> None:
    found = verified(TWO)
    assert (found.state, found.reason, found.faults, found.sealer) == (State.PASS, "", (), "corp.example")
    assert [(item.instance, item.domain, item.cv, item.is_seal_valid) for item in found.sets] == [
        (1, "list.example", "none", True),
        (2, "corp.example", "pass", True),
    ]
    assert [item.is_signature_valid for item in found.sets] == [None, True]
    assert found.sets[0].results is not None
    assert found.sets[0].results.authserv_id == "mx.list.example"


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ({LIST: ZONE[LIST], CORP: "TIMEOUT"}, (State.UNKNOWN, "dns")),
        ({LIST: "SERVFAIL", CORP: ZONE[CORP]}, (State.UNKNOWN, "dns")),
        ({CORP: ZONE[CORP]}, (State.FAIL, "no_key")),
        ({LIST: ZONE[LIST], CORP: {"TXT": [published(rsa(1024, "other"))]}}, (State.FAIL, "signature")),
        ({CORP: ZONE[CORP], LIST: {"TXT": ["v=DKIM1; p="]}}, (State.FAIL, "seal")),
    ],
    ids=["timeout", "servfail", "absent", "other-key", "revoked"],
)
def test_keys(zone: dict[str, Any], expected: tuple[State, str]) -> None:
    found = verified(TWO, zone)
    assert (found.state, found.reason) == expected


def part(instance: int | str, cv: str = "none", *, without: str = "") -> str:
    lines = {
        "as": f"ARC-Seal: i={instance}; a=rsa-sha256; cv={cv}; d=list.example; s=arc; b=AA\n",
        "ams": f"ARC-Message-Signature: a=rsa-sha256; i={instance}; d=list.example; s=arc; h=from; bh=AA; b=AA\n",
        "aar": f"ARC-Authentication-Results: i={instance}; mx.list.example; spf=pass\n",
    }
    return "".join(line for name, line in lines.items() if name != without)


@pytest.mark.parametrize(
    ("header", "state", "faults", "gaps"),
    [
        ("", State.NONE, (), ()),
        (part(1), State.NOT_CHECKED, (), ()),
        (part(2, "pass") + part(1), State.NOT_CHECKED, (), ()),
        (part(3, "pass") + part(1), State.FAIL, ("gap",), (2,)),
        (part(2, "pass"), State.FAIL, ("gap",), (1,)),
        (part(1, without="aar"), State.FAIL, ("incomplete",), ()),
        (part(1, without="ams"), State.FAIL, ("incomplete",), ()),
        (part(1, without="as"), State.FAIL, ("incomplete",), ()),
        (part(1) + part(1), State.FAIL, ("duplicate",), ()),
        (part(1, "pass"), State.FAIL, ("cv",), ()),
        (part(2, "none") + part(1), State.FAIL, ("cv",), ()),
        (part(2, "fail") + part(1), State.FAIL, (), ()),
        (part("x"), State.FAIL, ("instance",), ()),
        (part(51), State.FAIL, ("instance",), ()),
        (part(0), State.FAIL, ("instance",), ()),
        (part(1).replace("d=list.example; s=arc; b", "b"), State.FAIL, ("malformed",), ()),
        (part(1).replace("cv=none", "cv=none; h=from"), State.FAIL, ("malformed",), ()),
    ],
)
def test_structure(header: str, state: State, faults: tuple[str, ...], gaps: tuple[int, ...]) -> None:
    found = read_chain(read_message(header + "From: a@b.example\n").fields)
    assert (found.state, found.faults, found.gaps) == (state, faults, gaps)


def test_a_forwarder_gave_up() -> None:
    assert verified(sealed(ONE, 2, "fail")).reason == "cv_fail"


def test_a_part_of_a_message_says_nothing_of_the_rest() -> None:
    header = TWO.partition(b"\r\n\r\n")[0].decode() + "\r\n"
    found = verified(header)
    assert (found.state, found.reason) == (State.NOT_CHECKED, "body_missing")
    assert [item.is_seal_valid for item in found.sets] == [True, True]
    assert verified("Torn: off\nline\n" + header).reason == "folding_lost"
    long = PLAIN
    for at in range(1, 12):
        long = sealed(long, at, "none" if at == 1 else "pass")
    assert (verified(long).state, verified(long).reason) == (State.NOT_CHECKED, "too_long")


PIECES = st.sampled_from(
    ["i=1", "i=2", ";", "cv=pass", "d=list.example", "s=arc", "a=rsa-sha256", "b=AA", "h=from", "é"]
)
NAMES = st.sampled_from(["ARC-Seal", "ARC-Message-Signature", "ARC-Authentication-Results", "From"])


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(NAMES, st.lists(PIECES, max_size=8).map(";".join)), max_size=8))
def test_any_chain_is_read(fields: list[tuple[str, str]]) -> None:
    message = "".join(f"{name}: {value}\n" for name, value in fields) + "\nbody\n"
    assert verified(message).state is not State.PASS
