"""Reading trials: what came, what the two runs found of it, and how long that took."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from diagnostics.engine.findings import SEVERITY
from diagnostics.models import ReceivedMessage, Run, RunState
from diagnostics.selectors import ActorFindings, ReadFinding, by_actor, findings_of, is_late, settled, unknowns
from portal.accounts.models import User
from portal.branches.access import branches_of
from portal.branches.models import BranchProfile
from portal.trials.access import trials_of
from portal.trials.models import MOST_MESSAGES, How, Trial, TrialMessage
from portal.trials.verdict import Judgement, judge

#: Checks that are about this message and the server that brought it; all others are about what its domain publishes.
OF_MESSAGE = frozenset({"message", "sender-spf", "sending-ip-reverse", "sending-ip-listed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Findings as a page tells them: by whose turn it is, the unknown, what is as it should be."""

    findings: tuple[ReadFinding, ...]
    by_actor: tuple[ActorFindings, ...]
    unknowns: tuple[ReadFinding, ...]
    settled: tuple[ReadFinding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a message tells. ``own`` is about this message, ``posture`` about what its domain publishes for all its
    mail. ``seconds`` went by from its coming to the report, None while that is not over. ``has_text``: what came is
    still kept.
    """

    message: TrialMessage
    is_over: bool
    is_late: bool
    done: int
    total: int
    judgement: Judgement | None
    own: Told
    posture: Told
    facts: dict[str, Any]
    seconds: float | None
    has_text: bool


def _told(findings: list[ReadFinding]) -> Told:
    return Told(
        findings=tuple(findings),
        by_actor=tuple(by_actor(findings)),
        unknowns=tuple(unknowns(findings)),
        settled=tuple(settled(findings)),
    )


def runs_of(message: TrialMessage) -> list[Run]:
    """The runs that look at ``message``."""
    return [run for run in (message.inspection, message.connection) if run is not None]


def report_of(message: TrialMessage) -> Report:
    """The report on ``message``, as far as it has come."""
    runs = runs_of(message)
    found = [finding for run in runs for finding in findings_of(run)]
    # RFC 7208 §2.3: of an empty envelope SPF is asked about HELO, and hardly anybody publishes one for that name.
    checks = OF_MESSAGE if message.sender else OF_MESSAGE - {"sender-spf"}
    own = [finding for finding in found if finding.check in checks]
    held = ReceivedMessage.objects.filter(run=message.inspection).defer("raw").first()
    facts: dict[str, Any] = held.facts if held else {}
    is_over = all(run.is_over for run in runs)
    has_failed = any(run.state == RunState.FAILED for run in runs)
    ends = [run.finished_at for run in runs if run.finished_at is not None]
    return Report(
        message=message,
        is_over=is_over,
        is_late=any(is_late(run) for run in runs),
        done=sum(run.checks_done for run in runs),
        total=sum(run.checks_total for run in runs),
        judgement=judge(facts.get("outcome", ""), facts.get("author_domain", ""), own, has_failed=has_failed)
        if is_over
        else None,
        own=_told(own),
        posture=_told([finding for finding in found if finding.check not in checks]),
        facts=facts,
        seconds=(max(ends) - message.at).total_seconds() if is_over and ends else None,
        has_text=ReceivedMessage.objects.filter(run=message.inspection).exclude(raw=b"").exists(),
    )


def text_of(message: TrialMessage) -> bytes:
    """What came; empty once it has been forgotten."""
    held = ReceivedMessage.objects.filter(run=message.inspection).first()
    return bytes(held.raw) if held else b""


def is_text(message: TrialMessage) -> bool:
    """It was pasted, so it is a header and perhaps a text, but not the message as it was."""
    return ReceivedMessage.objects.filter(run=message.inspection, is_text=True).exists()


def trials_of_branch(viewer: User, branch: BranchProfile) -> QuerySet[Trial]:
    """The trials of ``branch`` that ``viewer`` may see."""
    return trials_of(viewer).filter(branch=branch)


def messages_of(trial: Trial) -> list[TrialMessage]:
    """What came for ``trial``, oldest first."""
    found = trial.messages.filter(how=How.CAME).select_related("inspection", "connection")
    return list(found.order_by("at", "id")[:MOST_MESSAGES])


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Where a trial stands: what came, and what is to be thought of it where nothing did."""

    trial: Trial
    reports: tuple[Report, ...]
    is_live: bool
    is_late: bool
    left: int


def waiting_for(trial: Trial) -> Waiting:
    """Where ``trial`` stands now. ``is_live``: the page is worth looking at again by itself."""
    reports = tuple(report_of(message) for message in messages_of(trial))
    now = timezone.now()
    is_waiting = trial.is_open and not reports
    # Whoever leaves a page open overnight need not ask all night.
    is_watched = now < trial.opened + timedelta(hours=2)
    return Waiting(
        trial=trial,
        reports=reports,
        is_live=any(not report.is_over for report in reports) or (is_waiting and is_watched),
        is_late=not reports and now > trial.late_at,
        left=MOST_MESSAGES - len(reports) if trial.is_open else 0,
    )


def of_report(viewer: User, report: uuid.UUID, branch: BranchProfile) -> list[Waiting]:
    """The latest trials that were made for the report of that code."""
    found = trials_of(viewer).filter(report=report, branch=branch).order_by("-opened", "-id")[:5]
    return [waiting_for(trial) for trial in found]


def others_of(viewer: User, message: TrialMessage) -> list[TrialMessage]:
    """Messages that ``message`` may be compared with: those of its trial and the latest of its branch."""
    found = TrialMessage.objects.select_related("trial", "inspection", "connection").filter(
        trial__branch=message.trial.branch_id, trial__branch__in=branches_of(viewer)
    )
    return list(found.exclude(pk=message.pk).order_by("-at", "-id")[:30])


@dataclass(frozen=True, slots=True)
class Line:
    """A message in a list: its subject, and the gravest that was found of it; "" while that is not over."""

    message: TrialMessage
    subject: str
    verdict: str


def lines_of(messages: Sequence[TrialMessage]) -> list[Line]:
    """The lines of ``messages``; one query, and two more a message where its runs were not read with it."""
    held = ReceivedMessage.objects.filter(run__in=[item.inspection_id for item in messages])
    subjects = dict(held.values_list("run_id", "facts__subject"))
    return [Line(item, subjects.get(item.inspection_id) or "", _gravest(item)) for item in messages]


def _gravest(message: TrialMessage) -> str:
    found = {run.worst_verdict for run in runs_of(message) if run.is_over}
    return next((verdict.value for verdict in SEVERITY if verdict.value in found), "")


def latest_lines(trials: Sequence[Trial]) -> dict[int, Line]:
    """The line of the latest message that came for each of ``trials``, by the trial's number; two queries."""
    came = TrialMessage.objects.filter(trial__in=[trial.pk for trial in trials], how=How.CAME)
    rows = came.select_related("inspection", "connection").order_by("at", "id")[: len(trials) * MOST_MESSAGES]
    latest = {message.trial_id: message for message in rows}
    return {line.message.trial_id: line for line in lines_of(list(latest.values()))}


def other_for(viewer: User, message: TrialMessage, number: str) -> TrialMessage | None:
    """The one of them with that number."""
    return next((item for item in others_of(viewer, message) if str(item.pk) == number), None)
