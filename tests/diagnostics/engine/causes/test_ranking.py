"""Ranking a case: the right cause first, never surer than the data allow, and what is missing named as missing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from diagnostics.engine.causes import CAUSES, Case, Confidence, DeliveryFact, ErrorFact, FindingFact, Suppressed, rank
from diagnostics.engine.findings import Verdict
from tests.make import NOON

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CASE = Case(now=NOON, around=NOON - HOUR, recipient="lee@corp.example", sender_domain="north.example", is_covered=True)
ITSELF = {"recipient": "office@north.example"}


def sent(state: str, cause: str = "", **more: Any) -> dict[str, Any]:
    values = {"at": NOON - HOUR, "reply": "what it said", **more}
    return {"delivery": DeliveryFact(state=state, cause=cause, **values)}


def found(check: str, code: str = "x", verdict: Verdict = Verdict.PROBLEM) -> FindingFact:
    return FindingFact(check=check, code=code, verdict=verdict, title=f"{check} found something")


TYPO = (found("recipient-address", "address.typo"), found("recipient-mx", "mx.no_domain"))
PROFILE = {"profile_addresses": ("lee@home.example",)}
ERROR = (ErrorFact(at=NOON - HOUR, text="merge field has no value"),)
OWN = (ErrorFact(at=NOON - HOUR, text="could not connect to mail.north.example: TLS handshake failed"),)
OPTED_OUT = (Suppressed(reason="opt_out", since=NOON - 30 * DAY),)


@pytest.mark.parametrize(
    ("known", "cause", "confidence"),
    [
        # Suspended: since before, of unknown age, since after, and not for what went out all the same.
        ({"is_suspended": True, "suspended_since": NOON - DAY}, "sending_suspended", "certain"),
        ({"is_suspended": True}, "sending_suspended", "likely"),
        ({"is_suspended": True, "suspended_since": NOON}, "not_sent", "likely"),
        ({"is_suspended": True, "suspended_since": NOON - DAY, **sent("accepted")},
         "accepted_by_recipient_server", "likely"),
        # Errors before hand-over, and the branch's own server.
        ({"errors": ERROR}, "send_error", "certain"),
        (sent("error", "send_error"), "send_error", "certain"),
        ({"errors": (replace(ERROR[0], at=NOON - 9 * DAY),)}, "unknown", "possible"),
        ({"errors": OWN, "sends_through_own_server": True}, "own_server_failed", "certain"),
        ({"errors": OWN}, "send_error", "certain"),
        ({"errors": ERROR, "sends_through_own_server": True}, "send_error", "certain"),
        # Suppressed: then, not yet, not any more.
        ({"suppressed": OPTED_OUT}, "suppressed", "certain"),
        ({"suppressed": (Suppressed(reason="opt_out", since=NOON),)}, "not_sent", "likely"),
        ({"suppressed": (Suppressed(reason="x", since=NOON - DAY, until=NOON - 2 * HOUR),)}, "not_sent", "likely"),
        # Refused, and the reply names it.
        *[(sent("refused", cause), cause, "certain") for cause in (
            "no_such_user", "mailbox_full", "mailbox_disabled", "domain_or_dns", "auth_failure", "self_to_self_blocked",
            "recipient_policy", "sender_address_rejected", "sender_ip_blocked", "rdns_missing", "relay_denied",
            "spam_content", "malware_or_attachment", "rate_limited", "message_too_big", "malformed_message",
            "tls_required", "remote_system_error",
        )],
        (sent("expired", "network_or_timeout"), "network_or_timeout", "certain"),
        (sent("expired", "rate_limited"), "rate_limited", "certain"),
        (sent("refused", "recipient_refused_unspecified"), "recipient_refused_unspecified", "likely"),
        (sent("refused", "unknown"), "unknown", "possible"),
        (sent("refused"), "unknown", "possible"),
        # A refusal that says nothing, and a check that says much.
        ({**sent("refused", "unknown"), "findings": (found("sending-ip-reverse"),)}, "rdns_missing", "possible"),
        ({**sent("refused", "unknown"), "findings": (found("sender-dmarc"),)}, "auth_failure", "possible"),
        # What the reply names goes before what a check would predict.
        ({**sent("refused", "mailbox_full"), "findings": (found("sender-dmarc"),)}, "mailbox_full", "certain"),
        # Between a domain and itself.
        ({**ITSELF, **sent("refused", "recipient_policy")}, "self_to_self_blocked", "likely"),
        ({**ITSELF, **sent("refused", "recipient_refused_unspecified")}, "self_to_self_blocked", "likely"),
        ({**ITSELF, **sent("refused", "mailbox_full")}, "mailbox_full", "certain"),
        # The narrower before the wider.
        ({**sent("refused", "domain_or_dns"), "findings": TYPO}, "address_typo", "likely"),
        ({**sent("refused", "no_such_user"), **PROFILE}, "address_not_on_profile", "likely"),
        ({**sent("refused", "no_such_user"), "profile_addresses": ("LEE@corp.example",)}, "no_such_user", "certain"),
        # Put off.
        (sent("deferred", "rate_limited"), "rate_limited", "certain"),
        (sent("deferred", "greylisted"), "greylisted", "certain"),
        (sent("deferred", "mailbox_full"), "mailbox_full", "certain"),
        (sent("deferred", "still_trying"), "still_trying", "likely"),
        (sent("deferred", "unknown"), "still_trying", "likely"),
        (sent("deferred", "unknown", at=NOON - 9 * DAY), "network_or_timeout", "possible"),
        # Handed over and not heard of.
        (sent("handed"), "still_trying", "possible"),
        ({**sent("handed"), "findings": (found("sender-dmarc"),)}, "auth_failure", "likely"),
        # Accepted: what happens behind their server nobody sees.
        (sent("accepted"), "accepted_by_recipient_server", "likely"),
        ({**sent("accepted"), "in_junk": "no"}, "accepted_by_recipient_server", "likely"),
        ({**sent("accepted"), "in_junk": "yes"}, "junked", "certain"),
        ({**sent("accepted"), "findings": (found("sender-dmarc"),)}, "accepted_by_recipient_server", "likely"),
        ({**sent("accepted"), "is_forgot": True, **PROFILE}, "address_not_on_profile", "likely"),
        ({"in_junk": "yes"}, "junked", "certain"),
        ({**sent("accepted"), "symptom": "banner_missing"}, "images_blocked", "likely"),
        ({**sent("accepted"), "symptom": "badly_formatted"}, "badly_formatted", "likely"),
        ({**sent("accepted", deferral_cause="greylisted"), "symptom": "late"}, "greylisted", "likely"),
        # Nothing in the log.
        ({}, "not_sent", "likely"),
        ({"is_covered": False}, "unknown", "possible"),
        ({"is_covered": False, "case_note_seen": "no"}, "not_sent", "possible"),
        ({"case_note_seen": "yes"}, "unknown", "possible"),
        ({"has_case_note": True}, "unknown", "possible"),
        ({"has_case_note": True, "findings": (found("sender-dmarc"),)}, "auth_failure", "likely"),
        ({"has_case_note": True, "findings": (found("self-to-self"),), **ITSELF}, "self_to_self_blocked", "likely"),
        ({"has_case_note": True, "findings": (found("recipient-mx"),)}, "domain_or_dns", "likely"),
        ({"has_case_note": True, "findings": (found("sending-ip-listed"),)}, "sender_ip_blocked", "likely"),
        ({"is_covered": False, "findings": (found("sender-dmarc"),)}, "auth_failure", "possible"),
        ({"is_covered": False, "other_domain_tried": "arrived"}, "recipient_policy", "possible"),
        # The address by itself.
        ({"address_fault": "There is no @."}, "address_malformed", "certain"),
        ({"has_case_note": True, "findings": TYPO}, "address_typo", "likely"),
        ({"is_covered": False, "is_forgot": True, **PROFILE}, "address_not_on_profile", "likely"),
        # What could not be found out proves nothing.
        ({"is_covered": False, "findings": (found("sender-dmarc", verdict=Verdict.UNKNOWN),)}, "unknown", "possible"),
        ({"is_covered": False, "findings": (found("sender-dmarc", verdict=Verdict.NOTICE),)}, "unknown", "possible"),
    ],
)  # fmt: skip
def test_the_first_cause(known: dict[str, Any], cause: str, confidence: str) -> None:
    first = rank(replace(CASE, **known))[0]
    assert (first.cause, first.confidence) == (cause, confidence)
    assert first.for_


def test_what_is_missing_is_named() -> None:
    lines = " ".join(rank(replace(CASE, is_covered=False))[0].against)
    assert "log does not cover" in lines
    assert "junk" in lines


CASES = some.builds(
    Case,
    now=some.just(NOON),
    around=some.sampled_from([None, NOON - HOUR, NOON - 20 * DAY]),
    recipient=some.sampled_from(["lee@corp.example", "office@north.example", "", "x"]),
    sender_domain=some.sampled_from(["", "north.example"]),
    is_suspended=some.booleans(),
    suspended_since=some.sampled_from([None, NOON - DAY, NOON]),
    delivery=some.none()
    | some.builds(
        DeliveryFact,
        state=some.sampled_from(["error", "submitted", "handed", "deferred", "accepted", "refused", "expired"]),
        at=some.sampled_from([NOON - HOUR, NOON - 9 * DAY]),
        cause=some.sampled_from(["", *CAUSES]),
        reply=some.sampled_from(["", "550 no"]),
    ),
    has_case_note=some.booleans(),
    is_covered=some.booleans(),
    errors=some.sampled_from([(), ERROR, OWN]),
    suppressed=some.sampled_from([(), OPTED_OUT]),
    findings=some.sampled_from([(), TYPO, (found("sender-dmarc"), found("self-to-self"))]),
    profile_addresses=some.sampled_from([(), ("lee@home.example",)]),
    in_junk=some.sampled_from(["", "yes", "no"]),
    symptom=some.sampled_from(["not_received", "banner_missing", "late", "other"]),
)


@given(CASES)
def test_every_case_has_an_answer_that_claims_no_more_than_it_may(case: Case) -> None:
    ranked = rank(case)
    assert ranked
    assert len({item.cause for item in ranked}) == len(ranked)
    for item in ranked:
        assert item.cause in CAUSES
        if item.cause == "unknown":
            assert item.confidence is Confidence.POSSIBLE
        if item.confidence is Confidence.CERTAIN:
            has_record = case.delivery or case.errors or case.suppressed or case.is_suspended or case.address_fault
            assert has_record or case.in_junk == "yes"
