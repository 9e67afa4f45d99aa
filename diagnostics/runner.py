"""Performing a run: claim it, examine its subject, store each finding as it comes, finish.

The engine lives in its own thread with its own event loop, and this thread writes to the database: a slow write never
stalls a DNS question, and the ORM never meets an event loop. Every write names the attempt it belongs to, so a worker
that was given up on (its lease ran out) can do no harm when it wakes up again.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone

from diagnostics.engine.findings import SEVERITY, Finding, Verdict, worst
from diagnostics.engine.inspect import MESSAGE, inspect
from diagnostics.engine.messages.headers.connection import Connection
from diagnostics.engine.plan import CHECKS, FAILED, Result, examine
from diagnostics.engine.subject import Subject
from diagnostics.engine.transcript import Recording
from diagnostics.models import ReceivedMessage, Run, RunState, StoredFinding
from diagnostics.resolving import outside_from_settings, pictures_from_settings, resolver_from_settings

logger = logging.getLogger(__name__)

#: After so many workers have died over one run it is the run that is to blame.
MAX_ATTEMPTS = 5
#: No position is ever skipped between two checks' findings; a check has fewer findings than this.
POSITIONS_A_CHECK = 100

#: Codes of what is so for every mail we send.
STANDING_MATTERS = frozenset({"list.listed", "list.policy"})


class SupersededError(Exception):
    """Another worker has taken this run over; what this one still finds is not wanted."""


def claim(run_id: int) -> Run | None:
    """The run, claimed for this worker, or None when it is over, claimed by another, or gone.

    One UPDATE decides: of two workers that answer the same bell one changes the row and the other none.
    """
    now = timezone.now()
    claimed = Run.objects.filter(
        Q(state=RunState.QUEUED) | Q(state=RunState.RUNNING, lease_until__lt=now), pk=run_id, attempt__lt=MAX_ATTEMPTS
    ).update(
        state=RunState.RUNNING,
        attempt=F("attempt") + 1,
        lease_until=now + timedelta(seconds=settings.RUN_LEASE_SECONDS),
        started_at=now,
        # A message is one thing to look at; a later release may have more checks than the one that queued the run.
        checks_total=Case(When(is_message=True, then=Value(1)), default=Value(len(CHECKS))),
        checks_done=0,
    )
    return Run.objects.get(pk=run_id) if claimed else None


def perform(run_id: int) -> None:
    """Examine the run's subject and store what is found.

    1. Claim the run; go home if another has it.
    2. Let the engine examine in its own thread.
    3. Store each check's findings as they come, visible at once.
    4. Finish: headline, worst verdict, transcript.
    """
    run = claim(run_id)
    if run is None:
        return
    subject = Subject.from_json(run.subject)
    outside = outside_from_settings(subject, is_again=run.attempt > 1)
    recording = Recording(resolver_from_settings(fresh=run.is_fresh), outside=outside)
    began = time.monotonic()
    findings: dict[int, tuple[Finding, ...]] = {}
    results = _inspected(run, recording) if run.is_message else _results(subject, recording)
    try:
        for result in results:
            findings[result.position] = tuple(result.findings)
            record(run, result)
        finish(run, findings, recording, wall_ms=(time.monotonic() - began) * 1000)
    except SupersededError:
        logger.warning("Run %s was taken over from attempt %s.", run.code, run.attempt)


def _inspected(run: Run, recording: Recording) -> Iterator[Result]:
    """The one result of a message that was handed in; its facts are stored beside."""
    message = ReceivedMessage.objects.get(run=run)
    octets = bytes(message.raw)
    given = octets.decode("utf-8", "replace") if message.is_text else octets
    try:
        subject = Subject.from_json(run.subject)
        connection, pictures = _connection(subject), pictures_from_settings(subject)
        looking = inspect(given, recording, authserv_id=message.authserv_id, connection=connection, pictures=pictures)
        found = asyncio.run(looking)
    except Exception as error:
        logger.exception("The message of run %s could not be inspected.", run.code)
        yield Result(MESSAGE, 0, (FAILED.found(error=type(error).__name__),))
        return
    ReceivedMessage.objects.filter(pk=message.pk).update(facts=storable(found.facts))
    yield Result(MESSAGE, 0, found.findings)


def _connection(subject: Subject) -> Connection | None:
    """How the message came to us: its run's subject names the server that brought it."""
    server = subject.sending_server
    if server is None or not server.addresses:
        return None
    return Connection(address=server.addresses[0], helo=server.helo, domain=server.envelope_domain)


