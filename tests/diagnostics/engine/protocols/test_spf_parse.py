"""The grammar of SPF: what is a record, what breaks it, and that hostile text costs nothing."""

from __future__ import annotations

import contextlib

import pytest

from diagnostics.engine.protocols.spf import RecordProblem, parse_record, select_records
from diagnostics.engine.protocols.spf.macros import MacroProblem, read_macros, shortened
from tests.soon import ends_soon

SOUND = [
    "v=spf1",
    "v=spf1   ",
    "v=spf1 all",
    "v=spf1 +a mx/24 mx//64 a:x.example/0//0 ptr ptr:x.example. -all",
    "v=spf1 ip4:192.0.2.1 ip4:192.0.2.0/24 ip6:::1 ip6:2001:db8::/32 ?all",
    "v=spf1 exists:%{ir}.%{v}._spf.%{d2} ~all",
    "v=spf1 exists:%{L3r+-}.x.example include:%{d} -all",
    "v=spf1 redirect=_spf.x.example exp=why.x.example",
    "v=spf1 moo=anything tracking-id=7_x moo=again -all",
    "v=spf1 a:x-y.example-1.xn--p1ai -all",
]
BROKEN = [
    "v=spf1 ipv4:192.0.2.1",
    "v=spf1 ip4:192.0.2",
    "v=spf1 ip4:192.0.2.01",
    "v=spf1 ip4:192.0.2.1/33",
    "v=spf1 ip4:192.0.2.1/",
    "v=spf1 ip4:192.0.2.1/08",
    "v=spf1 ip4",
    "v=spf1 ip4:",
    "v=spf1 ip6:2001:db8::/129",
    "v=spf1 ip6:fe80::1%eth0",
    "v=spf1 ip6:192.0.2.1",
    "v=spf1 a:",
    "v=spf1 a:192.0.2.1",
    "v=spf1 a:nodots",
    "v=spf1 a/24/64",
    "v=spf1 a//129",
    "v=spf1 a:x.example/",
    "v=spf1 a:x.example:25",
    "v=spf1 axe:x.example",
    "v=spf1 include",
    "v=spf1 include:",
    "v=spf1 exists",
    "v=spf1 all:x.example",
    "v=spf1 all/8",
    "v=spf1 --all",
    "v=spf1 -",
    "v=spf1 %%all",
    "v=spf1 a:%{x}.example",
    "v=spf1 a:%{d0}.example",
    "v=spf1 a:%{c}.example",
    "v=spf1 a:%.example",
    "v=spf1 a:%{d",
    "v=spf1 redirect=a.example redirect=b.example",
    "v=spf1 exp=a.example EXP=b.example",
    "v=spf1 redirect=",
    "v=spf1 moo=%x",
    "v=spf1 =moo",
    "v=spf1\ta -all",
    "v=spf1 a \r\n-all",
    "v=spf1 a:x\x00.example",
    'v=spf1 "ip4:192.0.2.1" -all',
    "v=spf1 a:caf\u00e9.example",
]


@pytest.mark.parametrize("text", SOUND)
def test_sound(text: str) -> None:
    assert parse_record(text).text == text


@pytest.mark.parametrize("text", BROKEN, ids=[ascii(text) for text in BROKEN])
def test_broken(text: str) -> None:
    with pytest.raises(RecordProblem) as problem:
        parse_record(text)
    assert problem.value.text


def test_terms_are_read_whole() -> None:
    record = parse_record("v=spf1 -mx:m.x.example/24//64 ip6:2001:db8::9/32 ~all a REDIRECT=r.example exp=e.example")
    mx, ip6, last, late = record.mechanisms
    assert (mx.qualifier, mx.name, mx.domain, mx.prefix4, mx.prefix6) == ("-", "mx", "m.x.example", 24, 64)
    assert str(ip6.network) == "2001:db8::/32"
    assert (last.name, last.qualifier) == ("all", "~")
    assert record.unreachable == (late,)
    assert record.redirect is None
    assert record.exp is not None
    assert record.exp.value == "e.example"


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("v=spf1", True),
        ("V=SPF1 -all", True),
        ("v=spf1-all", False),
        ("v=spf10 -all", False),
        (" v=spf1 -all", False),
        ('"v=spf1 -all"', False),
        ("v=spf1\u00a0-all", False),
        ("\ufeffv=spf1 -all", False),
        ("spf2.0/pra -all", False),
        ("", False),
    ],
    ids=["bare", "p36-case", "no-space", "other-version", "p34-blank", "p33-quotes", "p35-nbsp", "bom", "p40", "p38"],
)
def test_selection(text: str, is_one: bool) -> None:
    assert bool(select_records([text])) is is_one


def test_an_explanation_may_hold_more() -> None:
    assert read_macros("See %{c} at %{t}, 100%%", explains=True).letters == {"c", "t"}
    with pytest.raises(MacroProblem):
        read_macros("two words")


def test_p53_names_are_cut_from_the_left() -> None:
    name = ".".join(["abcdefghi"] * 30) + "."
    assert len(shortened(name)) <= 253
    assert shortened(name).endswith("abcdefghi.abcdefghi")


@pytest.mark.parametrize(
    "text",
    [
        "v=spf1 " + "a " * 32000,
        "v=spf1 " + "%{d}" * 16000,
        "v=spf1 a:" + "x" * 65000,
        "v=spf1 a:" + "x." * 32000 + "1",
        "v=spf1 a" + "/1" * 32000,
        "v=spf1 ip4:" + "1" * 65000,
        "v=spf1 " + "%" * 65000,
        "v=spf1 a:%{d" + "9" * 65000 + "}",
        "v=spf1 x=" + "-" * 65000,
        "v=spf1" + " " * 65000,
    ],
    ids=["terms", "macros", "label", "labels", "slashes", "digits", "percents", "number", "modifier", "blanks"],
)
def test_hostile_text_ends_soon(text: str) -> None:
    with ends_soon(), contextlib.suppress(RecordProblem):
        parse_record(text)


def test_a_problem_is_told_in_few_words() -> None:
    with pytest.raises(RecordProblem) as problem:
        parse_record("v=spf1 a:" + "x" * 65000)
    assert len(str(problem.value)) < 400
