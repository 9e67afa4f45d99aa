"""What comes back, in the forms of many programs: what it is, for whom it failed, why, and whether for good."""

from __future__ import annotations

import pytest

from diagnostics.engine.messages.bounce import classify
from diagnostics.engine.messages.reply import HARD, WORDS, rule_from
from tests.diagnostics.engine.messages.bounce.own_mails import Mail, own_mail, own_mails

MAILS = own_mails()
EACH = pytest.mark.parametrize("mail", MAILS, ids=lambda mail: mail.name)

TWO_WORLDS = b"""\
From: MAILER-DAEMON@smtp.sender.example
To: bounce-17@north.example
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b1"

--b1
Content-Type: message/delivery-status

Reporting-MTA: dns; smtp.sender.example
Original-Envelope-Id: envelope-17
X-Postfix-Queue-ID: 4XkT2l6fLjz8

Final-Recipient: rfc822; box7@inner.example
Original-Recipient: rfc822; lee@corp.example
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.inner.example
Diagnostic-Code: smtp; 550 5.1.1 No such user

Final-Recipient: rfc822; kim@corp.example
Action: delivered
Status: 2.1.5

--b1
Content-Type: text/rfc822-headers

From: office@north.example
To: lee@corp.example
Message-ID: <1@north.example>

--b1--
"""


@EACH
def test_a_mail_is_what_it_is(mail: Mail) -> None:
    found = classify(mail.octets)
    assert found.kind == mail.kind
    assert sorted((row.address, row.cause, row.permanence) for row in found.recipients) == sorted(mail.recipients)


@EACH
def test_line_ends_change_nothing(mail: Mail) -> None:
    plain = classify(mail.octets)
    assert classify(mail.octets.replace(b"\n", b"\r\n")) == plain
    assert classify(mail.octets.replace(b"\n", b"\r")) == plain


def test_there_are_enough_of_them_and_each_once() -> None:
    assert len({mail.name for mail in MAILS}) == len(MAILS)
    assert len([mail for mail in MAILS if mail.kind == "bounce"]) >= 60
    assert {mail.kind for mail in MAILS} == {"bounce", "complaint", "auto_reply", "delivered", "not_a_bounce"}


def test_causes_and_permanence_are_those_that_are_known() -> None:
    for mail in MAILS:
        for row in classify(mail.octets).recipients:
            assert row.cause in {*WORDS, ""}
            assert row.permanence in {"hard", "soft", ""}
            assert row.permanence != "hard" or row.cause in HARD


def test_what_it_can_be_matched_by_is_kept() -> None:
    found = classify(TWO_WORLDS)
    assert found.message_id == "1@north.example"
    assert (found.queue_id, found.envelope_id) == ("4XkT2l6fLjz8", "envelope-17")
    assert found.sent_to == ("bounce-17@north.example",)


def test_only_those_for_whom_it_failed_are_told_with_how_the_sender_knew_them() -> None:
    (row,) = classify(TWO_WORLDS).recipients
    assert (row.address, row.original) == ("box7@inner.example", "lee@corp.example")
    assert (row.status, row.reply_code, row.remote_host) == ("5.1.1", "550", "mx.inner.example")
    assert row.diagnostic == "550 5.1.1 No such user"


def test_the_rule_that_decided_is_named() -> None:
    (row,) = classify(own_mail("postfix-spf")).recipients
    assert row.rule == "generic.spf"


def test_a_delay_is_told_as_one_and_is_never_final() -> None:
    (row,) = classify(own_mail("postfix-delayed-greylisted")).recipients
    assert (row.action, row.permanence) == ("delayed", "soft")


def test_what_expired_has_the_cause_of_the_last_refusal() -> None:
    for name in ("exim-retry-timeout-inherits", "postfix-expired-inherits-rate", "gmail-old-retry-over"):
        (row,) = classify(own_mail(name)).recipients
        assert row.cause in {"rate_limited", "greylisted"}


def test_rules_of_the_caller_are_used() -> None:
    mail = own_mail("postfix-text-only").replace(b"Relay access denied", b"Zorp refuses you")
    rule = rule_from("desk.1", cause="spam_content", any=["zorp refuses"], source="Support", date="2026-11")
    assert classify(mail).recipients[0].cause != rule.cause
    (row,) = classify(mail, extra=(rule,)).recipients
    assert (row.cause, row.rule) == ("spam_content", "desk.1")


def test_a_report_of_success_that_a_person_attached_is_none() -> None:
    report = own_mail("dsn-relayed").decode()
    by_person = report.replace("MAILER-DAEMON@smtp.sender.example (Mail Delivery System)", "Nora <nora@north.example>")
    by_person = by_person.replace("multipart/report; report-type=delivery-status;", "multipart/mixed;")
    assert classify(by_person.encode()).kind == "not_a_bounce"


def test_a_complaint_keeps_what_the_report_says() -> None:
    found = classify(own_mail("arf-abuse"))
    assert found.complaint is not None
    assert (found.complaint.type, found.complaint.source_ip, found.message_id) == (
        "abuse",
        "192.0.2.10",
        "1@north.example",
    )


def test_nothing_at_all_is_no_bounce() -> None:
    assert classify(b"").kind == "not_a_bounce"
    assert classify(b"\x00" * 100).recipients == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Final-Recipient: rfc822; lee", b"FinalRecipient: rfc822; lee"),
        (b"Action: failed\nStatus: 5.1.1\n", b"Action: f)ailed\nStatus: 5.1.1\n"),
    ],
)
def test_of_a_report_that_cannot_be_read_whole_nobody_is_told_as_delivered(old: bytes, new: bytes) -> None:
    broken = own_mail("mixed-results-three").replace(old, new)
    assert classify(broken).kind != "delivered"


def test_a_success_that_broke_off_is_none() -> None:
    whole = own_mail("dsn-success-postfix")
    assert classify(whole).kind == "delivered"
    assert classify(whole[: whole.rindex(b"--ok--")]).kind != "delivered"
