"""Looking with one check at one subject over one zone: the codes it finds, in order."""

from __future__ import annotations

import asyncio
from typing import Any

from diagnostics.engine.check import Check
from diagnostics.engine.findings import Finding
from diagnostics.engine.subject import SendingServer, Subject
from diagnostics.engine.transcript import Recording
from diagnostics.engine.zone import Zone

SERVER = SendingServer(
    host="smtp.xenegrade.example",
    addresses=("192.0.2.10",),
    helo="smtp.xenegrade.example",
    envelope_domain="xenegrade.example",
    spf_include="spf.xenegrade.example",
)
NOW = "2026-03-04T12:00:00+00:00"


def findings(check: Check, zone: dict[str, Any], **subject: Any) -> list[Finding]:
    """What ``check`` finds; every finding must be one the check declares, with its sentences filled."""
    about = Subject(**{"now": NOW, **subject})
    found = list(asyncio.run(_look(check, about, zone)))
    assert {finding.code for finding in found} <= set(check.codes)
    for finding in found:
        for text in (finding.title, finding.meaning, finding.remedy):
            assert "{" not in text, text
    return found


async def _look(check: Check, subject: Subject, zone: dict[str, Any]) -> Any:
    return await check.look(subject, Recording(Zone(zone)))


def codes(check: Check, zone: dict[str, Any], **subject: Any) -> list[str]:
    return [finding.code.id for finding in findings(check, zone, **subject)]
