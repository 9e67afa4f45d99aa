"""Answers that no person wrote (RFC 3834, RFC 8098), and people's mail that reads like one."""

from __future__ import annotations

import pytest

from diagnostics.engine.messages.automatic import is_auto_reply
from diagnostics.engine.messages.mime import read_parts

MDN = 'Subject: x\nContent-Type: multipart/report; report-type=disposition-notification; boundary="b"'


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-replied (vacation)",
        "Auto-Submitted: auto-notified; owner-email=lee@corp.example",
        "X-Autoreply: yes",
        "X-Autorespond: x",
        "Precedence: auto_reply",
        "X-Auto-Response-Suppress: All\nIn-Reply-To: <1@north.example>",
        "Subject: Automatic reply: Your enrolment",
        "Subject: Re: Out of Office",
        "Subject: =?utf-8?q?Abwesenheit?=",
        "Subject: Thank you for your message\nAuto-Submitted: auto-generated",
        "Subject: Away from the desk\nReturn-Path: <>",
        MDN,
    ],
)
def test_a_machine_answered(header: str) -> None:
    assert is_auto_reply(read_parts(f"From: lee@corp.example\n{header}\n\nx".encode()))


@pytest.mark.parametrize(
    "header",
    [
        "Subject: Your enrolment",
        "Subject: Thank you for your message",
        "Subject: Away from home, can I still enrol?",
        "Auto-Submitted: no\nSubject: hello",
        "Auto-Submitted: auto-generated\nSubject: Nightly backup",
        "Precedence: bulk\nSubject: News",
        "X-Auto-Response-Suppress: OOF\nIn-Reply-To: <1@north.example>\nSubject: hello",
        "X-Auto-Response-Suppress: All\nSubject: News",
        "Subject: About our auto-reply",
        "",
    ],
)
def test_a_person_wrote_or_nobody_answered(header: str) -> None:
    assert not is_auto_reply(read_parts(f"From: lee@corp.example\n{header}\n\nx".encode()))
