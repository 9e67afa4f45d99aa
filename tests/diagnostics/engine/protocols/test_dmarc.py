"""DMARC after RFC 9989: the record, the walk up the tree, the policy for a domain, and alignment."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest

from diagnostics.engine.protocols.dmarc import (
    InForce,
    Policy,
    RecordProblem,
    is_aligned,
    parse_record,
    policy_for,
    select_records,
    walk,
    walked_names,
)
from diagnostics.engine.transcript import Recording
from diagnostics.engine.zone import Zone
from tests.soon import ends_soon

RUA = "rua=mailto:d@x.example"


def at(**records: str | list[str]) -> dict[str, Any]:
    """A zone of DMARC records; ``a_b`` stands for ``_dmarc.a.b``."""
    return {
        "_dmarc." + name.replace("_", "."): {"TXT": [texts] if isinstance(texts, str) else texts}
        for name, texts in records.items()
    }


def found(zone: dict[str, Any], domain: str) -> InForce:
    return asyncio.run(policy_for(Recording(Zone(zone)), domain))


def test_every_tag() -> None:
    record = parse_record(
        "v=DMARC1; p=Reject; sp=quarantine; np=none; adkim=s; aspf=S; psd=n; t=y; fo=1:d; pct=50; ri=3600; rf=afrf;"
        " rua=mailto:a@x.example!10m, https://x.example/d; ruf=mailto:b@x.example; zz=1;"
    )
    assert (record.p, record.sp, record.np) == (Policy.REJECT, Policy.QUARANTINE, Policy.NONE)
    assert (record.is_dkim_strict, record.is_spf_strict, record.psd, record.is_testing) == (True, True, "n", True)
    assert record.rua == ("mailto:a@x.example", "https://x.example/d")
    assert record.ruf == ("mailto:b@x.example",)
    assert record.fo == ("1", "d")
    assert dict(record.historic) == {"pct": "50", "ri": "3600", "rf": "afrf"}
    assert (record.unknown, record.faults) == (("zz",), ())


@pytest.mark.parametrize(
    ("text", "policy", "has_faults"),
    [
        ("v=DMARC1;p=none", Policy.NONE, False),
        ("v=DMARC1 ; p = quarantine ; ;", Policy.QUARANTINE, False),
        (f"v=DMARC1; {RUA}; p=reject", Policy.REJECT, False),
        (f"v=DMARC1; {RUA}", Policy.NONE, True),
        (f"v=DMARC1; p=rejct; {RUA}", Policy.NONE, True),
        (f"v=DMARC1; p=reject; sp=maybe; {RUA}", Policy.NONE, True),
        ("v=DMARC1; p=reject; p=none", Policy.REJECT, True),
        ("v=DMARC1; p=reject; adkim=strict", Policy.REJECT, True),
        ("v=DMARC1; p=reject; nonsense", Policy.REJECT, True),
        ("v=DMARC1; p=none; rua=postmaster@x.example", Policy.NONE, True),
    ],
    ids=["bare", "p80-blanks", "any-order", "p74-rua", "p74-wrong", "sp-wrong", "p80-twice", "wrong", "p80-x", "uri"],
)
def test_p74_p80_records_that_are_applied(text: str, policy: Policy, has_faults: bool) -> None:
    record = parse_record(text)
    assert (record.p, bool(record.faults)) == (policy, has_faults)


@pytest.mark.parametrize(
    "text",
    ["v=DMARC1", "v=DMARC1;", "v=DMARC1; p=rejct", "v=dmarc1; p=none", "v=DMARC1 p=none", "p=none; v=DMARC1", ""],
    ids=["p74-bare", "p74-semicolon", "p74-wrong", "p36-case", "no-semicolon", "v-not-first", "p38-empty"],
)
def test_records_that_are_not_applied(text: str) -> None:
    with pytest.raises(RecordProblem):
        parse_record(text)


def test_selection() -> None:
    texts = ["v=DMARC1; p=none", "v=dmarc1; p=none", "v=spf1 -all", ' "v=DMARC1; p=none"', "v=DMARC10; p=none", ""]
    assert select_records(texts) == ("v=DMARC1; p=none",)


def test_p70_the_walk_asks_eight_questions_at_most() -> None:
    name = "a.b.c.d.e.f.g.h.i.j.mail.corp.example"
    assert walked_names(name) == (
        name,
        "g.h.i.j.mail.corp.example",
        "h.i.j.mail.corp.example",
        "i.j.mail.corp.example",
        "j.mail.corp.example",
        "mail.corp.example",
        "corp.example",
        "example",
    )
    assert walked_names("a.b.example") == ("a.b.example", "b.example", "example")
    assert len(walked_names("1.2.3.4.5.6.7.8")) == 8
    recording = Recording(Zone({}, delay=0.005))
    asyncio.run(walk(recording, name))
    assert (recording.queries, recording.critical_path_ms) == (8, 5.0)


REJECT, NONE, QUARANTINE = "v=DMARC1; p=reject", "v=DMARC1; p=none", "v=DMARC1; p=quarantine"

POLICIES: list[tuple[str, dict[str, Any], str, str, Policy | None, str]] = [
    ("own", at(n_example=REJECT), "n.example", "p", Policy.REJECT, "n.example"),
    ("own-before-organisation", at(a_n_example=NONE, n_example=REJECT), "a.n.example", "p", Policy.NONE, "n.example"),
    ("p-of-organisation", at(n_example=REJECT), "a.n.example", "p", Policy.REJECT, "n.example"),
    ("highest", at(n_example=REJECT, b_n_example=NONE), "a.b.n.example", "p", Policy.REJECT, "n.example"),
    ("p72-sp", at(n_example=REJECT + "; sp=none") | {"a.n.example": {"A": []}}, "a.n.example", "sp", Policy.NONE, ""),
    ("p72-np", at(n_example=NONE + "; sp=none; np=reject"), "a.n.example", "np", Policy.REJECT, ""),
    (
        "p72-np-exists",
        at(n_example=NONE + "; np=reject") | {"a.n.example": {"MX": [[1, "m.example"]]}},
        "a.n.example",
        "p",
        Policy.NONE,
        "",
    ),
    ("p71-psd-n", at(b_n_example=NONE + "; psd=n", n_example=REJECT), "a.b.n.example", "p", Policy.NONE, "b.n.example"),
    ("p71-psd-y", at(example=REJECT + "; psd=y"), "a.n.example", "p", Policy.REJECT, "n.example"),
    (
        "p71-psd-y-above-organisation",
        at(n_example=NONE, example=REJECT + "; psd=y"),
        "a.n.example",
        "p",
        Policy.NONE,
        "n.example",
    ),
    (
        "p37-two-then-above",
        at(a_n_example=[NONE, REJECT], n_example=QUARANTINE),
        "a.n.example",
        "p",
        Policy.QUARANTINE,
        "",
    ),
    ("p37-two", at(n_example=[NONE, REJECT]), "n.example", "", None, "n.example"),
    ("p21-wildcard-spf", {"*.n.example": {"TXT": ["v=spf1 -all"]}}, "n.example", "", None, "n.example"),
    ("p01-nothing", {}, "n.example", "", None, "n.example"),
    ("p74-invalid-then-above", at(a_n_example="v=DMARC1", n_example=REJECT), "a.n.example", "p", Policy.REJECT, ""),
]


@pytest.mark.parametrize(
    ("zone", "domain", "tag", "policy", "organisation"),
    [case[1:] for case in POLICIES],
    ids=[case[0] for case in POLICIES],
)
def test_policy(zone: dict[str, Any], domain: str, tag: str, policy: Policy | None, organisation: str) -> None:
    in_force = found(zone, domain)
    assert (in_force.policy, in_force.tag, in_force.is_known) == (policy, tag, True)
    if organisation:
        assert in_force.walk.organisation == organisation


def test_p73_a_test_is_one_step_milder() -> None:
    for policy, milder in ((REJECT, Policy.QUARANTINE), (QUARANTINE, Policy.NONE), (NONE, Policy.NONE)):
        assert found(at(n_example=policy + "; t=y"), "n.example").effective is milder


@pytest.mark.parametrize("failure", ["TIMEOUT", "SERVFAIL", "REFUSED"])
def test_p03_p04_what_was_not_answered_is_not_absent(failure: str) -> None:
    assert not found({"_dmarc.n.example": {"TXT": failure}}, "n.example").is_known
    above = {"_dmarc.n.example": {"TXT": failure}}
    assert not found(above, "a.n.example").is_known
    own = found(above | at(a_n_example=REJECT), "a.n.example")
    assert (own.is_known, own.policy) == (True, Policy.REJECT)
    np = at(n_example=NONE + "; np=reject") | {"a.n.example": failure}
    assert not found(np | {"_dmarc.a.n.example": {}}, "a.n.example").is_known


@pytest.mark.parametrize(
    ("identifier", "author", "is_strict", "expected"),
    [
        ("n.example", "n.example", True, True),
        ("N.example.", "n.example", False, True),
        ("a.n.example", "n.example", True, False),
        ("a.n.example", "n.example", False, True),
        ("n.example", "a.n.example", False, True),
        ("a.n.example", "b.n.example", False, True),
        ("vendor.example", "n.example", False, False),
        ("xn.example", "n.example", False, False),
        ("n.test", "n.example", False, False),
        ("c.unknown.example", "n.example", False, None),
    ],
)
def test_p76_p77_alignment(identifier: str, author: str, is_strict: bool, expected: bool | None) -> None:
    names = ("n.example", "a.n.example", "b.n.example", "vendor.example", "xn.example")
    organisations = {name: ".".join(name.split(".")[-2:]) for name in names}
    assert is_aligned(identifier, author, is_strict=is_strict, organisations=organisations) is expected


@pytest.mark.parametrize(
    "text",
    [
        "v=DMARC1; " + "a=1;" * 16000,
        "v=DMARC1; " + "p" * 65000,
        "v=DMARC1; p=none; rua=" + "x," * 32000,
        "v=DMARC1; p=none; rua=" + "mailto:a," * 7000,
        ";" * 65000,
    ],
    ids=["tags", "name", "uris", "mailtos", "semicolons"],
)
def test_hostile_text_ends_soon(text: str) -> None:
    with ends_soon(), contextlib.suppress(RecordProblem):
        assert len("".join(parse_record(text).faults)) < 1000
