"""Reading runs: their findings in a person's order, and how far they are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone

from diagnostics.engine import plan
from diagnostics.engine.findings import SEVERITY, Actor, Evidence, Record, Source, Verdict, filled
from diagnostics.engine.inspect import MESSAGE
from diagnostics.engine.plan import CHECKS
from diagnostics.models import ReceivedMessage, Run, StoredFinding
from diagnostics.telling import Teller
from portal.accounts.models import User

QUESTIONS = {check.slug: check.question for check in (*CHECKS, MESSAGE)}
CODES = {**plan.CODES, **{code.id: code for code in MESSAGE.codes}}


@dataclass(frozen=True, slots=True)
class ReadFinding:
    """A stored finding with its sentences, ready to be shown. Arguments and evidence are a stranger's words."""

    check: str
    question: str
    code: str
    verdict: Verdict
    actor: Actor
    title: str
    meaning: str
    remedy: str
    sources: tuple[Source, ...]
    evidence: tuple[Evidence, ...]
    arguments: dict[str, object]
    publish: Record | None = None

    @property
    def needs_somebody(self) -> bool:
        """Somebody is to act; a notice for nobody is only worth knowing."""
        return self.verdict is Verdict.PROBLEM or (self.verdict is Verdict.NOTICE and self.actor is not Actor.NOBODY)


@dataclass(frozen=True, slots=True)
class ActorFindings:
    """The findings that are one party's turn."""

    actor: Actor
    findings: tuple[ReadFinding, ...]


def runs_of(viewer: User) -> QuerySet[Run]:
    """The runs ``viewer`` may open by themselves: all for support, their own requests for staff.

    The run of a report or a ticket is reached through it, by whoever may see that.
    """
    runs = Run.objects.defer("transcript")
    return runs if viewer.is_support else runs.filter(requested_by=viewer)


def run_for(viewer: User, code: str) -> Run:
    """The run ``code`` if ``viewer`` may open it; else Http404."""
    run = runs_of(viewer).filter(code=code).first()
    if run is None:
        raise Http404("No run of that code.")
    return run


def message_of(run: Run) -> ReceivedMessage | None:
    """The message that a run inspects, without its raw text; nothing for any other run."""
    return ReceivedMessage.objects.defer("raw").filter(run=run).first() if run.is_message else None


def findings_of(run: Run | None) -> list[ReadFinding]:
    """The findings of the run's present attempt in the order of the checks; one query, none without a run."""
    if run is None or run.attempt == 0:
        return []
    rows = list(StoredFinding.objects.filter(run=run, attempt=run.attempt).order_by("position"))
    teller, codes = Teller.of(run.subject), frozenset(row.code for row in rows)
    return [_read(row, teller) for row in rows if not teller.is_moot(row.check_slug, codes)]


def _read(row: StoredFinding, teller: Teller) -> ReadFinding:
    code, verdict = CODES.get(row.code), Verdict(row.verdict)
    return ReadFinding(
        check=row.check_slug,
        question=QUESTIONS.get(row.check_slug, row.check_slug),
        code=row.code,
        verdict=verdict,
        actor=teller.actor(Actor(row.actor), check=row.check_slug, verdict=verdict),
        # A code that a later release no longer has is shown by its id; its evidence still stands.
        title=teller.text(filled(code.title, row.arguments)) if code else row.code,
        meaning=teller.text(filled(code.meaning, row.arguments)) if code else "",
        remedy=teller.text(filled(code.remedy, row.arguments)) if code else "",
        sources=(*code.sources, *_instructions(row.arguments)) if code else (),
        evidence=tuple(Evidence(**{**item, "lines": tuple(item["lines"])}) for item in row.evidence),
        arguments=row.arguments,
        publish=code.publish.filled(row.arguments) if code and code.publish else None,
    )


def _instructions(arguments: Mapping[str, Any]) -> tuple[Source, ...]:
    """The instructions of the very product that a finding is about, where it names one."""
    name, link = str(arguments.get("name") or ""), str(arguments.get("instructions") or "")
    return (Source(f"the instructions of {name}", link=link),) if name and link.startswith("https://") else ()


def by_actor(findings: Iterable[ReadFinding]) -> list[ActorFindings]:
    """What somebody must do, grouped by whose turn it is, the most pressing party first."""
    groups: dict[Actor, list[ReadFinding]] = {}
    for finding in findings:
        if finding.needs_somebody:
            groups.setdefault(finding.actor, []).append(finding)
    for group in groups.values():
        group.sort(key=lambda finding: SEVERITY.index(finding.verdict))
    ordered = sorted(groups.items(), key=lambda item: SEVERITY.index(item[1][0].verdict))
    return [ActorFindings(actor, tuple(group)) for actor, group in ordered]


def unknowns(findings: Iterable[ReadFinding]) -> list[ReadFinding]:
    """What we could not find out."""
    return [finding for finding in findings if finding.verdict is Verdict.UNKNOWN]


def settled(findings: Iterable[ReadFinding]) -> list[ReadFinding]:
    """What is as it should be, or only worth knowing."""
    fine = (Verdict.OK, Verdict.NOTICE)
    return [finding for finding in findings if finding.verdict in fine and not finding.needs_somebody]


def is_late(run: Run) -> bool:
    """The run should have been begun by now: no worker seems to be there."""
    return run.is_waiting and timezone.now() > (run.held_until or run.queued_at) + timedelta(
        seconds=settings.RUN_LEASE_SECONDS
    )


def context_of(
    run: Run | None,
    findings_url: str,
    *,
    reading: Callable[[ReadFinding], ReadFinding] = lambda finding: finding,
    aside: Collection[str] = (),
) -> dict[str, Any]:
    """What ``diagnostics/_findings.html`` shows: findings by whose turn it is, the unknown, the fine, the progress.

    Each finding is shown as ``reading`` gives it back; those of the codes ``aside`` are no turn, and stand apart.
    """
    findings = [reading(finding) for finding in findings_of(run)]
    return {
        "run": run,
        "findings": findings,
        "findings_url": findings_url,
        "by_actor": by_actor(finding for finding in findings if finding.code not in aside),
        "aside": [finding for finding in findings if finding.code in aside],
        "unknowns": unknowns(findings),
        "settled": settled(findings),
        "is_late": run is not None and is_late(run),
        "is_held": run is not None and run.is_waiting and run.held_until is not None,
    }
