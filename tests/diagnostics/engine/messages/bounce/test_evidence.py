"""Several signs must agree before a mail is a report: people forward reports, quote them and write about them."""

from __future__ import annotations

import pytest

from diagnostics.engine.messages.bounce.evidence import is_from_a_program, is_report
from diagnostics.engine.messages.bounce.report import gather
from diagnostics.engine.messages.mime import read_parts

FAILED = "Your message could not be delivered to\n\n<lee@corp.example>: 550 5.1.1 user unknown\n"


def is_one(header: str, text: str = FAILED) -> bool:
    parts = read_parts(f"{header}\n\n{text}".encode())
    return is_report(parts, gather(parts, ()))


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("From: MAILER-DAEMON@corp.example\nSubject: Undelivered Mail", True),
        ("From: Mail Delivery System <x@corp.example>\nSubject: failure notice", True),
        ("From: <>\nReturn-Path: <>\nSubject: ", True),
        (
            "From: no-reply@corp.example\nReturn-Path: <>\nSubject: Undeliverable: x\nX-Failed-Recipients: a@b.example",
            True,
        ),
        ("From: Nora <nora@north.example>\nSubject: Undelivered Mail", False),
        ("From: Nora <nora@north.example>\nSubject: Fwd: Undelivered Mail Returned to Sender", False),
        ("From: Nora <nora@north.example>\nSubject: Re: Undelivered Mail\nIn-Reply-To: <1@x.example>", False),
        ("From: postmaster@corp.example\nSubject: Maintenance on Sunday\nReferences: <1@x.example>", False),
        ("From: Lee <lee@corp.example>\nSubject: Automatic reply: x\nAuto-Submitted: auto-replied", False),
        ("Subject: Undelivered Mail Returned to Sender", False),
    ],
)
def test_who_writes_and_how_decides(header: str, expected: bool) -> None:
    assert is_one(header) is expected


def test_a_program_that_says_nothing_of_delivery_reports_nothing() -> None:
    assert not is_one("From: MAILER-DAEMON@corp.example\nSubject: Hello", "Good morning.\n")


def test_groups_in_a_part_are_enough_unless_somebody_answers() -> None:
    text = (
        'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"\n\n--b\n'
        "Content-Type: message/delivery-status\n\nFinal-Recipient: rfc822; lee@corp.example\nAction: failed\n\n--b--\n"
    )
    parts = read_parts(("From: x@corp.example\nSubject: x\n" + text).encode())
    assert is_report(parts, gather(parts, ()))
    answered = read_parts(("From: x@corp.example\nSubject: x\nIn-Reply-To: <1@x.example>\n" + text).encode())
    assert not is_report(answered, gather(answered, ()))


def test_names_under_which_servers_write_are_known() -> None:
    def writes(header: str) -> bool:
        return is_from_a_program(read_parts(f"{header}\n\nx".encode()))

    assert writes("From: =?utf-8?q?Mail_Delivery_Subsystem?= <x@corp.example>")
    assert writes("From: club-admin@corp.example\nX-MLServer: fml")
    assert not writes("From: club-admin@corp.example")
    assert not writes("From: Nora <nora@north.example>")
    assert not writes("Subject: nobody")
