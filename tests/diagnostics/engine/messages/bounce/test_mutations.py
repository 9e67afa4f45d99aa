"""Broken and hostile mails: nothing is raised, and nothing that failed becomes a delivery."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as some

from diagnostics.engine.messages.bounce import classify
from diagnostics.engine.messages.reply import HARD, WORDS
from tests.diagnostics.engine.messages.bounce.mutations import changed
from tests.diagnostics.engine.messages.bounce.own_mails import own_mails

#: Nothing is taken out of those that report a success.
MAILS = tuple(mail.octets for mail in own_mails() if mail.kind != "delivered")
SUCCESS = {"accepted_by_recipient_server"}


@settings(max_examples=400, deadline=None, derandomize=True)
@given(some.sampled_from(MAILS), some.integers(0, 2**32))
def test_no_change_makes_a_mail_an_error_or_a_delivery(octets: bytes, seed: int) -> None:
    found = classify(changed(octets, random.Random(seed), MAILS))
    assert found.kind in {"bounce", "complaint", "auto_reply", "not_a_bounce"}
    assert found.recipients or found.kind != "bounce"
    for row in found.recipients:
        assert row.cause in {*WORDS, ""} - SUCCESS
        assert row.permanence != "hard" or row.cause in HARD


@settings(max_examples=200, deadline=None, derandomize=True)
@given(some.binary(max_size=400))
def test_anything_can_be_classified(octets: bytes) -> None:
    assert classify(octets).kind in {"bounce", "complaint", "auto_reply", "delivered", "not_a_bounce"}
    classify(b"From: MAILER-DAEMON@x.example\nSubject: Undeliverable\n\n" + octets)
