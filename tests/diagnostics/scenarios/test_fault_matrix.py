"""Every check against every way in which name servers fail, as real packets: no fault is found that is not there.

The world is that of the demo, seen by North College, where nothing is wrong. Servers and network then fail for all
that is asked, in one way after another. Where nobody answers, times are a small part of what they are in a real run.
"""

from __future__ import annotations

import asyncio
import functools
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rdata
import dns.rdatatype
import dns.rrset
import pytest

from diagnostics.engine.canary import Canary
from diagnostics.engine.findings import Finding, Verdict
from diagnostics.engine.outside import Outside, Probe
from diagnostics.engine.plan import CHECKS, examine
from diagnostics.engine.subject import AllowListRecord, DKIMSelector, SendingServer, Subject
from diagnostics.engine.transcript import Recording
from portal.demo import people
from tests.diagnostics.dns_server import DNSServer, Message, name_of, reply
from tests.diagnostics.scenarios.world import OverZone, served

FOLDER = Path(people.__file__).parent
KEY = json.loads((FOLDER / "branches.json").read_text())["branches"][0]["from_domains"][0]["dkim_selectors"][0]
ZONE = json.loads((FOLDER / "zone.json").read_text())
HOSTS = [host for name in ("north.example", "oakwood.example") for _, host in ZONE[name]["MX"]]
SUBJECT = Subject(
    recipient="lee.chan@oakwood.example",
    sender_domain="north.example",
    sending_server=SendingServer(
        host="smtp.xenegrade.example",
        addresses=("192.0.2.10", "2001:db8::10"),
        helo="smtp.xenegrade.example",
        envelope_domain="xenegrade.example",
        spf_include="spf.xenegrade.example",
    ),
    selectors=(DKIMSelector(**KEY),),
    now="2026-03-04T12:00:00+00:00",
)
#: The branch writes to itself, everything is known of it, and its mail server is called on.
ITSELF = replace(
    SUBJECT,
    recipient="registrar@north.example",
    allow_list=(AllowListRecord(domain="north.example", state="confirmed", at="2026-01-01T00:00:00+00:00"),),
    known_domains=("north.example",),
    profile_addresses=("registrar@north.example",),
    probe="greeting",
)
SUBJECTS = {"a-client": SUBJECT, "itself": ITSELF}
#: What the demo's world has no need of.
MORE: dict[str, Any] = {
    "default._bimi.north.example": {"TXT": ["v=BIMI1; l=https://north.example/logo.svg"]},
    "_mta-sts.north.example": {"TXT": ["v=STSv1; id=20260101"]},
    **{f"_25._tcp.{host}": {"TLSA": [f"3 1 1 {'ab' * 32}"]} for host in HOSTS},
}
sound = served(ZONE | MORE)
#: What is not answered at all is waited for in so small a part of a real run's times.
SHORT = 0.075
#: In seconds, a real run's times: a server's that is called slow, what is waited for one answer, for a check, for all.
SLOW, SECONDS, CHECK_SECONDS, RUN_SECONDS = 5.0, 2.0, 8.0, 15.0
LONG = " ".join(['"' + "x" * 250 + '"'] * 250)
#: The run is over, so that what is late need not be sent any more.
_over = threading.Event()


def silent(question: Message, transport: str) -> Any:
    return []


def slow(question: Message, transport: str) -> Any:
    """Five seconds where two are waited for."""
    return [] if _over.wait(SLOW * SHORT) else sound(question, transport)


def servfail(question: Message, transport: str) -> Any:
    return [reply(question, rcode=dns.rcode.SERVFAIL)]


def refused(question: Message, transport: str) -> Any:
    return [reply(question, rcode=dns.rcode.REFUSED)]


def truncated(question: Message, transport: str) -> Any:
    """Everything is cut short, and there is no TCP."""
    return [reply(question, flags=dns.flags.RA | dns.flags.TC)]


def wrong_id(question: Message, transport: str) -> Any:
    messages = [item for item in sound(question, transport) if isinstance(item, dns.message.Message)]
    for message in messages:
        message.id ^= 1
    return messages


def cname_loop(question: Message, transport: str) -> Any:
    name = name_of(question)
    return [reply(question, f"{name} 60 CNAME loop.example.", f"loop.example 60 CNAME {name}.")]


def _text(question: Message, data: str, *, keeps: bool) -> Any:
    """The sound answer, to questions for TXT with ``data`` beside or in the place of what it holds."""
    if question.question[0].rdtype != dns.rdatatype.TXT:
        return sound(question, "tcp")
    held = next(item for item in sound(question, "tcp") if isinstance(item, dns.message.Message))
    answers = reply(question)
    records = [_record(data), *(held.answer[0] if keeps and held.answer else [])]
    answers.answer.append(dns.rrset.from_rdata(question.question[0].name, 60, *records))
    return [answers]


@functools.cache
def _record(data: str) -> dns.rdata.Rdata:
    return dns.rdata.from_text("IN", "TXT", data)


def _by_tcp(question: Message, transport: str, answer: Any) -> Any:
    is_long = question.question[0].rdtype == dns.rdatatype.TXT and transport == "udp"
    return [reply(question, flags=dns.flags.RA | dns.flags.TC)] if is_long else answer


def text_of_64_kb_beside(question: Message, transport: str) -> Any:
    return _by_tcp(question, transport, _text(question, LONG, keeps=True))


def text_of_64_kb(question: Message, transport: str) -> Any:
    return _by_tcp(question, transport, _text(question, LONG, keeps=False))


def spf_of_64_kb(question: Message, transport: str) -> Any:
    """SPF that is one mechanism ten thousand times, wherever text is asked for."""
    data = LONG.replace('"' + "x" * 250 + '"', '"' + "a:a.b " * 41 + '"').replace("a:a.b", "v=spf1", 1)
    return _by_tcp(question, transport, _text(question, data, keeps=False))