def forget_messages(limit: int = 1000) -> int:
    """Empty the raw text of messages older than ``MESSAGE_DAYS``; what was read out of them stays."""
    before = timezone.now() - timedelta(days=settings.MESSAGE_DAYS)
    old = ReceivedMessage.objects.filter(at__lt=before).exclude(raw=b"").order_by("at")
    return ReceivedMessage.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:limit])).update(raw=b"")


def _results(subject: Subject, recording: Recording) -> Any:
    """The results of the engine, as an iterator in this thread over an event loop in another."""
    results: queue.SimpleQueue[Result | BaseException | None] = queue.SimpleQueue()

    async def pour() -> None:
        async for result in examine(subject, recording):
            results.put(result)

    def live() -> None:
        try:
            asyncio.run(pour())
        except BaseException as error:  # noqa: BLE001 - it is raised again in the thread that waits.
            results.put(error)
        else:
            results.put(None)

    thread = threading.Thread(target=live, name="engine", daemon=True)
    thread.start()
    while (item := results.get()) is not None:
        if isinstance(item, BaseException):
            raise item
        yield item
    thread.join()


def record(run: Run, result: Result) -> None:
    """Store one check's findings; SupersededError when the run is no longer ours."""
    try:
        with transaction.atomic():
            _still_ours(run).update(checks_done=F("checks_done") + 1)
            StoredFinding.objects.bulk_create(
                StoredFinding(
                    run=run,
                    attempt=run.attempt,
                    position=result.position * POSITIONS_A_CHECK + index,
                    check_slug=result.check.slug,
                    code=finding.code.id,
                    verdict=finding.verdict,
                    actor=finding.code.actor,
                    arguments=storable(dict(finding.arguments)),
                    evidence=storable([asdict(item) for item in finding.evidence]),
                )
                for index, finding in enumerate(result.findings[:POSITIONS_A_CHECK])
            )
    except IntegrityError as error:
        raise SupersededError from error


def finish(run: Run, findings: dict[int, tuple[Finding, ...]], recording: Recording, *, wall_ms: float) -> None:
    """Close the run with its headline and its transcript."""
    in_order = [finding for position in sorted(findings) for finding in findings[position]]
    headline = headline_of(in_order)
    with transaction.atomic():
        _still_ours(run).update(
            state=RunState.DONE,
            finished_at=timezone.now(),
            headline_code=headline.code.id if headline else "",
            headline=storable(headline.title)[:255] if headline else "",
            worst_verdict=worst([finding.verdict for finding in in_order]),
            queries=recording.queries,
            wall_ms=round(wall_ms, 1),
            critical_path_ms=round(recording.critical_path_ms, 1),
            transcript=storable(recording.transcript),
        )


def headline_of(findings: list[Finding]) -> Finding | None:
    """The finding that a queue row shows: the first of those that need a person most; None when nothing applied.

    A blocklist that one of our addresses stands on is a standing matter of support's, and seldom why this one mail did
    not arrive: any other problem goes before it.
    """
    applying = [finding for finding in findings if finding.verdict is not Verdict.NOT_APPLICABLE]
    return min(
        applying,
        key=lambda finding: (SEVERITY.index(finding.verdict), finding.code.id in STANDING_MATTERS),
        default=None,
    )


def sweep(limit: int = 500) -> list[int]:
    """Close the runs nobody can finish, and return the ids of those whose bell must be rung again, oldest first.

    A waiting run's lease is pushed on, so that a long queue is not rung for at every sweep.
    """
    now = timezone.now()
    late = Run.objects.filter(lease_until__lt=now)
    late.filter(state__in=[RunState.QUEUED, RunState.RUNNING], attempt__gte=MAX_ATTEMPTS).update(
        state=RunState.FAILED, finished_at=now
    )
    waiting = late.filter(state__in=[RunState.QUEUED, RunState.RUNNING]).order_by("lease_until")
    lost = list(waiting.values_list("pk", flat=True)[:limit])
    Run.objects.filter(pk__in=lost, state=RunState.QUEUED).update(
        lease_until=now + timedelta(seconds=settings.RUN_LEASE_SECONDS)
    )
    return lost


def storable(value: Any) -> Any:
    """``value`` with what PostgreSQL cannot keep made visible: NUL becomes its symbol, lone surrogates a mark."""
    if isinstance(value, str):
        return value.replace("\x00", "\u2400").encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {storable(key): storable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable(item) for item in value]
    return value


class _OurRow:
    """The run's row while this attempt holds it; an update that finds it gone raises SupersededError."""

    def __init__(self, run: Run) -> None:
        self._rows = Run.objects.filter(pk=run.pk, state=RunState.RUNNING, attempt=run.attempt)

    def update(self, **values: Any) -> None:
        if not self._rows.update(**values):
            raise SupersededError


def _still_ours(run: Run) -> _OurRow:
    return _OurRow(run)
