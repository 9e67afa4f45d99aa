"""Handing in a message that arrived: what it tells, stored, shown, forgotten."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from diagnostics import runner
from diagnostics.engine.zone import Zone
from diagnostics.models import ReceivedMessage, Run, RunState
from diagnostics.services import inspect_message, rerun
from portal.accounts.models import User

URL = "/diagnostics/messages/"
MESSAGE = """\
Received: from smtp.xenegrade.example (smtp.xenegrade.example [192.0.2.10])
 by mx.corp.example (Postfix) with ESMTPS id 4Bq1
 for <lee@corp.example>; Wed, 4 Mar 2026 14:12:31 +0000 (UTC)
Received: from app (localhost [127.0.0.1]) by smtp.xenegrade.example (Postfix)
 with ESMTP id 4Bq0; Wed, 4 Mar 2026 14:02:11 +0000 (UTC)
From: North <registrar@north.example>
To: lee@corp.example
Subject: <script>alert(1)</script> =?utf-8?q?Caf=C3=A9?=
Date: Wed, 4 Mar 2026 14:02:10 +0000

Hello
"""
ZONE: dict[str, Any] = {
    "north.example": {"TXT": ["v=spf1 -all"]},
    "_dmarc.north.example": {"TXT": ["v=DMARC1; p=none"]},
}


@pytest.fixture(autouse=True)
def _zone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "resolver_from_settings", lambda fresh=False: Zone(ZONE))


def test_support_see_the_form(as_ida: Client) -> None:
    assert as_ida.get(URL).status_code == 200


def test_staff_may_not(as_nora: Client) -> None:
    assert as_nora.get(URL).status_code == 403


@pytest.mark.parametrize(("given", "is_text"), [({"text": MESSAGE}, True), ({"file": MESSAGE}, False)])
def test_a_message_becomes_a_run(as_ida: Client, given: dict[str, str], is_text: bool) -> None:
    if "file" in given:
        given = {"file": SimpleUploadedFile("m.eml", MESSAGE.encode())}  # type: ignore[dict-item]
    response = as_ida.post(URL, given)
    run = Run.objects.get()
    assert response.headers["Location"] == f"/diagnostics/runs/{run.code}/"
    assert (run.is_message, run.target, run.checks_total) == (True, "a message from north.example", 1)
    assert run.message.is_text is is_text


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"text": "   "},
        {"text": "hello world"},
        {"text": "\U0001f600"},
        {"text": "From: a@b.example\n" + "x" * (1 << 20)},
        {"file": SimpleUploadedFile("a.png", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")},
        {"file": SimpleUploadedFile("a.exe", b"MZ\x90\x00\x03\x00\x00\x00From: x@y.example")},
        {"text": MESSAGE, "file": SimpleUploadedFile("m.eml", b"From: a@b.example\n\n")},
        {"file": SimpleUploadedFile("m.eml", b"x" * (1 << 20) + b"x")},
    ],
)
def test_bad_input_shows_the_form_again(as_ida: Client, given: dict[str, Any]) -> None:
    assert as_ida.post(URL, given).status_code == 400
    assert not Run.objects.exists()


def test_what_it_tells(as_ida: Client, ida: User) -> None:
    run = inspect_message(MESSAGE, by=ida)
    runner.perform(run.pk)
    run.refresh_from_db()
    assert (run.state, run.checks_done) == (RunState.DONE, 1)
    facts = ReceivedMessage.objects.get(run=run).facts
    assert [(step["by"], step["delay"]) for step in facts["steps"]] == [
        ("smtp.xenegrade.example", None),
        ("mx.corp.example", 620.0),
    ]
    content = as_ida.get(f"/diagnostics/runs/{run.code}/").content.decode()
    assert "10 min 20 s" in content
    assert "<script>alert" not in content
    assert "Café" in content
    assert any(finding.code.startswith("message.") for finding in run.findings.all())


@pytest.mark.parametrize("raw", [b"", b"\x00\xff" * 5000, b"From: " + b"<" * 50_000, "no header at all"])
def test_whatever_is_handed_in_is_inspected(ida: User, raw: bytes | str) -> None:
    run = inspect_message(raw, by=ida)
    runner.perform(run.pk)
    run.refresh_from_db()
    assert run.state == RunState.DONE
    assert "check.failed" not in {finding.code for finding in run.findings.all()}


def test_a_fault_of_ours_is_said_and_ends_the_run(ida: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*given: Any, **options: Any) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(runner, "inspect", broken)
    run = inspect_message(MESSAGE, by=ida)
    runner.perform(run.pk)
    assert [finding.code for finding in run.findings.all()] == ["check.failed"]


def test_again_inspects_the_same_message(ida: User) -> None:
    again = rerun(inspect_message(MESSAGE, by=ida), by=ida)
    assert (again.is_message, bytes(again.message.raw)) == (True, MESSAGE.encode())


def test_the_raw_text_is_forgotten_after_a_while_and_the_facts_stay(ida: User, settings: Any) -> None:
    old, new = (inspect_message(MESSAGE, by=ida) for _ in range(2))
    runner.perform(old.pk)
    ReceivedMessage.objects.filter(run=old).update(at=timezone.now() - timedelta(days=settings.MESSAGE_DAYS + 1))
    assert (runner.forget_messages(), runner.forget_messages()) == (1, 0)
    kept = ReceivedMessage.objects.get(run=old)
    assert (bytes(kept.raw), bool(kept.facts["steps"])) == (b"", True)
    assert bytes(ReceivedMessage.objects.get(run=new).raw)