def include_loop(question: Message, transport: str) -> Any:
    """Wherever SPF is looked for, it leads to itself."""
    name = name_of(question)
    if "_" in name:
        return sound(question, transport)
    return _text(question, f'"v=spf1 include:{name} -all"', keeps=False)


def lying_nxdomain(question: Message, transport: str) -> Any:
    return [reply(question, rcode=dns.rcode.NXDOMAIN, authority=["example 900 SOA a. b. 1 2 3 4 60"])]


@dataclass(frozen=True, slots=True)
class Fault:
    """``facts`` are the problems that truly are the domain's own when it publishes such a thing.

    ``scale`` is the part of a real run's times that is waited.
    """

    respond: Callable[[Message, str], Any]
    facts: frozenset[str] = frozenset()
    has_tcp: bool = True
    scale: float = SHORT


#: Foreign text is no key and no SPF; what nothing vouches for is then lost.
_NO_TEXT = frozenset({"spf.envelope_fail", "dkim.foreign"})
FAULTS = (
    Fault(silent),
    Fault(slow),
    Fault(servfail),
    Fault(refused),
    Fault(truncated, has_tcp=False),
    Fault(wrong_id),
    # Aliases in a circle are a fault of the zone, but what stands at their end is unknown: nothing is a PROBLEM.
    Fault(cname_loop),
    # A long text beside the records takes nothing from them.
    Fault(text_of_64_kb_beside, scale=1),
    Fault(text_of_64_kb, _NO_TEXT, scale=1),
    Fault(spf_of_64_kb, _NO_TEXT, scale=1),
    # SPF that never ends is broken for every receiver; the key still vouches, so that no mail is lost.
    Fault(include_loop, frozenset({"spf.envelope_fail"}), scale=1),
    Fault(lying_nxdomain),
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What each check found, and how long the run took."""

    findings: dict[str, tuple[Finding, ...]]
    seconds: float


@functools.cache
def seen(fault: Fault, who: str = "a-client") -> Seen:
    async def run(address: str) -> dict[str, tuple[Finding, ...]]:
        outside = Outside(probe=Probe(helo="desk.example"))
        resolver = Recording(Canary(OverZone([address], seconds=SECONDS * fault.scale)), outside=outside)
        check_seconds, run_seconds = CHECK_SECONDS * fault.scale, RUN_SECONDS * fault.scale
        results = examine(SUBJECTS[who], resolver, check_seconds=check_seconds, run_seconds=run_seconds)
        return {result.check.slug: result.findings async for result in results}

    with DNSServer(fault.respond, tcp=fault.has_tcp) as server:
        _over.clear()
        began = time.monotonic()
        found = asyncio.run(run(server.address))
        taken = time.monotonic() - began
        _over.set()
    return Seen(found, taken)


def problems(findings: tuple[Finding, ...]) -> set[str]:
    return {finding.code.id for finding in findings if finding.verdict is Verdict.PROBLEM}


def named(fault: Fault) -> str:
    return fault.respond.__name__


@pytest.mark.parametrize("who", SUBJECTS)
def test_in_the_sound_world_no_check_finds_a_fault(who: str) -> None:
    found = seen(Fault(sound, scale=1), who).findings
    assert [code for findings in found.values() for code in problems(findings)] == []
    assert {"spf.envelope_pass", "dkim.ok", "dmarc.aligned", "mx.fine", "list.clean"} <= {
        finding.code.id for findings in found.values() for finding in findings
    }


def test_no_check_is_left_out() -> None:
    """For one of the two, every check has a question to ask."""
    idle = {"check.not_applicable", "smtp.not_asked", "self.apart", "allow.never_asked", "dane.none", "bimi.none"}
    worlds = [seen(Fault(sound, scale=1), who).findings for who in SUBJECTS]
    asking = {slug for found in worlds for slug, told in found.items() if not {item.code.id for item in told} & idle}
    assert asking == {check.slug for check in CHECKS}


@pytest.mark.parametrize("slug", [check.slug for check in CHECKS])
@pytest.mark.parametrize("who", SUBJECTS)
@pytest.mark.parametrize("fault", FAULTS, ids=named)
def test_no_check_finds_a_fault_that_is_not_there(fault: Fault, who: str, slug: str) -> None:
    findings = seen(fault, who).findings[slug]
    assert problems(findings) <= fault.facts
    assert "check.failed" not in {finding.code.id for finding in findings}


@pytest.mark.parametrize("who", SUBJECTS)
@pytest.mark.parametrize("fault", FAULTS, ids=named)
def test_the_run_ends_in_its_time_and_every_check_says_something(fault: Fault, who: str) -> None:
    run = seen(fault, who)
    # A busy machine adds to it; a run without a deadline would wait for each of a hundred answers.
    assert run.seconds < RUN_SECONDS * fault.scale + 5
    assert set(run.findings) == {check.slug for check in CHECKS}


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault.facts], ids=named)
def test_what_is_the_domains_own_fault_is_found(fault: Fault) -> None:
    assert {code for findings in seen(fault).findings.values() for code in problems(findings)} == fault.facts


@pytest.mark.parametrize("fault", [item for item in FAULTS if not item.facts and "64_kb" not in named(item)], ids=named)
def test_what_could_not_be_found_out_is_said_so(fault: Fault) -> None:
    asking = ("recipient-mx", "sender-spf", "sender-dkim", "sender-dmarc", "sending-ip-reverse", "sending-ip-listed")
    for slug in asking:
        assert Verdict.UNKNOWN in {finding.verdict for finding in seen(fault).findings[slug]}, slug
