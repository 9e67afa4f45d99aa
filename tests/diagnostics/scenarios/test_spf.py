"""P42 to P58: SPF, as the whole engine judges it for a branch whose own domain stands in the envelope."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from diagnostics.engine.ip import reverse_name
from diagnostics.engine.protocols import spf
from diagnostics.engine.protocols.spf import evaluate
from diagnostics.engine.zone import Zone
from tests.diagnostics.scenarios.world import scenario, sent_by, world

OURS = "include:spf.xenegrade.example"
SIX = "2001:db8::10"
V6 = sent_by(addresses=(SIX,))
HOST6: dict[str, Any] = {
    "smtp.xenegrade.example": {"A": ["192.0.2.10"], "AAAA": [SIX]},
    reverse_name(SIX): {"PTR": ["smtp.xenegrade.example"]},
}
#: A list that names somebody else, for the branches of a tree.
OTHER: dict[str, Any] = {"TXT": ["v=spf1 ip4:198.51.100.1 -all"]}
LISTS = {f"s{number}.example": OTHER for number in range(11)}
HOSTS = {f"h{number}.example": {"A": ["198.51.100.1"]} for number in range(11)}


def north(record: str, **others: Any) -> dict[str, Any]:
    """The branch's record, and what stands at other names (``a_example`` for ``a.example``)."""
    return {"north.example": {"TXT": [record]}, **{name.replace("_", "."): held for name, held in others.items()}}


def terms(word: str, letter: str, count: int) -> str:
    return " ".join(f"{word}:{letter}{number}.example" for number in range(count))


def servers(count: int) -> dict[str, Any]:
    """As many mail servers, of which the last is ours."""
    names = [f"h{number}.example" for number in range(count - 1)] + ["smtp.xenegrade.example"]
    mx = [[number, name] for number, name in enumerate(names)]
    return {**HOSTS, "north.example": {"TXT": ["v=spf1 mx -all"], "MX": mx}}


LOOP = {"b.example": {"TXT": ["v=spf1 include:a.example -all"]}}
BROKEN = "spf.include_broken dmarc.aligned"
LIMITS = [
    pytest.param(north("v=spf1 include:none.example -all"), BROKEN, "spf.unknown", id="p42-no-domain"),
    pytest.param(north("v=spf1 include:h.example -all", h_example={"A": ["192.0.2.1"]}), BROKEN, "", id="p42-none"),
    pytest.param(north("v=spf1 include:t.example -all", t_example="TIMEOUT"), "spf.unknown", "spf.fail", id="p43"),
    pytest.param(
        north("v=spf1 ip4:192.0.2.10 include:t.example -all", t_example="SERVFAIL"),
        "spf.pass",
        "spf.unknown",
        id="p43-behind-the-match",
    ),
    pytest.param(
        north("v=spf1 include:a.example -all", a_example={"TXT": ["v=spf1 include:b.example -all"]}) | LOOP,
        "spf.too_many_lookups",
        "spf.unknown",
        id="p44",
    ),
    pytest.param(north("v=spf1 redirect=north.example"), "spf.too_many_lookups", "spf.unknown", id="p45"),
    pytest.param(north(f"v=spf1 {OURS} redirect=none.example -all"), "spf.pass", "spf.include_broken", id="p46"),
    pytest.param(north("v=spf1 redirect=none.example -all"), "spf.fail", "spf.include_broken", id="p46-fail"),
    pytest.param(north(f"v=spf1 {terms('include', 's', 10)} ip4:192.0.2.10 -all") | LISTS, "spf.pass", "", id="p47-10"),
    pytest.param(
        north(f"v=spf1 {terms('include', 's', 11)} ip4:192.0.2.10 -all") | LISTS,
        "spf.too_many_lookups",
        "spf.pass",
        id="p47-11",
    ),
    pytest.param(north(f"v=spf1 {terms('a', 'v', 2)} ip4:192.0.2.10 -all"), "spf.pass", "", id="p48-two"),
    pytest.param(
        north(f"v=spf1 {terms('a', 'v', 3)} ip4:192.0.2.10 -all"), "spf.too_many_voids", "spf.pass", id="p48-three"
    ),
    pytest.param(servers(10), "spf.pass", "spf.too_many_servers", id="p50-ten"),
    pytest.param(servers(11), "spf.too_many_servers", "spf.pass spf.include_broken", id="p50-eleven"),
    pytest.param(north(f"v=spf1 {terms('a', 'h', 11)} -all") | HOSTS, "spf.too_many_lookups", "spf.fail", id="p51"),
    pytest.param(north("v=spf1 ip4:192.0.2.77/24 -all"), "spf.pass", "spf.syntax", id="p52-host-bits"),
    pytest.param(north("v=spf1 ip4:192.0.2.10/0 -all"), "spf.pass", "spf.syntax", id="p52-zero"),
    pytest.param(north("v=spf1 ip4:192.0.2.10/33 -all"), "spf.syntax", "spf.pass", id="p52-too-long"),
    pytest.param(
        north("v=spf1 a:h.example/24//64 -all", h_example={"A": ["192.0.2.200"]}), "spf.pass", "", id="p52-dual"
    ),
    pytest.param(north(f"v=spf1 {OURS} -all exp=none.example"), "spf.pass", "", id="p55-not-asked"),
    pytest.param(north("v=spf1 -all exp=none.example"), "spf.fail", "", id="p55-no-text"),
    pytest.param(north("v=spf1 -all exp=t.example", t_example="TIMEOUT"), "spf.fail", "spf.unknown", id="p55-silent"),
    pytest.param(north("v=spf1 -all exp=t.example", t_example={"TXT": ["%{z}"]}), "spf.fail", "", id="p55-no-macro"),
    pytest.param(north("v=spf1 +all"), "spf.pass spf.anybody", "", id="p57-plus"),
    pytest.param(north("v=spf1 ?all"), "spf.neutral", "spf.no_end", id="p57-neutral"),
    pytest.param(north("v=spf1 ip4:198.51.100.1"), "spf.neutral spf.no_end", "", id="p57-no-all"),
    pytest.param(north(f"v=spf1 -all {OURS}"), "spf.fail spf.unreachable", "spf.pass", id="p57-behind"),
]


