"""P31 to P41: what people and control panels make of a TXT record."""

from __future__ import annotations

from typing import Any

import pytest

from tests.diagnostics.scenarios.world import KEY, SELECTOR, expect, over_packets, scenario, served, world

SPF = "v=spf1 include:spf.xenegrade.example -all"
DKIM = f"v=DKIM1; k=rsa; p={KEY}"
DMARC = "v=DMARC1; p=reject"
POLICY, STS, TLSRPT = "_dmarc.north.example", "_mta-sts.corp.example", "_smtp._tls.corp.example"


def spf(*texts: Any) -> dict[str, Any]:
    return {"north.example": {"TXT": list(texts)}}


def dkim(*texts: Any) -> dict[str, Any]:
    return {SELECTOR: {"TXT": list(texts)}}


def dmarc(*texts: Any) -> dict[str, Any]:
    return {POLICY: {"TXT": list(texts)}}


OTHERS = [f"verification-{number}={'x' * 60}" for number in range(50)]
NO_SPF, NO_DKIM = "spf.none dmarc.aligned", "dmarc.spf_only"
CASES = [
    pytest.param(spf(["v=spf1 ip4:192.0.2", ".10 -all"]), "spf.pass", "", id="p31-spf"),
    pytest.param(spf(["v=spf1 ip4:192.0.2.10", "-all"]), "spf.syntax", "spf.pass", id="p31-spf-blank-forgotten"),
    pytest.param(dkim([DKIM[:255], DKIM[255:]]), "dkim.ok dmarc.aligned", "", id="p31-dkim"),
    pytest.param(dkim(["v=DK", f"IM1; k=rsa; p={KEY}"]), "dkim.ok", "", id="p32-in-a-tag"),
    pytest.param(dkim([DKIM + "; n=caf\xc3", "\xa9"]), "dkim.ok", "", id="p32-in-a-letter"),
    pytest.param(spf(f'"{SPF}"'), NO_SPF, "spf.pass", id="p33-spf"),
    pytest.param(dkim(f'"{DKIM}"'), f"dkim.malformed {NO_DKIM}", "dkim.absent", id="p33-dkim"),
    pytest.param(dmarc(f'"{DMARC}"'), "dmarc.malformed", "dmarc.none", id="p33-dmarc"),
    pytest.param(spf(f" {SPF}"), NO_SPF, "spf.pass", id="p34-spf-before"),
    pytest.param(spf(f"{SPF}  "), "spf.pass", "", id="p34-spf-behind"),
    pytest.param(dkim(f" {DKIM} "), "dkim.ok", "", id="p34-dkim"),
    pytest.param(dmarc(f" {DMARC}"), "dmarc.malformed", "dmarc.aligned", id="p34-dmarc-before"),
    pytest.param(dmarc(f"{DMARC} ; "), "dmarc.aligned", "dmarc.faults", id="p34-dmarc-behind"),
    pytest.param(spf(SPF.replace(" ", "\xc2\xa0")), NO_SPF, "spf.pass", id="p35-nbsp"),
    pytest.param(spf(SPF.replace(" -", "\xc2\xa0-")), "spf.syntax", "spf.pass", id="p35-nbsp-inside"),
    pytest.param(spf(SPF.replace(" -", "\r\n-")), "spf.syntax", "spf.pass", id="p35-crlf"),
    pytest.param(spf(SPF + "\x00"), "spf.syntax", "spf.pass", id="p35-nul"),
    pytest.param(dkim(f"\u201c{DKIM}\u201d"), f"dkim.malformed {NO_DKIM}", "dkim.ok", id="p35-smart-quotes"),
    pytest.param(dkim(DKIM.replace("; ", ";\r\n\t")), "dkim.ok", "", id="p35-dkim-crlf"),
    pytest.param(dmarc("v=DMARC1; p=\u201creject\u201d"), "dmarc.malformed", "dmarc.aligned", id="p35-dmarc-quotes"),
    pytest.param(dmarc("v=DMARC1;\xc2\xa0p=reject"), "dmarc.malformed", "dmarc.aligned", id="p35-dmarc-nbsp"),
    pytest.param(spf(SPF.replace("v=spf1", "V=SPF1")), "spf.pass", "", id="p36-spf-any-case"),
    pytest.param(dmarc("v=dmarc1; p=reject"), "dmarc.malformed", "dmarc.aligned", id="p36-dmarc-value"),
    pytest.param(dmarc("V=DMARC1; P=Reject"), "dmarc.aligned", "dmarc.malformed", id="p36-dmarc-tag"),
    pytest.param(dkim(DKIM.replace("DKIM1", "dkim1")), f"dkim.malformed {NO_DKIM}", "dkim.ok", id="p36-dkim"),
    pytest.param({STS: {"TXT": ["v=stsv1; id=1"]}}, "sts.none", "sts.bad_record", id="p36-sts"),
    pytest.param(spf(SPF, "v=spf1 mx -all"), "spf.several dmarc.aligned", "spf.pass", id="p37-spf"),
    pytest.param(dmarc(DMARC, "v=DMARC1; p=none"), "dmarc.several", "dmarc.aligned dmarc.none", id="p37-dmarc"),
    pytest.param(
        dkim(DKIM, DKIM.replace(KEY[:50], KEY[1:51])), "dkim.several dmarc.spf_aligned", "dkim.ok", id="p37-dkim"
    ),
    pytest.param({STS: {"TXT": ["v=STSv1; id=1", "v=STSv1; id=2"]}}, "sts.bad_record", "sts.fine", id="p37-sts"),
    pytest.param(
        {TLSRPT: {"TXT": ["v=TLSRPTv1; rua=mailto:a@corp.example", "v=TLSRPTv1; rua=mailto:b@corp.example"]}},
        "tlsrpt.malformed",
        "tlsrpt.fine",
        id="p37-tlsrpt",
    ),
    pytest.param(spf(""), NO_SPF, "", id="p38-spf"),
    pytest.param(dkim(""), f"dkim.foreign {NO_DKIM}", "dkim.ok", id="p38-dkim"),
    pytest.param(dmarc(""), "dmarc.none", "dmarc.malformed", id="p38-dmarc"),
    pytest.param({STS: {"TXT": [""]}, TLSRPT: {"TXT": [""]}}, "sts.none tlsrpt.none", "", id="p38-sts"),
    pytest.param(spf(*OTHERS, SPF), "spf.pass", "", id="p39-fifty-others"),
    pytest.param(spf("spf2.0/mfrom,pra -all"), NO_SPF, "spf.fail", id="p40-alone"),
    pytest.param(spf("spf2.0/mfrom,pra -all", SPF), "spf.pass", "spf.several", id="p40-beside"),
    pytest.param({"north.example": {"SPF": [SPF]}}, NO_SPF, "spf.pass", id="p41-alone"),
    pytest.param({"north.example": {"SPF": ["v=spf1 -all"], "TXT": [SPF]}}, "spf.pass", "spf.several", id="p41-beside"),
]


