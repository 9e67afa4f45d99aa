"""What came back in a case, brought to the message it is about: by name, by whom it was passed on to, and by nobody."""

from __future__ import annotations

from typing import Any

import pytest

from portal.cases.answering import Answer, answer
from portal.cases.reading import case_of

LEE, AT = "lee@corp.example", "2026-03-04T14:00:00Z"
TAKEN = (
    "Mar  4 14:02:11 smtp postfix/smtp[1]: 4Bq1xk: to=<lee@corp.example>, relay=mx.corp.example[203.0.113.25]:25, "
    "delay=1, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 12345ABCDE)"
)
WORLD: dict[str, Any] = {
    "now": "2026-03-04T15:00:00Z",
    "sending_servers": [{"host": "smtp.xenegrade.net", "addresses": ["192.0.2.10"]}],
    "branch": {"code": "north", "notification_address": "registrar@north.example"},
    "message_log": [{"at": "2026-03-04T14:02:10Z", "recipient": LEE, "message_id": "<a1@north.example>"}],
    "postfix_log": [TAKEN],
    "report": {"recipient": LEE, "around": AT},
}


def report(*, to: str, by: str, original: str = "", message_id: str = "", came_to: str = "b@xenegrade.net") -> str:
    """An RFC 3464 report: the mailbox ``to`` does not exist, says the server ``by``."""
    passed_on = f"Original-Recipient: rfc822;{original}\n" if original else ""
    name = f"Message-ID: <{message_id}>\n" if message_id else ""
    return (
        f"From: MAILER-DAEMON@{by}\nTo: {came_to}\nSubject: Undelivered Mail Returned to Sender\n"
        "Date: Wed, 4 Mar 2026 14:03:00 +0000\nAuto-Submitted: auto-replied\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        f"--b\nContent-Type: text/plain\n\n<{to}>: 550 5.1.1 User unknown\n\n"
        f"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; {by}\n\n"
        f"Final-Recipient: rfc822; {to}\n{passed_on}Action: failed\nStatus: 5.1.1\n"
        "Diagnostic-Code: smtp; 550 5.1.1 User unknown\n\n"
        f"--b\nContent-Type: text/rfc822-headers\n\nFrom: registrar@north.example\nSubject: x\n{name}\n--b--\n"
    )


def first(*bounces: str, **more: Any) -> tuple[str, str]:
    found: Answer = answer(case_of({**WORLD, "bounces": list(bounces), **more}, name="x"))
    return found.causes[0].cause, found.causes[0].confidence


REFUSED, TAKEN_ONLY = ("no_such_user", "certain"), ("accepted_by_recipient_server", "likely")
UNLOGGED: dict[str, Any] = {"message_log": [], "postfix_log": []}


@pytest.mark.django_db
def test_a_later_report_overrules_the_acceptance() -> None:
    assert first() == TAKEN_ONLY
    assert first(report(to=LEE, by="mx.corp.example", message_id="a1@north.example")) == REFUSED


@pytest.mark.django_db
def test_whom_they_passed_it_on_to_is_told_of_by_their_server() -> None:
    assert first(report(to="l@home.example", original=LEE, by="mx.corp.example")) == REFUSED
    assert first(report(to="l@home.example", by="mx.corp.example", message_id="a1@north.example")) == REFUSED


@pytest.mark.django_db
def test_our_own_server_tells_of_whom_we_wrote_to() -> None:
    ours = report(to="moss@corp.example", by="smtp.xenegrade.net", message_id="a1@north.example")
    assert first(ours) == TAKEN_ONLY


@pytest.mark.django_db
def test_without_a_log_it_speaks_for_itself() -> None:
    assert first(report(to=LEE, by="mx.corp.example"), **UNLOGGED) == REFUSED
    verp = report(to="u1029@in.corp.example", by="mx.corp.example", came_to="b+lee=corp.example@xenegrade.net")
    assert first(verp, **UNLOGGED) == REFUSED
    assert first(report(to="moss@corp.example", by="mx.corp.example"), **UNLOGGED)[0] == "unknown"


@pytest.mark.django_db
def test_it_puts_nobody_on_the_suppression_list_of_the_case() -> None:
    bounce = report(to=LEE, by="mx.corp.example", message_id="a1@north.example")
    again = {"around": "2026-03-04T14:30:00Z", "recipient": LEE, "function": "receipt"}
    later = [*WORLD["message_log"], {"at": "2026-03-04T14:30:00Z", "recipient": LEE, "function": "receipt"}]
    assert first(bounce, message_log=later, report=again)[0] == "unknown"
