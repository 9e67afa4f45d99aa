"""A DNS that is silent, broken, refusing or lying: whatever the checks say then, it is never a fault that is not there.

The world is one in which everything is as it should be, seen through a resolver that fails in one way for everything,
for one type, or for one name after the other.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from diagnostics import runner
from diagnostics.engine.findings import Finding, Verdict
from diagnostics.engine.plan import CHECKS, examine
from diagnostics.engine.resolver import Answer, Resolver, Status, failed
from diagnostics.engine.subject import DKIMSelector, SendingServer, Subject
from diagnostics.engine.transcript import Recording
from diagnostics.engine.zone import Overlay, Zone, read_zone
from diagnostics.models import Run, RunState
from portal.accounts.models import User
from portal.demo import people

FOLDER = Path(people.__file__).parent
KEY = json.loads((FOLDER / "branches.json").read_text())["branches"][0]["from_domains"][0]["dkim_selectors"][0]
#: North College writes to a client at a provider; with a sound DNS nothing is wrong at all.
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
FAILURES = (Status.SERVFAIL, Status.REFUSED, Status.TIMEOUT, Status.BOGUS, Status.ERROR)
Fails = Callable[[str, str], bool]


class Faulty:
    """A sound zone that fails with ``status`` where ``fails`` says so."""

    is_over_zone = True

    def __init__(self, status: Status, fails: Fails) -> None:
        self.zone, self.status, self.fails = read_zone(FOLDER / "zone.json"), status, fails

    async def query(self, name: str, rdtype: str) -> Answer:
        if self.fails(name, rdtype):
            return failed(name, rdtype, self.status, "")
        return await self.zone.query(name, rdtype)


def look(resolver: Resolver) -> list[Finding]:
    async def all_of_it() -> list[Finding]:
        return [finding async for result in examine(SUBJECT, Recording(resolver)) for finding in result.findings]

    return asyncio.run(all_of_it())


def faults(found: list[Finding]) -> list[str]:
    return [finding.code.id for finding in found if finding.verdict is Verdict.PROBLEM]


def notices(found: list[Finding]) -> set[str]:
    return {finding.code.id for finding in found if finding.verdict is Verdict.NOTICE}


SOUND = look(Faulty(Status.ERROR, lambda name, rdtype: False))


def test_with_a_sound_dns_nothing_is_wrong_and_nothing_unknown() -> None:
    assert faults(SOUND) == []
    assert [finding.code.id for finding in SOUND if finding.verdict is Verdict.UNKNOWN] == []


@pytest.mark.parametrize("status", FAILURES)
def test_nothing_answers(status: Status) -> None:
    found = look(Faulty(status, lambda name, rdtype: True))
    assert faults(found) == []
    assert notices(found) <= notices(SOUND)
    checks = {finding.code.id.partition(".")[0] for finding in found if finding.verdict is Verdict.UNKNOWN}
    assert checks >= {"mx", "receiver", "spf", "dkim", "dmarc", "ptr", "list"}
    assert "check.failed" not in {finding.code.id for finding in found}


@pytest.mark.parametrize("status", FAILURES)
@pytest.mark.parametrize("rdtype", ["A", "AAAA", "MX", "TXT", "PTR"])
def test_one_type_is_not_answered(rdtype: str, status: Status) -> None:
    found = look(Faulty(status, lambda name, asked: asked == rdtype))
    assert faults(found) == []
    assert "check.failed" not in {finding.code.id for finding in found}


NAMES = [
    "north.example",
    "_dmarc.north.example",
    "xen1._domainkey.north.example",
    "xenegrade.example",
    "spf.xenegrade.example",
    "spf.oakmail.example",
    "smtp.xenegrade.example",
    "10.2.0.192.in-addr.arpa",
    "oakwood.example",
    "oakwood-example.delivery-desk-demo.mail.protection.outlook.com",
    "10.2.0.192.zen.spamhaus.org",
]


@pytest.mark.parametrize("status", [Status.SERVFAIL, Status.TIMEOUT])
@pytest.mark.parametrize("silent", NAMES)
def test_one_name_is_not_answered(silent: str, status: Status) -> None:
    found = look(Faulty(status, lambda name, rdtype: name == silent))
    assert faults(found) == []


@pytest.mark.parametrize("lie", ["127.0.0.1", "203.0.113.99", "1.2.3.4"])
def test_a_resolver_that_invents_addresses_lists_nobody(lie: str) -> None:
    """What does not exist gets an address: no list is believed for it."""

    class Liar(Zone):
        async def query(self, name: str, rdtype: str) -> Answer:
            answer = await super().query(name, rdtype)
            if answer.status is Status.NXDOMAIN and rdtype == "A":
                return Answer(name, rdtype, Status.OK, (lie,), ttl=60)
            return answer

    liar = Liar(json.loads((FOLDER / "zone.json").read_text()))
    found = look(Overlay(liar, liar))
    assert [code for code in faults(found) if code.startswith("list.")] == []


def test_the_page_still_answers(as_nora: Client, nora: User, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run.objects.create(subject=SUBJECT.to_json(), requested_by=nora, lease_until=timezone.now())
    silent: Any = Faulty(Status.TIMEOUT, lambda name, rdtype: True)
    monkeypatch.setattr(runner, "resolver_from_settings", lambda fresh=False: silent)
    runner.perform(run.pk)
    run.refresh_from_db()
    assert (run.state, run.worst_verdict in {"unknown", "notice"}, run.checks_done) == (
        RunState.DONE,
        True,
        len(CHECKS),
    )
    response = as_nora.get(f"/diagnostics/runs/{run.code}/")
    assert response.status_code == 200
    assert response.context["by_actor"] == [] or all(
        finding.verdict is not Verdict.PROBLEM for group in response.context["by_actor"] for finding in group.findings
    )