@pytest.mark.parametrize(("changed", "has", "lacks"), LIMITS)
def test_the_branchs_record(changed: dict[str, Any], has: str, lacks: str) -> None:
    scenario(changed, has, lacks)


HOSTS_OF_V4 = {f"h{number}.example": {"A": ["198.51.100.1"]} for number in range(3)}
FIXED = f"ip6:{SIX} -all"


@pytest.mark.parametrize(
    ("record", "others", "has", "lacks"),
    [
        (f"v=spf1 {terms('a', 'h', 3)} {FIXED}", HOSTS_OF_V4, "spf.voids_disputed", "spf.too_many_voids"),
        (f"v=spf1 {terms('a', 'h', 2)} {FIXED}", HOSTS_OF_V4, "spf.pass", "spf.voids_disputed"),
        (f"v=spf1 {terms('a', 'v', 3)} {FIXED}", {}, "spf.too_many_voids", "spf.voids_disputed"),
        (f"v=spf1 ip6:{SIX} -all", {}, "spf.pass", "spf.syntax"),
        (f"v=spf1 ip6:{SIX}/0 -all", {}, "spf.pass", "spf.syntax"),
        ("v=spf1 a:h.example/24//64 -all", {"h.example": {"AAAA": ["2001:db8::ffff"]}}, "spf.pass", ""),
    ],
    ids=["p49-disputed", "p49-two", "p49-both", "p52-bare", "p52-zero", "p52-dual"],
)
def test_an_ipv6_client(record: str, others: dict[str, Any], has: str, lacks: str) -> None:
    told = scenario({**HOST6, **others, **north(record)}, has, lacks, sending_server=V6)
    if has == "spf.voids_disputed":
        found = told.of("spf.voids_disputed").arguments
        assert (found["voids"], found["voids_of_both"]) == (3, 0)


NIBBLES = "2.0.0.1.0.d.b.8." + "0." * 22 + "1.0"
X = "x" * 60
YES = {"A": ["127.0.0.2"]}


