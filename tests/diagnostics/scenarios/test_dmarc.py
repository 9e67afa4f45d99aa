"""P70 to P80: DMARC, and what will therefore become of our mail."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from diagnostics.engine.transcript import Recording
from diagnostics.engine.zone import Zone
from tests.diagnostics.scenarios.world import SELECTOR, SUBJECT, WORLD, examined, expect, scenario, sent_by

POLICY = "_dmarc.north.example"
SPF = {"TXT": ["v=spf1 ip4:192.0.2.10 -all"]}
#: The envelope's domain passes SPF, and is not the branch's.
VENDOR = sent_by(envelope_domain="xenegrade.example")
VENDORS: dict[str, Any] = {"xenegrade.example": SPF}
BELOW = sent_by(envelope_domain="mail.north.example")
DEEP = "a.b.c.d.e.f.g.h.i.north.example"
IT = "it.north.example"


def policy(*texts: str, at: str = POLICY) -> dict[str, Any]:
    return {at: {"TXT": list(texts)}}


def judged(changed: dict[str, Any], has: str, lacks: str = "", **subject: Any) -> Any:
    """Without a sending server, so that the policy alone is told."""
    return scenario(changed, has, lacks, **{"sending_server": None, "selectors": (), **subject})


def test_p70_the_walk_asks_eight_questions_and_skips_what_lies_between() -> None:
    recording = Recording(Zone(WORLD))
    told = examined(recording, replace(SUBJECT, sender_domain=DEEP, sending_server=None, selectors=()))
    assert expect(told, "dmarc.policy spf.no_domain").of("dmarc.policy").arguments["at"] == POLICY
    asked = {item["name"] for item in recording.transcript if item["name"].startswith("_dmarc.")}
    assert len(asked) == 8
    assert f"_dmarc.{DEEP}" in asked
    assert "_dmarc.b.c.d.e.f.g.h.i.north.example" not in asked


TREES = [
    pytest.param(policy("v=DMARC1; p=none; psd=n", at=f"_dmarc.{IT}"), "none", "p", IT, id="p71-n"),
    pytest.param(
        {POLICY: None, **policy("v=DMARC1; p=reject; psd=y", at="_dmarc.example")}, "reject", "p", IT, id="p71-y"
    ),
    pytest.param(
        policy("v=DMARC1; p=none") | policy("v=DMARC1; p=reject; psd=y", at="_dmarc.example"),
        "none",
        "p",
        IT,
        id="p71-y-above-a-policy",
    ),
    pytest.param(policy("v=DMARC1; p=none; sp=quarantine; np=reject"), "reject", "np", IT, id="p72-np"),
    pytest.param(
        policy("v=DMARC1; p=none; sp=quarantine; np=reject") | {IT: {"TXT": ["x"]}},
        "quarantine",
        "sp",
        IT,
        id="p72-sp-where-the-name-exists",
    ),
    pytest.param(
        policy("v=DMARC1; p=none; sp=quarantine; np=reject") | {f"below.{IT}": {"TXT": ["x"]}},
        "quarantine",
        "sp",
        IT,
        id="p72-sp-where-a-name-below-exists",
    ),
    pytest.param(policy("v=DMARC1; p=reject; np=none") | {IT: {"A": []}}, "reject", "p", IT, id="p72-p"),
    pytest.param(policy("v=DMARC1; p=reject; sp=none; np=none"), "reject", "p", "north.example", id="p72-own"),
]


@pytest.mark.parametrize(("changed", "asked_for", "tag", "domain"), TREES)
def test_the_policy_in_force(changed: dict[str, Any], asked_for: str, tag: str, domain: str) -> None:
    # A policy is in force, too, where the name itself does not exist: only its sender policy has nowhere to be then.
    is_there = domain in WORLD or any(
        name == domain or name.endswith(f".{domain}") for name in changed if name != POLICY
    )
    has = "dmarc.policy" if is_there else "dmarc.policy spf.no_domain"
    found = judged(changed, has, "dmarc.none", sender_domain=domain).of("dmarc.policy").arguments
    assert (found["policy"], found["tag"]) == (asked_for, tag)


def test_p72_whether_the_name_exists_could_not_be_found_out() -> None:
    judged(policy("v=DMARC1; p=none; np=reject") | {IT: "SERVFAIL"}, "dmarc.unknown", "dmarc.policy", sender_domain=IT)


UNVOUCHED = {SELECTOR: None, "north.example": {"TXT": ["v=spf1 ip4:192.0.2.99 ~all"]}}
LOST = "dkim.absent spf.softfail"
FATES = [
    pytest.param(policy("v=DMARC1; p=reject; t=y"), "dmarc.nothing_aligns dmarc.testing", "", id="p73-reject"),
    pytest.param(policy("v=DMARC1; p=quarantine; t=y"), "dmarc.unaligned dmarc.testing", "", id="p73-quarantine"),
    pytest.param(policy("v=DMARC1; p=quarantine"), "dmarc.nothing_aligns", "dmarc.testing", id="p73-no-test"),
    pytest.param(
        policy("v=DMARC1; rua=mailto:d@north.example"), "dmarc.unaligned dmarc.faults", "dmarc.none", id="p74-reports"
    ),
    pytest.param(policy("v=DMARC1"), "dmarc.malformed", "dmarc.unaligned dmarc.none", id="p74-nothing"),
    pytest.param(policy("v=DMARC1; p=rejct"), "dmarc.malformed", "dmarc.nothing_aligns", id="p74-wrong"),
    pytest.param(policy("v=DMARC1; p=reject; pct=10"), "dmarc.nothing_aligns dmarc.historic", "", id="p79"),
    pytest.param(policy("v=DMARC1;p=reject;"), "dmarc.nothing_aligns", "dmarc.faults", id="p80-no-blanks"),
    pytest.param(policy("v = DMARC1 ;  p =reject ; ;"), "dmarc.nothing_aligns", "dmarc.malformed", id="p80-blanks"),
    pytest.param(policy("v=DMARC1; p=reject; zz=1"), "dmarc.nothing_aligns", "dmarc.faults", id="p80-unknown-tag"),
    pytest.param(policy("v=DMARC1; p=reject; p=none"), "dmarc.nothing_aligns dmarc.faults", "", id="p80-twice"),
    pytest.param(policy("v=DMARC1; p=reject; so what"), "dmarc.nothing_aligns dmarc.faults", "", id="p80-no-tag"),
]


@pytest.mark.parametrize(("changed", "has", "lacks"), FATES)
def test_what_becomes_of_mail_that_nothing_vouches_for(changed: dict[str, Any], has: str, lacks: str) -> None:
    scenario(UNVOUCHED | changed, f"{LOST} {has}", lacks)


DESK = "reports.vendor.example"
PERMISSION = f"north.example._report._dmarc.{DESK}"
ASKS = policy(f"v=DMARC1; p=reject; rua=mailto:d@{DESK}!10m")
REPORTS = [
    pytest.param(ASKS, "dmarc.reports_not_authorised", "", id="p75-not"),
    pytest.param(ASKS | {PERMISSION: {"TXT": ["hello"]}}, "dmarc.reports_not_authorised", "", id="p75-other-text"),
    pytest.param(ASKS | {PERMISSION: {"TXT": ["v=DMARC1"]}}, "", "dmarc.reports_not_authorised", id="p75-authorised"),
    pytest.param(
        ASKS | {f"*._report._dmarc.{DESK}": {"TXT": ["v=DMARC1;"]}},
        "",
        "dmarc.reports_not_authorised",
        id="p75-wildcard",
    ),
    pytest.param(ASKS | {DESK: "TIMEOUT"}, "", "dmarc.reports_not_authorised", id="p75-silent"),
    pytest.param(
        policy("v=DMARC1; p=reject; rua=mailto:d@it.north.example,mailto:d@north.example"),
        "",
        "dmarc.reports_not_authorised",
        id="p75-within",
    ),
    pytest.param(
        policy("v=DMARC1; p=reject; rua=https://x.example/,mailto:d@a..b"),
        "",
        "dmarc.reports_not_authorised",
        id="p75-no-domain",
    ),
]


@pytest.mark.parametrize(("changed", "has", "lacks"), REPORTS)
def test_reports_to_somebody_else(changed: dict[str, Any], has: str, lacks: str) -> None:
    told = scenario(changed, f"dmarc.aligned {has}", lacks)
    judged(changed, f"dmarc.policy {has}", lacks)
    if has:
        assert told.of(has).arguments["name"] == PERMISSION


def test_p75_below_the_record_of_an_organisation() -> None:
    """The permission is for the domain where the record stands, not for the one that sends."""
    told = judged(ASKS | {IT: SPF}, "dmarc.reports_not_authorised", sender_domain=IT)
    assert told.of("dmarc.reports_not_authorised").arguments["name"] == PERMISSION


ALIGNMENT = [
    pytest.param(BELOW, {"mail.north.example": SPF, SELECTOR: None}, "dmarc.spf_only", "", id="p76-relaxed"),
    pytest.param(
        BELOW,
        {"mail.north.example": SPF, SELECTOR: None, **policy("v=DMARC1; p=reject; aspf=s")},
        "dmarc.nothing_aligns",
        "dmarc.spf_only",
        id="p76-aspf-s",
    ),
    # We sign as the From-domain itself, which a strict domain is aligned with as well.
    pytest.param(
        BELOW,
        {"mail.north.example": SPF, **policy("v=DMARC1; p=reject; adkim=s; aspf=s")},
        "dmarc.aligned",
        "",
        id="p76-adkim-s",
    ),
    pytest.param(VENDOR, VENDORS | {SELECTOR: None}, "dmarc.nothing_aligns", "dmarc.spf_only", id="p77-spf-unaligned"),
    pytest.param(VENDOR, VENDORS, "dmarc.aligned", "", id="p77-dkim"),
    pytest.param(
        VENDOR,
        VENDORS | {SELECTOR: None, "xen1._domainkey.xenegrade.example": WORLD[SELECTOR]},
        "dmarc.nothing_aligns",
        "dmarc.aligned",
        id="p77-dkim-of-a-third",
    ),
    pytest.param(sent_by(), {}, "dmarc.aligned spf.pass", "", id="p77-both"),
]


@pytest.mark.parametrize(("server", "changed", "has", "lacks"), ALIGNMENT)
def test_what_is_aligned_with_from(server: Any, changed: dict[str, Any], has: str, lacks: str) -> None:
    lost = "dkim.absent" if changed.get(SELECTOR, "") is None else ""
    scenario(changed, f"{has} {lost}", lacks, sending_server=server)
