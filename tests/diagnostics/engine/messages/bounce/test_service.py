"""Notices that Amazon SES mails as JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest

from diagnostics.engine.messages.bounce.service import Notice, read_notice
from diagnostics.engine.messages.mime import read_parts

MAIL = {"messageId": "0102", "destination": ["lee@corp.example"]}


def read(document: Any, *, below: str = "") -> Notice | None:
    text = document if isinstance(document, str) else json.dumps(document)
    return read_notice(read_parts(f"From: no-reply@sns.amazonaws.com\n\n{text}\n{below}".encode()))


def test_a_bounce_names_each_recipient_with_what_was_said() -> None:
    rows = [
        {"emailAddress": "lee@corp.example", "action": "failed", "status": "5.1.1", "diagnosticCode": "smtp; 550 no"},
        {"emailAddress": "kim@corp.example"},
    ]
    bounce = {"bounceType": "Permanent", "bouncedRecipients": rows, "reportingMTA": "dsn; a7.smtp-out.amazonses.com"}
    notice = read({"notificationType": "Bounce", "bounce": bounce, "mail": MAIL}, below="--\nIf you wish to stop\n")
    assert notice is not None
    assert (notice.kind, notice.message_id) == ("bounce", "0102")
    assert [item.group.address for item in notice.items] == ["lee@corp.example", "kim@corp.example"]
    assert (notice.items[0].group.diagnostic, notice.items[0].group.status) == ("550 no", "5.1.1")


def test_a_complaint_and_a_delivery_are_known_by_either_name() -> None:
    complaint = {"complainedRecipients": [{"emailAddress": "lee@corp.example"}]}
    found = read({"eventType": "Complaint", "complaint": complaint, "mail": MAIL})
    assert found is not None
    assert (found.kind, found.items[0].group.address) == ("complaint", "lee@corp.example")
    delivery = {"recipients": [], "smtpResponse": "250 ok"}
    found = read({"notificationType": "Delivery", "delivery": delivery, "mail": MAIL})
    assert found is not None
    assert (found.kind, found.items[0].group.address) == ("delivered", "lee@corp.example")


def test_long_lines_broken_by_a_relay_are_put_together() -> None:
    text = json.dumps({"notificationType": "Bounce", "bounce": {"bouncedRecipients": []}, "mail": MAIL})
    assert read(text[:40] + "!\n " + text[40:]) is not None


@pytest.mark.parametrize(
    "document",
    [
        "{",
        '{"mail"',
        '{"mail":' + "[" * 50_000,
        {"mail": MAIL},
        {"notificationType": "Open", "mail": MAIL},
        {"notificationType": "Bounce", "mail": 7},
        '["mail"]',
        "Hello",
    ],
)
def test_what_is_no_notice_is_none(document: Any) -> None:
    assert read(document) is None


def test_strange_values_are_no_error() -> None:
    found = read(
        {"notificationType": "Bounce", "bounce": {"bouncedRecipients": [1, None, {"emailAddress": 3}]}, "mail": {}}
    )
    assert found is not None
    assert found.items == ()