@pytest.mark.parametrize(("changed", "has", "lacks"), CASES)
def test_the_shape_of_a_txt_record(changed: dict[str, Any], has: str, lacks: str) -> None:
    scenario(changed, has, lacks)


@pytest.mark.parametrize(("changed", "has", "lacks"), [case for case in CASES if "41" not in str(case.id)])
def test_the_same_in_packets(changed: dict[str, Any], has: str, lacks: str) -> None:
    expect(over_packets(served(world(changed))), has, lacks)


def test_p37_two_records_below_hide_the_one_above_for_older_receivers_only() -> None:
    """RFC 9989 §4.10 throws both away and goes on above, where RFC 7489 §6.6.3 stopped; the finding tells of both."""
    changed = {"_dmarc.it.north.example": {"TXT": [DMARC, "v=DMARC1; p=none"]}}
    told = scenario(
        changed, "dmarc.several spf.none dkim.absent dmarc.nothing_aligns", sender_domain="it.north.example"
    )
    assert told.of("dmarc.several").arguments["at"] == "_dmarc.it.north.example"


def test_p39_fifty_records_come_by_tcp() -> None:
    """More than a datagram holds: the answer is cut short, and asked for again."""
    ways: list[str] = []
    sound = served(world(spf(*OTHERS, SPF)))

    def respond(question: Any, transport: str) -> Any:
        ways.append(transport)
        return sound(question, transport)

    expect(over_packets(respond), "spf.pass dmarc.aligned")
    assert "tcp" in ways
