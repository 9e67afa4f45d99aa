"""Which guide a recipient gets, by what stands behind their MX."""

from __future__ import annotations

import re

import pytest

from diagnostics.engine.findings import Actor, Evidence, Verdict
from diagnostics.engine.receivers import receivers
from diagnostics.selectors import ReadFinding
from tickets.wizard.junk import GENERIC, GUIDES, Guide, for_recipient, for_staff, guide_for, mx_hosts


def finding(question: str, *lines: str, status: str = "ok") -> ReadFinding:
    evidence = (Evidence(question=question, status=status, lines=lines),)
    return ReadFinding("recipient-mx", "", "mx.found", Verdict.OK, Actor.NOBODY, "", "", "", (), evidence, {})


@pytest.mark.parametrize(
    ("hosts", "look"),
    [
        (("10 aspmx.l.google.com",), "google_workspace"),
        (("5 gmail-smtp-in.l.google.com",), "gmail"),
        (("0 corp-example.mail.protection.outlook.com",), "microsoft_365"),
        (("0 corp-example.olc.protection.outlook.com",), "outlook"),
        (("1 mta5.am0.yahoodns.net",), "yahoo"),
        (("10 mx01.mail.icloud.com",), "icloud"),
        (("10 us-smtp-inbound-1.mimecast.com",), "gateway"),
        # A gateway stands in front of what else is there.
        (("10 corp.mail.protection.outlook.com", "20 mx1.pphosted.com"), "gateway"),
    ],
)
def test_by_mx(hosts: tuple[str, ...], look: str) -> None:
    guide = guide_for("lee@corp.example", [finding("corp.example MX", *hosts)])
    assert guide.look == GUIDES[look].look


def test_a_gateway_names_its_product_and_what_its_it_sets() -> None:
    guide = guide_for("lee@corp.example", [finding("corp.example MX", "10 us-smtp-inbound-1.mimecast.com")])
    assert guide.name == "Mimecast"
    assert guide.asks_it
    assert guide.it


def test_a_known_domain_needs_no_answer() -> None:
    assert guide_for("lee@gmail.com", []).look == GUIDES["gmail"].look


@pytest.mark.parametrize(
    ("recipient", "findings"),
    [
        ("lee@corp.example", []),
        ("lee@corp.example", [finding("corp.example MX", "10 mx.corp.example")]),
        ("lee@corp.example", [finding("other.example MX", "10 aspmx.l.google.com")]),
        ("lee@corp.example", [finding("corp.example MX", "10 aspmx.l.google.com", status="timeout")]),
        ("lee@corp.example", [finding("corp.example MX", "0 ", "x", "99999999999999999999 y")]),
        ("not an address", []),
        ("lee@[192.0.2.1]", []),
    ],
)
def test_generic(recipient: str, findings: list[ReadFinding]) -> None:
    assert guide_for(recipient, findings) is GENERIC


def test_hosts_by_preference() -> None:
    found = [finding("corp.example MX", "20 b.example", "5 c.example", "20 a.example")]
    assert mx_hosts("corp.example", found) == ["c.example", "a.example", "b.example"]


def test_every_guide_of_the_table_is_written() -> None:
    assert {item.guide for item in receivers() if item.guide} <= set(GUIDES)


@pytest.mark.parametrize("guide", [GENERIC, *GUIDES.values()], ids=lambda guide: guide.name)
def test_each_reader_is_spoken_to(guide: Guide) -> None:
    staff, theirs = for_staff(guide), for_recipient(guide)
    for told in (staff, theirs):
        assert "{" not in " ".join((told.name, *told.look, *told.allow))
    assert not re.search(r"\byou(r|rs)?\b", " ".join((staff.name, *staff.look, *staff.allow)), re.IGNORECASE)
    assert not re.search(r"\bthe(ir|irs|m)\b", " ".join((theirs.name, *theirs.look, *theirs.allow)), re.IGNORECASE)
