"""From what was said to a cause: words before codes, the narrow before the vague, and time that ran out."""

from __future__ import annotations

import pytest

from diagnostics.engine.messages.bounce.judge import Judged, Reader, Words, judge


def judged(*said: str, status: str = "", is_delayed: bool = False, stage: str = "") -> Judged:
    return judge([Words(text) for text in said], status=status, is_delayed=is_delayed, stage=stage, reader=Reader())


def test_words_go_before_codes() -> None:
    assert judged("550 5.0.0 rejected", "Mailbox is full").reading.cause == "mailbox_full"
    assert judged("550 5.1.1 over quota").reading.cause == "mailbox_full"


def test_nothing_said_is_unknown() -> None:
    found = judged()
    assert (found.reading.cause, found.permanence) == ("unknown", "soft")


def test_the_status_of_the_report_counts_where_the_reply_has_none() -> None:
    assert judged("550 no", status="5.1.1").reading.cause == "no_such_user"
    assert judged("450 no", status="5.1.1").reading.status == ""


def test_what_ran_out_of_time_inherits_the_last_refusal() -> None:
    found = judge(
        [Words("delivery temporarily suspended"), Words("451 4.7.1 ratelimited, try later", is_aside=True)],
        reader=Reader(),
    )
    assert found.reading.cause == "rate_limited"
    assert judged("Message expired").reading.cause == "network_or_timeout"
    assert judged("550 5.0.0 message too long in queue, given up", is_delayed=True).permanence == "soft"


def test_an_aside_counts_only_in_need() -> None:
    aside = Words("the mailbox is full", is_aside=True)
    assert judge([Words("550 5.1.1 user unknown"), aside], reader=Reader()).reading.cause == "no_such_user"
    assert judge([Words("it failed"), aside], reader=Reader()).reading.cause == "mailbox_full"


def test_a_user_unknown_after_the_message_was_read_is_a_filter_speaking() -> None:
    said = "550 Unknown user lee@corp.example"
    assert judged(said).reading.cause == "no_such_user"
    assert judged(said + " (in reply to RCPT TO command)").reading.cause == "no_such_user"
    after = judged(said + " (in reply to end of DATA command)")
    assert (after.reading.cause, after.permanence) == ("recipient_refused_unspecified", "soft")
    assert judged(said, stage="DATA").reading.cause == "recipient_refused_unspecified"
    assert judged("550 5.1.1 user unknown", stage="DATA").reading.cause == "no_such_user"
    assert judged("550: : User unknown").reading.cause == "recipient_refused_unspecified"


def test_a_status_that_says_there_is_a_mailbox_makes_it_uncertain() -> None:
    assert judged("550 5.2.1 <lee@corp.example>... User unknown").reading.cause == "recipient_refused_unspecified"
    assert judged("550 5.2.1 <lee@corp.example>... User unknown", stage="RCPT").reading.cause == "no_such_user"


@pytest.mark.parametrize(
    ("said", "around", "stage", "cause"),
    [
        ("550 5.7.1 Access denied", "", "MAIL", "sender_address_rejected"),
        ("550 5.7.1 Access denied", "", "RCPT", "recipient_policy"),
        ("550 Rejected", "host mx refused to talk to me", "", "sender_ip_blocked"),
        ("550 Rejected", "Connected to 192.0.2.1 but sender was rejected.", "", "sender_address_rejected"),
        ("550 5.0.0 Invalid domain name", "Connected to 192.0.2.1 but my name was rejected.", "", "sender_ip_blocked"),
        ("550 mailbox full", "", "MAIL", "mailbox_full"),
    ],
)
def test_a_refusal_without_a_reason_is_about_what_was_known_by_then(
    said: str, around: str, stage: str, cause: str
) -> None:
    assert judged(said, around, stage=stage).reading.cause == cause


@pytest.mark.parametrize(
    ("said", "permanence"),
    [
        ("550 5.1.1 user unknown", "hard"),
        ("User unknown", "hard"),
        ("550 5.1.2 Host unknown", "hard"),
        ("450 4.1.2 Host not found, try again", "soft"),
        ("Domain not found, temporary failure", "soft"),
        ("550 5.2.2 mailbox full", "soft"),
        ("550 5.7.1 blocked using zen.spamhaus.org", "soft"),
    ],
)
def test_hard_is_only_what_stays_wrong(said: str, permanence: str) -> None:
    assert judged(said).permanence == permanence


def test_words_that_say_that_they_give_no_reason_are_believed() -> None:
    found = judged("451 4.3.0 This message could not be delivered due to a recipient error. Please try again later.")
    assert (found.reading.cause, found.reading.rule) == ("unknown", "services.recipient-error")