@pytest.mark.parametrize(
    ("term", "name", "address"),
    [
        ("exists:%{i}._spf.%{d}", "192.0.2.10._spf.north.example", "192.0.2.10"),
        ("exists:%{ir}.%{v}._spf.%{d2}", "10.2.0.192.in-addr._spf.north.example", "192.0.2.10"),
        ("exists:%{i}.%{v}.%{d}", f"{NIBBLES}.ip6.north.example", SIX),
        ("exists:%{ir}.%{d}", f"{'.'.join(reversed(NIBBLES.split('.')))}.north.example", SIX),
        ("exists:%{l}.%{o}.%{h}", "postmaster.north.example.smtp.xenegrade.example", "192.0.2.10"),
        ("exists:%{p}.%{d}", "smtp.xenegrade.example.north.example", "192.0.2.10"),
        ("exists:%{S}.%{d}", "postmaster%40north.example.north.example", "192.0.2.10"),
        # More than 253 octets: labels are taken off from the left (RFC 7208 §7.3).
        (f"exists:%{{d}}.{X}.{X}.{X}.{X}.%{{d}}", f"{X}.{X}.{X}.north.example", "192.0.2.10"),
    ],
    ids=["p53-i", "p53-ir", "p53-v6", "p53-v6-reversed", "p53-l-o-h", "p53-p", "p53-escaped", "p53-too-long"],
)
def test_a_macro_leads_to_one_name(term: str, name: str, address: str) -> None:
    changed = {**HOST6, **north(f"v=spf1 {term} -all")}
    server = sent_by(addresses=(address,))
    scenario({**changed, name: YES}, "spf.pass", "spf.fail", sending_server=server)
    scenario(changed, "spf.fail", "spf.pass spf.unknown", sending_server=server)


def test_p54_an_ipv4_address_in_the_clothes_of_ipv6() -> None:
    """It is the IPv4 address, for SPF, for its reverse name, for the lists and for our own records."""
    told = scenario(
        {}, "spf.pass ptr.fine server.fine list.clean", sending_server=sent_by(addresses=("::ffff:192.0.2.10",))
    )
    assert told.of("ptr.fine").arguments["address"] == "192.0.2.10"


TREES = [
    north(
        "v=spf1 include:a.example a:v0.example mx -all", a_example={"TXT": ["v=spf1 a:v1.example a:v2.example -all"]}
    ),
    north(f"v=spf1 {terms('include', 's', 11)} -all") | LISTS,
    north("v=spf1 redirect=a.example", a_example={"TXT": ["v=spf1 mx a ptr exists:%{i}.b.example ?all"]}),
    servers(11),
]


@pytest.mark.parametrize("changed", TREES, ids=["p56-voids", "p56-limit", "p56-redirect", "p56-servers"])
def test_what_is_asked_ahead_is_not_counted(changed: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def evaluated() -> spf.Evaluation:
        return asyncio.run(spf.check_host(Zone(world(changed)), "192.0.2.10", "north.example"))

    async def nothing(*arguments: Any) -> None:
        pass

    ahead = evaluated()
    monkeypatch.setattr(evaluate, "_foresee", nothing)
    assert (evaluated().result, evaluated().used, evaluated().trace) == (ahead.result, ahead.used, ahead.trace)


def test_p58_the_budget_is_told_branch_by_branch() -> None:
    deep = {"d.example": {"TXT": [f"v=spf1 {terms('include', 's', 7)} -all"]}}
    told = scenario(north(f"v=spf1 {OURS} include:d.example -all") | LISTS | deep, "spf.pass spf.near_limit")
    near = told.of("spf.near_limit").arguments
    assert (near["lookups"], near["costs"]) == (9, ["d.example 8", "spf.xenegrade.example 1"])
    tree = told.of("spf.pass").evidence[1]
    assert (tree.form, tree.lines[0]) == ("tree", f"{OURS}: matches (pass) [1 of 10]")


@pytest.mark.parametrize("term", ["a:h.example", "exists:h.example", "mx:h.example", "ptr"])
def test_p43_p48_what_is_not_answered_is_never_void(term: str) -> None:
    """ptr is passed over where it cannot be found out (RFC 7208 §5.5); the others are temporary errors."""
    silent = {"h.example": "TIMEOUT", reverse_name("192.0.2.10"): "TIMEOUT"}
    has = "spf.pass" if term == "ptr" else "spf.unknown"
    scenario(north(f"v=spf1 {term} ip4:192.0.2.10 -all") | silent, has, "spf.too_many_voids spf.fail")
