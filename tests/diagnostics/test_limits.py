"""What one person, and the desk as a whole, may ask of others' servers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from diagnostics import runner
from diagnostics.engine.resolver import Answer, Status
from diagnostics.engine.subject import Subject
from diagnostics.models import MailServerCall, Run, RunState
from diagnostics.services import CALLS_A_DAY, CallRefused, call_on_server, rerun, start_run
from portal.accounts.models import User

SUBJECT = Subject.of_domain("north.example")
PERSON = Subject(recipient="lee@corp.example", sender_domain="north.example")


class Everywhere:
    """DNS in which every domain has a mail server that may be called on."""

    async def query(self, name: str, rdtype: str) -> Answer:
        records = {"MX": "10 mx.corp.net", "A": "93.184.216.34"}
        found = (records[rdtype],) if rdtype in records else ()
        return Answer(name, rdtype, Status.OK if found else Status.NODATA, found)


def over(run: Run) -> Run:
    Run.objects.filter(pk=run.pk).update(state=RunState.DONE)
    return run


def test_what_comes_too_fast_is_held_and_not_refused(ida: User, settings: Any) -> None:
    settings.RUNS_A_MINUTE = 3
    runs = [over(start_run(SUBJECT, by=ida)) for _ in range(3)]
    assert [run.held_until for run in runs] == [None, None, None]
    held = start_run(SUBJECT, by=ida)
    assert held.held_until is not None
    assert held.held_until == runs[0].queued_at + timedelta(minutes=1)


def test_so_many_at_once(ida: User, settings: Any) -> None:
    settings.RUNS_AT_ONCE = 2
    start_run(SUBJECT, by=ida)
    start_run(SUBJECT, by=ida)
    assert start_run(SUBJECT, by=ida).held_until is not None


def test_one_person_does_not_hold_another_and_the_desk_is_not_held(ida: User, nora: User, settings: Any) -> None:
    settings.RUNS_A_MINUTE = settings.RUNS_AT_ONCE = 1
    start_run(SUBJECT, by=ida)
    assert start_run(SUBJECT, by=nora).held_until is None
    assert [start_run(SUBJECT, by=None).held_until for _ in range(3)] == [None, None, None]


def test_no_bell_is_rung_for_a_held_run_and_the_sweep_begins_it(
    ida: User, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.RUNS_AT_ONCE = 1
    start_run(SUBJECT, by=ida)
    with django_capture_on_commit_callbacks() as bells:
        held = start_run(SUBJECT, by=ida)
    assert bells == []
    assert held.pk not in runner.sweep()
    Run.objects.filter(pk=held.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert held.pk in runner.sweep()


def test_the_lists_that_may_be_asked_stand_in_the_run(ida: User, settings: Any) -> None:
    assert not start_run(SUBJECT, by=ida).subject["lists"]
    settings.DNSBL_ZONES = ["bl.spamcop.net"]
    assert list(start_run(SUBJECT, by=ida).subject["lists"]) == ["bl.spamcop.net"]


def test_the_page_says_that_and_when(as_nora: Client, nora: User, settings: Any) -> None:
    settings.RUNS_AT_ONCE = 1
    start_run(SUBJECT, by=nora)
    response = as_nora.get(f"/diagnostics/runs/{start_run(SUBJECT, by=nora).code}/")
    assert response.context["is_held"] is True
    assert response.context["is_late"] is False


def test_a_domain_is_asked_anew_once_in_half_a_minute(ida: User, nora: User) -> None:
    assert start_run(SUBJECT, by=ida, fresh=True).is_fresh is True
    assert start_run(SUBJECT, by=nora, fresh=True).is_fresh is False
    Run.objects.update(queued_at=timezone.now() - timedelta(seconds=31))
    assert start_run(SUBJECT, by=nora, fresh=True).is_fresh is True


class TestCalls:
    """WL-16: a call on a mail server is refused rather than made too often."""

    @pytest.fixture(autouse=True)
    def _allowed(self, settings: Any) -> None:
        settings.SMTP_PROBE = "greeting"

    def test_a_greeting_names_nobody(self, ida: User) -> None:
        run = call_on_server(PERSON, by=ida)
        assert (run.subject["probe"], run.subject["probe_is_representative"]) == ("greeting", False)
        assert MailServerCall.objects.get().domain == "corp.example"

    def test_on_the_sending_host_the_recipient_is_named(self, ida: User, settings: Any) -> None:
        settings.SMTP_PROBE = "recipient"
        run = call_on_server(PERSON, by=ida)
        assert (run.subject["probe"], run.subject["probe_is_representative"]) == ("recipient", True)

    def test_switched_off(self, ida: User, settings: Any) -> None:
        settings.SMTP_PROBE = "off"
        with pytest.raises(CallRefused):
            call_on_server(PERSON, by=ida)
        assert not Run.objects.exists()

    def test_not_twice_in_ten_minutes(self, ida: User, nora: User) -> None:
        call_on_server(PERSON, by=ida)
        with pytest.raises(CallRefused, match="10 minutes"):
            call_on_server(PERSON, by=nora)
        MailServerCall.objects.update(at=timezone.now() - timedelta(minutes=11))
        call_on_server(PERSON, by=nora)

    def test_so_many_a_day(self, ida: User) -> None:
        MailServerCall.objects.bulk_create(MailServerCall(domain=f"d{n}.example") for n in range(CALLS_A_DAY))
        with pytest.raises(CallRefused, match="within a day"):
            call_on_server(PERSON, by=ida)

    def test_never_a_large_provider(self, ida: User) -> None:
        with pytest.raises(CallRefused, match="never"):
            call_on_server(Subject(recipient="lee@gmail.com"), by=ida)

    def test_a_repeated_run_does_not_call_again(self, ida: User) -> None:
        assert rerun(call_on_server(PERSON, by=ida), by=ida).subject["probe"] == ""

    def test_p90_a_call_that_was_broken_off_is_not_made_again(self, ida: User, monkeypatch: pytest.MonkeyPatch) -> None:
        """The worker was killed in the midst of it; the next one does all but call."""
        monkeypatch.setattr(runner, "resolver_from_settings", lambda fresh=False: Everywhere())
        run = call_on_server(Subject(recipient="lee@corp.net"), by=ida)
        assert runner.claim(run.pk) is not None
        Run.objects.filter(pk=run.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
        runner.perform(run.pk)
        run.refresh_from_db()
        (call,) = (item for item in run.transcript if item["rdtype"] == "SMTP")
        assert (call["status"], "broken off" in call["note"]) == ("error", True)
        assert "smtp.unknown" in {finding.code for finding in run.findings.all()}

    def test_the_bench_says_why_not_and_keeps_what_was_typed(self, as_ida: Client, ida: User) -> None:
        call_on_server(PERSON, by=ida)
        response = as_ida.post("/diagnostics/", {"target": "lee@corp.example", "calls": "on"})
        assert response.status_code == 400
        assert "calls" in response.context["form"].errors
        assert b"lee@corp.example" in response.content
