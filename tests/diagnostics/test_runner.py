"""Performing runs: claimed once, stored as it comes, taken over when a worker is lost, and never overwritten."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from diagnostics import runner
from diagnostics.engine.check import Check
from diagnostics.engine.findings import Actor, Code, Evidence, Verdict
from diagnostics.engine.plan import Result
from diagnostics.engine.subject import Subject
from diagnostics.engine.zone import Zone
from diagnostics.models import Run, RunState, StoredFinding
from diagnostics.selectors import CODES, by_actor, context_of, findings_of, is_late

BAD = Code("test.bad", Verdict.PROBLEM, Actor.BRANCH_IT, "{domain} is bad", "It is.", "Mend it.")
FINE = Code("test.fine", Verdict.OK, Actor.NOBODY, "{domain} is fine", "It is.")
DARK = Code("test.dark", Verdict.UNKNOWN, Actor.NOBODY, "Nobody answered", "Nobody did.")


async def _look(subject: Subject, resolver: Any) -> tuple[()]:
    return ()


FIRST = Check(slug="first", question="Is it fine?", needs=frozenset(), codes=(FINE, DARK), look=_look)
SECOND = Check(slug="second", question="Is it bad?", needs=frozenset(), codes=(BAD,), look=_look)


@pytest.fixture(autouse=True)
def _world(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two checks that end out of order, over an empty zone."""

    async def examine(subject: Subject, resolver: Any) -> AsyncIterator[Result]:
        await resolver.query("north.example", "TXT")
        proof = Evidence(question="north.example TXT", status="ok", lines=("v=\x00spf1",))
        yield Result(check=SECOND, position=1, findings=(BAD.found(proof, domain="north.example\x00"),))
        yield Result(check=FIRST, position=0, findings=(FINE.found(domain="north.example"),))

    monkeypatch.setattr(runner, "examine", examine)
    monkeypatch.setattr(runner, "CHECKS", (FIRST, SECOND))
    monkeypatch.setattr(runner, "resolver_from_settings", lambda fresh=False: Zone({}))
    for code in (BAD, FINE, DARK):
        monkeypatch.setitem(CODES, code.id, code)


@pytest.fixture
def run(db: None) -> Run:
    return Run.objects.create(
        subject=Subject(sender_domain="north.example").to_json(), lease_until=timezone.now() + timedelta(seconds=30)
    )


def test_a_run_is_examined_and_told_in_the_order_of_the_checks(run: Run) -> None:
    runner.perform(run.pk)
    run.refresh_from_db()
    assert (run.state, run.attempt, run.checks_done, run.queries) == (RunState.DONE, 1, 2, 1)
    assert (run.headline_code, run.worst_verdict) == ("test.bad", "problem")
    assert [finding.code for finding in findings_of(run)] == ["test.fine", "test.bad"]


def test_nul_is_stored_visibly(run: Run) -> None:
    runner.perform(run.pk)
    finding = findings_of(Run.objects.get(pk=run.pk))[1]
    assert finding.evidence[0].lines == ("v=\u2400spf1",)
    assert finding.title == "north.example\u2400 is bad"


def test_a_second_bell_goes_home(run: Run) -> None:
    runner.perform(run.pk)
    runner.perform(run.pk)
    run.refresh_from_db()
    assert run.attempt == 1
    assert StoredFinding.objects.count() == 2


def test_a_run_that_is_held_is_not_claimed(run: Run) -> None:
    assert runner.claim(run.pk) is not None
    assert runner.claim(run.pk) is None


def test_a_lost_worker_is_replaced_and_cannot_write_any_more(run: Run) -> None:
    lost = runner.claim(run.pk)
    assert lost is not None
    Run.objects.filter(pk=run.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert runner.sweep() == [run.pk]
    runner.perform(run.pk)
    with pytest.raises(runner.SupersededError):
        runner.record(lost, Result(check=FIRST, position=0, findings=(DARK.found(),)))
    run.refresh_from_db()
    assert (run.state, run.attempt) == (RunState.DONE, 2)
    assert [finding.code for finding in findings_of(run)] == ["test.fine", "test.bad"]


def test_a_waiting_run_whose_bell_was_lost_is_rung_for_once_a_lease(run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert runner.sweep() == [run.pk]
    assert runner.sweep() == []


def test_a_run_that_kills_its_workers_ends(run: Run) -> None:
    for _ in range(runner.MAX_ATTEMPTS):
        assert runner.claim(run.pk) is not None
        Run.objects.filter(pk=run.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert runner.claim(run.pk) is None
    assert runner.sweep() == []
    run.refresh_from_db()
    assert run.state == RunState.FAILED
    assert run.is_over


def test_an_engine_that_breaks_leaves_the_run_to_be_taken_over(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(subject: Subject, resolver: Any) -> AsyncIterator[Result]:
        raise RuntimeError("broken")
        yield

    monkeypatch.setattr(runner, "examine", broken)
    with pytest.raises(RuntimeError):
        runner.perform(run.pk)
    run.refresh_from_db()
    assert run.state == RunState.RUNNING


def test_findings_are_grouped_by_whose_turn_it_is(run: Run) -> None:
    runner.perform(run.pk)
    groups = by_actor(findings_of(Run.objects.get(pk=run.pk)))
    assert [(group.actor, [item.code for item in group.findings]) for group in groups] == [("branch_it", ["test.bad"])]


def test_a_code_that_is_gone_is_shown_by_its_id(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    runner.perform(run.pk)
    monkeypatch.delitem(CODES, "test.bad")
    assert findings_of(Run.objects.get(pk=run.pk))[1].title == "test.bad"


def test_a_run_nobody_begins_is_late(run: Run) -> None:
    assert not is_late(run)
    run.queued_at = timezone.now() - timedelta(minutes=2)
    assert is_late(run)
    assert context_of(run, "/x/")["is_late"] is True


def test_without_a_run_there_is_nothing_to_read() -> None:
    assert findings_of(None) == []
