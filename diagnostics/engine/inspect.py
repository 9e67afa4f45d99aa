"""Inspecting one message: its judgement as a result of the plan, and its facts as plain data for a page."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from diagnostics.engine.check import Check
from diagnostics.engine.findings import Finding, Source
from diagnostics.engine.messages import content
from diagnostics.engine.messages.headers.authentication_results import Results
from diagnostics.engine.messages.headers.connection import Connection
from diagnostics.engine.messages.headers.fields import read_message
from diagnostics.engine.messages.headers.judge import MessageReport, judge
from diagnostics.engine.messages.headers.judge_codes import CODES
from diagnostics.engine.messages.headers.received import Step
from diagnostics.engine.outside.picture import Pictures, Tried
from diagnostics.engine.path import together
from diagnostics.engine.plan import DEADLINE
from diagnostics.engine.resolver import Resolver
from diagnostics.engine.subject import Subject

SECONDS = 15
#: What a page shows; a hostile message has more.
MOST_STEPS, MOST_FIELDS, MOST_RESULTS, MOST_EXPLAINED = 60, 300, 40, 120
MOST_CHARACTERS = 2000


async def _look(subject: Subject, resolver: Resolver) -> tuple[Finding, ...]:
    """A message is not part of a subject; this check is only ever run by :func:`inspect`."""
    return ()


MESSAGE = Check(
    slug="message",
    question="What does this message tell?",
    needs=frozenset({"message"}),
    codes=(*CODES, *content.CODES),
    look=_look,
    sources=(Source("RFC 5322"),),
)


@dataclass(frozen=True, slots=True)
class Inspection:
    """What came of one message: its findings, and its facts as a JSON document."""

    findings: tuple[Finding, ...]
    facts: dict[str, Any]


async def inspect(
    raw: bytes | str,
    resolver: Resolver,
    *,
    authserv_id: str = "",
    connection: Connection | None = None,
    pictures: Pictures | None = None,
) -> Inspection:
    """The inspection of the message ``raw``, held to the same time as a run: what is not answered is not known.

    ``connection`` is the one by which it came, where it came to us. With ``pictures`` those of other servers are asked
    for meanwhile.
    """
    # A header alone, or what a clipboard left of a message, says nothing about how it was built.
    found = content.read_content(raw) if isinstance(raw, bytes) and read_message(raw).body is not None else None
    wanted = content.remote_pictures(found) if found and pictures else ()

    async def judged() -> MessageReport | None:
        try:
            async with asyncio.timeout(SECONDS):
                return await judge(raw, resolver, authserv_id=authserv_id, connection=connection)
        except TimeoutError:
            return None

    async def asked() -> tuple[Tried, ...]:
        return await pictures.ask_all(wanted, resolver) if pictures and wanted else ()

    report, tried = await together(judged(), asked())
    if report is None:
        return Inspection((DEADLINE.found(seconds=SECONDS),), {})
    if found is None:
        return Inspection(report.findings, facts_of(report))
    findings = (*report.findings, *content.judge_content(found, tried))
    return Inspection(findings, {**facts_of(report), "content": built(found, tried)})


def built(found: content.Content, tried: Sequence[Tried] = ()) -> dict[str, Any]:
    """The facts of a message's content as plain data, with what came of asking for its pictures."""
    answers = {item.source: item for item in tried}
    return {
        "octets": found.octets,
        "html_octets": found.html_octets,
        "words": found.page.words,
        "links": len(found.page.links),
        "images": [
            {
                "source": item.source[:300],
                "kind": item.kind,
                "alt": item.alt,
                "is_tiny": item.is_tiny,
                **_came(answers.get(item.source)),
            }
            for item in found.page.images[:MOST_RESULTS]
        ],
        "backgrounds": [
            {"source": source[:300], **_came(answers.get(source))}
            for source in dict.fromkeys(found.page.backgrounds[:MOST_RESULTS])
        ],
        "asked": sum(item.was_asked for item in tried),
        "attachments": [
            {"name": item.name, "type": item.type, "octets": item.octets} for item in found.attachments[:MOST_RESULTS]
        ],
        "unsubscribe": found.unsubscribe,
    }


def _came(item: Tried | None) -> dict[str, str]:
    """What came of asking for a picture; nothing where it was not to be asked for."""
    return {"outcome": item.outcome.value, "answer": item.answer[:300]} if item else {}


def facts_of(report: MessageReport) -> dict[str, Any]:
    """The facts of a report as plain data. All of it is a stranger's words."""
    believed = {item.position for item in report.trust.believed}
    return {
        "subject": report.subject[:MOST_CHARACTERS],
        "authors": [item.address for item in report.authors.authors[:10]],
        "author_domain": report.authors.domain,
        "arrived": report.arrived.isoformat() if report.arrived else "",
        "total": report.chain.total,
        "steps": list(_steps(report.chain.steps)),
        "results": [_results(item, item.position in believed) for item in report.results[:MOST_RESULTS]],
        "servers": list(report.trust.candidates[:20]),
        "vouchers": [
            {
                "method": item.method,
                "domain": item.domain,
                "result": item.result,
                "witness": item.witness.value,
                "is_aligned": item.is_aligned,
                "vouches": item.vouches,
            }
            for item in report.alignment.vouchers[:MOST_RESULTS]
        ],
        "outcome": report.alignment.outcome.value,
        "arc": {"state": report.arc.state.value, "sets": [item.domain for item in report.arc.sets[:50]]},
        "explained": [
            {
                "filter": item.filter,
                "header": item.header,
                "key": item.key,
                "value": item.value[:300],
                "verdict": item.verdict.value,
                "meaning": item.meaning,
                "source": item.source,
            }
            for item in report.explained[:MOST_EXPLAINED]
        ],
        "fields": [
            {"name": item.name, "value": item.shown[:MOST_CHARACTERS]} for item in report.message.fields[:MOST_FIELDS]
        ],
    }


def _steps(steps: tuple[Step, ...]) -> Iterator[dict[str, Any]]:
    slowest = max((step.delay or 0.0 for step in steps), default=0.0)
    for step in steps[:MOST_STEPS]:
        hop = step.hop
        yield {
            "source": hop.source,
            "address": hop.from_ip,
            "by": hop.by,
            "with": hop.with_,
            "tls": hop.tls,
            "at": hop.at.isoformat() if hop.at else "",
            "is_zone_assumed": hop.is_zone_assumed,
            "delay": step.delay,
            "share": round(100 * (step.delay or 0.0) / slowest) if slowest > 0 and (step.delay or 0.0) > 0 else 0,
            "is_clock_skew": step.is_clock_skew,
            "raw": hop.raw[:MOST_CHARACTERS],
        }


def _results(item: Results, is_believed: bool) -> dict[str, Any]:
    return {
        "field": item.field,
        "server": item.authserv_id,
        "is_arc": item.is_arc,
        "instance": item.instance,
        "is_believed": is_believed,
        "results": [
            {
                "method": result.method,
                "result": result.result,
                "reason": result.reason or result.comment,
                "about": [f"{prop.full}={prop.value}" for prop in result.properties[:10]],
            }
            for result in item.results[:30]
        ],
    }
