"""SPF evaluated against one zone: seven results, every limit, both ways of counting, and the trace."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from diagnostics.engine.protocols.spf import Evaluation, Outcome, Result, check_host, cost_of, merged, with_terms
from diagnostics.engine.transcript import Recording
from diagnostics.engine.zone import Zone

IP, IP6 = "192.0.2.10", "2001:db8::10"


def txt(record: str) -> dict[str, Any]:
    return {"TXT": [record]}


ZONE: dict[str, Any] = {
    "vendor.example": txt("v=spf1 ip4:192.0.2.10 ip6:2001:db8::10 -all"),
    "none.example": {"TXT": ["v=spf10 +all", "site=1", " v=spf1 +all", "spf2.0/pra +all", ""]},
    "pass.example": txt("v=spf1 include:vendor.example -all"),
    "case.example": txt("V=SpF1 InClUdE:vendor.example -ALL"),
    "joined.example": {"TXT": [["v=spf1 ip4:192", ".0.2.10 -all"]]},
    "fail.example": txt("v=spf1 ip4:198.51.100.1 -all"),
    "soft.example": txt("v=spf1 ~all"),
    "neutral.example": txt("v=spf1 ?all"),
    "noend.example": txt("v=spf1 ip4:198.51.100.1"),
    "two.example": {"TXT": ["v=spf1 +all", "v=spf1 -all"]},
    "syntax.example": txt("v=spf1 ipv4:192.0.2.10 -all"),
    "nbsp.example": txt("v=spf1\u00a0ip4:192.0.2.10 -all"),
    "late.example": txt("v=spf1 +all ip4:nonsense"),
    "slow.example": "TIMEOUT",
    "broken.example": {"TXT": "SERVFAIL"},
    "inc-none.example": txt("v=spf1 include:nowhere.example +all"),
    "inc-slow.example": txt("v=spf1 include:slow.example +all"),
    "inc-broken.example": txt("v=spf1 include:broken.example +all"),
    "first.example": txt("v=spf1 ip4:192.0.2.10 include:slow.example -all"),
    "loop-a.example": txt("v=spf1 include:loop-b.example -all"),
    "loop-b.example": txt("v=spf1 include:loop-a.example -all"),
    "self.example": txt("v=spf1 redirect=self.example"),
    "redir.example": txt("v=spf1 redirect=vendor.example"),
    "redir-none.example": txt("v=spf1 redirect=nowhere.example"),
    "redir-all.example": txt("v=spf1 ~all redirect=vendor.example"),
    "ten.example": txt("v=spf1 " + " ".join(f"a:h{i}.x.example" for i in range(10)) + " +all"),
    "eleven.example": txt("v=spf1 " + " ".join(f"a:h{i}.x.example" for i in range(11)) + " +all"),
    **{f"h{i}.x.example": {"A": ["198.51.100.1"], "AAAA": ["2001:db8:1::1"]} for i in range(11)},
    "void2.example": txt("v=spf1 a:v1.example a:v2.example +all"),
    "void3.example": txt("v=spf1 a:v1.example a:v2.example a:v3.example +all"),
    "void6.example": txt("v=spf1 a:four1.example a:four2.example a:four3.example +all"),
    **{f"four{i}.example": {"A": ["198.51.100.1"]} for i in (1, 2, 3)},
    "mx11.example": {"TXT": ["v=spf1 mx +all"], "MX": [[10, f"h{i}.x.example"] for i in range(11)]},
    "mx.example": {"TXT": ["v=spf1 mx/24 -all"], "MX": [[10, "m.example"], [5, "h1.x.example"]]},
    "m.example": {"A": ["192.0.2.200"]},
    "bits.example": txt("v=spf1 ip4:192.0.2.99/24 -all"),
    "zero.example": txt("v=spf1 ip4:198.51.100.1/0 -all"),
    "dual.example": {"TXT": ["v=spf1 a/24//64 -all"], "A": ["192.0.2.1"], "AAAA": ["2001:db8::1"]},
    "macro.example": txt("v=spf1 exists:%{ir}.%{v}._spf.%{d2} -all"),
    "10.2.0.192.in-addr._spf.macro.example": {"A": ["127.0.0.2"]},
    "0.1" + ".0" * 22 + ".8.b.d.0.1.0.0.2.ip6._spf.macro.example": {"A": ["127.0.0.2"]},
    "local.example": txt("v=spf1 exists:%{L}._l.example -all"),
    "a%2bb._l.example": {"A": ["127.0.0.2"]},
    "ptr.example": txt("v=spf1 ptr -all"),
    "10.2.0.192.in-addr.arpa": {"PTR": ["mail.ptr.example"]},
    "mail.ptr.example": {"A": ["192.0.2.10"]},
    "exp.example": txt("v=spf1 -all exp=why.example"),
    "why.example": txt("%{i} is not of %{d}: see %{r}"),
    "exp-slow.example": txt("v=spf1 -all exp=slow.example"),
    "cname.example": {"CNAME": ["pass.example"]},
    "ring.example": {"CNAME": ["gnir.example"]},
    "gnir.example": {"CNAME": ["ring.example"]},
    "a-slow.example": txt("v=spf1 a:slow.example -all"),
}


def check(domain: str, ip: str = IP, *, sender: str = "") -> Evaluation:
    return asyncio.run(check_host(Recording(Zone(ZONE)), ip, domain, sender or f"a@{domain}", "smtp.vendor.example"))


CASES = [
    ("p01-nxdomain", "nowhere.example", IP, Result.NONE),
    ("p02-nodata", "m.example", IP, Result.NONE),
    ("p03-servfail", "broken.example", IP, Result.TEMPERROR),
    ("p04-timeout", "slow.example", IP, Result.TEMPERROR),
    ("p13-cname", "cname.example", IP, Result.PASS),
    ("p14-cname-loop", "ring.example", IP, Result.TEMPERROR),
    ("p29-one-label", "localhost", IP, Result.NONE),
    ("p31-strings-joined", "joined.example", IP, Result.PASS),
    ("p34-p38-p40-not-records", "none.example", IP, Result.NONE),
    ("p35-nbsp", "nbsp.example", IP, Result.NONE),
    ("p36-any-case", "case.example", IP, Result.PASS),
    ("p37-two-records", "two.example", IP, Result.PERMERROR),
    ("include-passes", "pass.example", IP, Result.PASS),
    ("include-passes-v6", "pass.example", IP6, Result.PASS),
    ("fail", "fail.example", IP, Result.FAIL),
    ("softfail", "soft.example", IP, Result.SOFTFAIL),
    ("neutral", "neutral.example", IP, Result.NEUTRAL),
    ("no-end-is-neutral", "noend.example", IP, Result.NEUTRAL),
    ("syntax", "syntax.example", IP, Result.PERMERROR),
    ("syntax-behind-the-match", "late.example", IP, Result.PERMERROR),
    ("p42-include-none", "inc-none.example", IP, Result.PERMERROR),
    ("p43-include-timeout", "inc-slow.example", IP, Result.TEMPERROR),
    ("p43-include-servfail", "inc-broken.example", IP, Result.TEMPERROR),
    ("a-timeout", "a-slow.example", IP, Result.TEMPERROR),
    ("match-before-timeout", "first.example", IP, Result.PASS),
    ("p44-include-loop", "loop-a.example", IP, Result.PERMERROR),
    ("p45-redirect-to-itself", "self.example", IP, Result.PERMERROR),
    ("redirect", "redir.example", IP, Result.PASS),
    ("redirect-none", "redir-none.example", IP, Result.PERMERROR),
    ("p46-redirect-beside-all", "redir-all.example", IP, Result.SOFTFAIL),
    ("p47-p51-ten", "ten.example", IP, Result.PASS),
    ("p47-p51-eleven", "eleven.example", IP, Result.PERMERROR),
    ("p48-two-voids", "void2.example", IP, Result.PASS),
    ("p48-three-voids", "void3.example", IP, Result.PERMERROR),
    ("p49-voids-of-one-family", "void6.example", IP6, Result.PERMERROR),
    ("p49-no-voids-of-the-other", "void6.example", IP, Result.PASS),
    ("p50-eleven-mx", "mx11.example", IP, Result.PERMERROR),
    ("mx-with-prefix", "mx.example", IP, Result.PASS),
    ("p52-host-bits", "bits.example", IP, Result.PASS),
    ("p52-zero", "zero.example", IP, Result.PASS),
    ("p52-zero-is-of-one-family", "zero.example", IP6, Result.FAIL),
    ("p52-dual", "dual.example", IP, Result.PASS),
    ("p52-dual-v6", "dual.example", IP6, Result.PASS),
    ("p53-macro", "macro.example", IP, Result.PASS),
    ("p53-macro-v6", "macro.example", IP6, Result.PASS),
    ("ptr", "ptr.example", IP, Result.PASS),
    ("p54-mapped", "pass.example", "::ffff:192.0.2.10", Result.PASS),
    ("p55-exp", "exp-slow.example", IP, Result.FAIL),
]


@pytest.mark.parametrize(("domain", "ip", "result"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_result(domain: str, ip: str, result: Result) -> None:
    assert check(domain, ip).result is result


def test_p53_special_letters_of_a_local_part() -> None:
    assert check("local.example", sender="a+b@local.example").result is Result.PASS
    assert check("local.example", sender='"a b"@local.example').result is Result.FAIL


def test_a_local_part_that_is_not_ascii_matches_nothing() -> None:
    assert check("local.example", sender="jürgen@local.example").result is Result.FAIL


def test_p55_the_explanation() -> None:
    assert check("exp.example").explanation == "192.0.2.10 is not of exp.example: see unknown"
    assert check("fail.example").explanation == ""


def test_p49_both_ways_of_counting() -> None:
    found = check("void6.example", IP6)
    assert (found.used.voids, found.used.voids_of_both) == (3, 0)
    assert found.is_voids_disputed
    assert not check("void3.example").is_voids_disputed


def test_p58_the_trace_is_a_tree_with_the_budget() -> None:
    found = check("pass.example", "203.0.113.1")
    assert [(step.term, step.outcome, step.used.lookups) for step in found.trace.steps] == [
        ("include:vendor.example", Outcome.NO_MATCH, 1),
        ("-all", Outcome.MATCH, 1),
    ]
    nested = found.trace.steps[0].nested
    assert nested is not None
    assert [step.term for step in nested.steps] == ["ip4:192.0.2.10", "ip6:2001:db8::10", "-all"]
    assert (nested.result, nested.own_lookups, nested.before.lookups) == (Result.FAIL, 0, 1)
    assert found.deciding is not None
    assert found.deciding.term == "-all"


def test_an_error_says_where_and_what_was_asked() -> None:
    found = check("inc-slow.example")
    assert found.failed is not None
    assert found.failed.name == "slow.example"
    assert "slow.example" in found.problem


def test_p56_questions_asked_ahead_change_no_count() -> None:
    """A term that is not reached is not counted, whatever was asked ahead; and what surely matches stops that."""
    found = check("first.example")
    assert found.used.lookups == 0
    recording = Recording(Zone(ZONE))
    asyncio.run(check_host(recording, IP, "first.example"))
    assert recording.queries == 1


def test_siblings_are_asked_at_once() -> None:
    zone = {f"s{i}.example": txt(f"v=spf1 include:t{i}.example -all") for i in range(3)}
    zone |= {f"t{i}.example": txt("v=spf1 ip4:198.51.100.1 -all") for i in range(3)}
    zone["top.example"] = txt("v=spf1 include:s0.example include:s1.example include:s2.example -all")
    recording = Recording(Zone(zone, delay=0.005))
    found = asyncio.run(check_host(recording, IP, "top.example"))
    assert (found.used.lookups, recording.queries, recording.critical_path_ms) == (6, 7, 15.0)


def test_a_hostile_tree_is_bounded() -> None:
    zone = {
        f"{name}.example": txt("v=spf1 " + " ".join(f"include:{name}{i}.example" for i in range(9)) + " -all")
        for name in ("r", *(f"r{i}" for i in range(9)), *(f"r{i}{j}" for i in range(9) for j in range(9)))
    }
    recording = Recording(Zone(zone))
    assert asyncio.run(check_host(recording, IP, "r.example")).result is Result.PERMERROR
    assert recording.queries <= 50


def test_cost_of_the_whole_tree() -> None:
    record = ZONE["ten.example"]["TXT"][0].replace("+all", "include:pass.example include:%{d}.example ~all a")
    cost = asyncio.run(cost_of(Recording(Zone(ZONE)), "ten.example", record))
    assert (cost.own, cost.total, cost.is_known) == (12, 13, False)
    assert [branch.total for branch in cost.branches] == [1, 0]


def test_cost_of_a_hostile_tree_is_bounded() -> None:
    record = "v=spf1 " + " ".join(f"include:n{i}.example" for i in range(500))
    recording = Recording(Zone({}))
    cost = asyncio.run(cost_of(recording, "h.example", record))
    assert (cost.total, cost.is_known) == (500, False)
    assert recording.queries <= 40


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ("v=spf1 mx -all", "v=spf1 mx include:v.example -all"),
        ("v=spf1 mx", "v=spf1 mx include:v.example"),
        ("v=spf1 mx redirect=x.example", "v=spf1 mx include:v.example redirect=x.example"),
        ("v=spf1 ~all include:v.example", "v=spf1 include:v.example ~all"),
        ("v=spf1 -include:V.example mx ?all", "v=spf1 mx include:v.example ?all"),
        ("", "v=spf1 include:v.example ~all"),
    ],
)
def test_a_term_goes_where_it_is_reached(record: str, expected: str) -> None:
    assert with_terms(record, ["include:v.example"]) == expected


def test_several_records_become_one() -> None:
    both = ["v=spf1 mx include:a.example -all", "v=spf1 MX redirect=b.example", "v=spf1 a ~all"]
    assert merged(both, ["ip4:192.0.2.10"]) == "v=spf1 mx include:a.example a ip4:192.0.2.10 include:b.example ~all"
