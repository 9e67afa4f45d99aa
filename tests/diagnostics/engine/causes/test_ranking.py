"""Ranking a case: the right cause first, never surer than the data allow, and what is missing named as missing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from diagnostics.engine.causes import (
    CAUSES,
    AnswerFact,
    Arrival,
    Case,
    Confidence,
    DeferralFact,
    DeliveryFact,
    ErrorFact,
    FindingFact,
    Ranked,
    Remedy,
    Suppressed,
    TraceFact,
    rank,
)
from diagnostics.engine.causes.ranking.before import UNRECORDED
from diagnostics.engine.causes.ranking.foretold import OF_ROUTE, UNROUTED, may_explain
from diagnostics.engine.causes.ranking.grounds import GROUNDS, Need
from diagnostics.engine.causes.ranking.rank import RULES
from diagnostics.engine.findings import Actor, Verdict
from tests.make import NOON

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CASE = Case(now=NOON, around=NOON - HOUR, recipient="lee@corp.example", sender_domain="north.example", is_covered=True)
ITSELF = {"recipient": "office@north.example"}


def sent(state: str, cause: str = "", **more: Any) -> dict[str, Any]:
    values = {"at": NOON - HOUR, "reply": "what it said", **more}
    return {"delivery": DeliveryFact(state=state, cause=cause, **values)}


def found(code: str, verdict: Verdict = Verdict.PROBLEM) -> FindingFact:
    return FindingFact(check="x", code=code, verdict=verdict, title=f"{code} was found")


def put_off(*causes: str) -> tuple[DeferralFact, ...]:
    return tuple(DeferralFact(at=NOON - HOUR, cause=cause, reply=cause) for cause in causes)


TYPO = (found("address.typo"), found("mx.no_domain"))
DMARC, LISTED, NO_NAME = found("dmarc.nothing_aligns"), found("list.listed"), found("ptr.missing")
ANSWER = AnswerFact(at=NOON, sender="lee@corp.example")
TO_THIS = replace(ANSWER, message_ids=("a1@north.example",))
NAMED = {"message_id": "<a1@north.example>"}
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
        ({"is_suspended": True, "suspended_since": NOON - DAY, "around": None}, "sending_suspended", "likely"),
        ({"is_suspended": True, "suspended_since": NOON - DAY, "has_case_note": True}, "sending_suspended", "likely"),
        ({"is_suspended": True, "suspended_since": NOON}, "not_sent", "likely"),
        ({"is_suspended": True, "suspended_since": NOON - DAY, **sent("submitted")}, "sending_suspended", "certain"),
        ({"is_suspended": True, "suspended_since": NOON - DAY, **sent("accepted")},
         "accepted_by_recipient_server", "likely"),
        # Errors before hand-over, and the branch's own server.
        ({"errors": ERROR}, "send_error", "certain"),
        ({"errors": (replace(ERROR[0], is_named=False),)}, "send_error", "likely"),
        (sent("error", "send_error"), "send_error", "certain"),
        ({**sent("error", "send_error", module="quicktools"), "module": "quicktools"}, "send_error", "certain"),
        ({**sent("error", "send_error", module="quicktools"), "module": "webreg"}, "send_error", "likely"),
        ({"errors": (replace(ERROR[0], at=NOON - 9 * DAY),)}, "unknown", "possible"),
        ({"errors": OWN, "sends_through_own_server": True}, "own_server_failed", "certain"),
        ({"errors": OWN}, "send_error", "certain"),
        ({"errors": ERROR, "sends_through_own_server": True}, "send_error", "certain"),
        ({**sent("deferred", "network_or_timeout", is_by_own_server=True), "sends_through_own_server": True},
         "own_server_failed", "certain"),
        ({**sent("refused", "no_such_user", is_by_own_server=True), "sends_through_own_server": True},
         "no_such_user", "certain"),
        # Suppressed: then, not yet, not any more, and not for what was refused all the same.
        ({"suppressed": OPTED_OUT}, "suppressed", "certain"),
        ({"suppressed": OPTED_OUT, "around": None}, "suppressed", "likely"),
        ({"suppressed": OPTED_OUT, **sent("refused", "mailbox_full")}, "mailbox_full", "certain"),
        ({"suppressed": (Suppressed(reason="opt_out", since=NOON),)}, "not_sent", "likely"),
        ({"suppressed": (Suppressed(reason="x", since=NOON - DAY, until=NOON - 2 * HOUR),)}, "not_sent", "likely"),
        # Refused, and the reply names it.
        *[(sent("refused", cause), cause, "certain") for cause in (
            "no_such_user", "mailbox_full", "mailbox_disabled", "domain_or_dns", "auth_failure",
            "recipient_policy", "sender_address_rejected", "sender_ip_blocked", "rdns_missing", "relay_denied",
            "spam_content", "malware_or_attachment", "rate_limited", "message_too_big", "malformed_message",
            "tls_required", "remote_system_error",
        )],
        (sent("refused", "recipient_policy", reply="550 5.7.1"), "recipient_policy", "likely"),
        (sent("refused", "no_such_user", reply="550 5.1.1"), "no_such_user", "certain"),
        (sent("refused", "recipient_refused_unspecified"), "recipient_refused_unspecified", "likely"),
        (sent("refused", "unknown"), "unknown", "possible"),
        (sent("refused"), "unknown", "possible"),
        # Given up: by what the last deferral named, unless in the end nobody answered.
        (sent("expired", "network_or_timeout"), "network_or_timeout", "certain"),
        (sent("expired", "rate_limited", deferrals=put_off("rate_limited", "still_trying")), "rate_limited", "certain"),
        (sent("expired", "greylisted", deferrals=put_off("greylisted", "network_or_timeout")),
         "network_or_timeout", "likely"),
        (sent("expired", "still_trying", deferrals=put_off("still_trying")), "network_or_timeout", "likely"),
        # A refusal that says nothing, and a check that says much.
        ({**sent("refused", "unknown"), "findings": (NO_NAME,)}, "rdns_missing", "possible"),
        ({**sent("refused", "unknown"), "findings": (DMARC,)}, "auth_failure", "possible"),
        # What the reply names goes before what a check would predict.
        ({**sent("refused", "mailbox_full"), "findings": (DMARC,)}, "mailbox_full", "certain"),
        # Between a domain and itself: a forgery, but not from its own server, nor where the reply says otherwise.
        ({**ITSELF, **sent("refused", "recipient_policy")}, "self_to_self_blocked", "likely"),
        ({**ITSELF, **sent("refused", "self_to_self_blocked")}, "self_to_self_blocked", "certain"),
        ({"recipient": "lee@mail.north.example", **sent("refused", "self_to_self_blocked")},
         "self_to_self_blocked", "certain"),
        # Between strangers nobody forges himself: their rule is too wide, or they could not verify the sender.
        (sent("refused", "self_to_self_blocked", reply="550 spoofed message"), "recipient_policy", "certain"),
        (sent("refused", "self_to_self_blocked", reply="550 spoofed message: SPF"), "auth_failure", "certain"),
        (sent("expired", "self_to_self_blocked", reply="450 spoofed message"), "recipient_policy", "certain"),
        # A clear reply about a message that was sent half a day from the time that was reported.
        (sent("refused", "mailbox_full", at=NOON - 14 * HOUR), "mailbox_full", "likely"),
        ({**ITSELF, **sent("refused", "recipient_refused_unspecified")}, "self_to_self_blocked", "likely"),
        ({**ITSELF, **sent("deferred", "recipient_policy")}, "self_to_self_blocked", "likely"),
        ({**ITSELF, **sent("refused", "recipient_policy"), "sends_through_own_server": True},
         "recipient_policy", "certain"),
        ({**ITSELF, **sent("refused", "recipient_policy"), "findings": (found("self.own_server", Verdict.OK),)},
         "recipient_policy", "certain"),
        ({**ITSELF, **sent("refused", "sender_address_rejected", reply="Sender address rejected: Domain not found")},
         "sender_address_rejected", "certain"),
        ({**ITSELF, **sent("refused", "mailbox_full")}, "mailbox_full", "certain"),
        # The narrower before the wider.
        ({**sent("refused", "domain_or_dns"), "findings": TYPO}, "address_typo", "likely"),
        ({**sent("refused", "no_such_user"), **PROFILE, "is_forgot": True}, "address_not_on_profile", "likely"),
        ({**sent("refused", "no_such_user"), **PROFILE}, "no_such_user", "certain"),
        ({**sent("refused", "no_such_user"), "profile_addresses": ("LEE@corp.example",)}, "no_such_user", "certain"),
        # Put off: the reason that is named, else that it is still tried.
        (sent("deferred", "rate_limited"), "rate_limited", "certain"),
        (sent("deferred", "greylisted"), "greylisted", "certain"),
        (sent("deferred", "greylisted", at=NOON - 3 * DAY, state_at=NOON - 3 * DAY), "greylisted", "likely"),
        (sent("deferred", "mailbox_full"), "mailbox_full", "certain"),
        (sent("deferred", "network_or_timeout", reply="connect to mx.corp.example: Connection timed out"),
         "still_trying", "likely"),
        (sent("deferred", "network_or_timeout", reply="connect to mx.corp.example: Connection timed out",
              at=NOON - 5 * HOUR, state_at=NOON), "network_or_timeout", "likely"),
        (sent("deferred", "network_or_timeout", reply="450 please retry"), "still_trying", "likely"),
        (sent("deferred", "domain_or_dns", reply="Name service error: Host not found, try again"),
         "still_trying", "likely"),
        (sent("deferred", "remote_system_error", reply="451 4.3.0 Temporary server error"), "still_trying", "likely"),
        (sent("deferred", "still_trying"), "still_trying", "likely"),
        (sent("deferred", "unknown"), "still_trying", "likely"),
        (sent("deferred", "unknown", at=NOON - 3 * DAY, state_at=NOON - 2 * DAY), "still_trying", "possible"),
        (sent("deferred", "unknown", at=NOON - 9 * DAY), "network_or_timeout", "possible"),
        # Handed over and not heard of.
        (sent("handed"), "unknown", "possible"),
        ({**sent("handed"), "findings": (DMARC,)}, "auth_failure", "likely"),
        # Accepted: what happens behind their server nobody sees.
        (sent("accepted"), "accepted_by_recipient_server", "likely"),
        ({**sent("accepted"), "in_junk": "no"}, "accepted_by_recipient_server", "likely"),
        ({**sent("accepted"), "in_junk": "yes"}, "junked", "likely"),
        (sent("accepted", complained_at=NOON), "junked", "likely"),
        ({**sent("accepted"), "findings": (DMARC, LISTED)}, "accepted_by_recipient_server", "likely"),
        ({**sent("accepted"), "is_forgot": True, **PROFILE}, "address_not_on_profile", "likely"),
        ({"is_covered": False, "answered": (ANSWER,)}, "accepted_by_recipient_server", "likely"),
        ({"in_junk": "yes", "is_covered": False}, "junked", "likely"),
        ({"in_junk": "yes"}, "junked", "possible"),
        ({**sent("refused", "no_such_user"), "in_junk": "yes"}, "no_such_user", "certain"),
        ({**sent("accepted"), "symptom": "banner_missing"}, "images_blocked", "likely"),
        ({**sent("accepted"), "symptom": "badly_formatted"}, "badly_formatted", "likely"),
        ({**sent("refused", "no_such_user"), "symptom": "banner_missing"}, "no_such_user", "likely"),
        ({**sent("accepted", deferrals=put_off("greylisted")), "symptom": "late"}, "greylisted", "certain"),
        ({**sent("accepted", deferrals=put_off("still_trying")), "symptom": "late"},
         "accepted_by_recipient_server", "likely"),
        (sent("accepted", deferrals=put_off("greylisted")), "accepted_by_recipient_server", "likely"),
        # Nothing in the log.
        ({}, "not_sent", "likely"),
        ({"around": None}, "not_sent", "possible"),
        ({"recipient": ""}, "unknown", "possible"),
        ({"is_covered": False}, "unknown", "possible"),
        ({"is_covered": False, "case_note_seen": "no"}, "not_sent", "possible"),
        *[({"is_covered": False, "erased": NOON, **more}, "unknown", "possible")
          for more in ({}, {"around": None}, {"case_note_seen": "no"})],
        ({"case_note_seen": "yes"}, "unknown", "possible"),
        ({"has_case_note": True}, "unknown", "possible"),
        # What would stop such a message, once it is known that it went out and not known what became of it.
        *[({"is_covered": False, "has_case_note": True, "findings": (item,)}, cause, "likely") for item, cause in (
            (DMARC, "auth_failure"), (LISTED, "sender_ip_blocked"), (NO_NAME, "rdns_missing"),
            (found("mx.null"), "domain_or_dns"), (found("spf.fail"), "auth_failure"),
        )],
        # A list that few refuse for is worth a thought, and no more.
        ({"is_covered": False, "has_case_note": True, "findings": (found("list.policy", Verdict.NOTICE),)},
         "sender_ip_blocked", "possible"),
        # A provider's servers without an address may be our view; of a server of their own it is a fault.
        ({"is_covered": False, "has_case_note": True, "findings": (found("mx.dead_hosts"),)},
         "domain_or_dns", "likely"),
        ({"is_covered": False, "has_case_note": True, "findings": (found("mx.dead_hosts"), found("receiver.gateway"))},
         "unknown", "possible"),
        ({"is_covered": False, "has_case_note": True,
          "findings": (found("mx.dead_hosts"), found("receiver.mailbox"), DMARC)}, "auth_failure", "likely"),
        ({"is_covered": False, "has_case_note": True, "findings": (found("self.gateway"), DMARC), **ITSELF},
         "self_to_self_blocked", "likely"),
        ({"is_covered": False, "has_case_note": True, "findings": (found("allow.refused"),)},
         "recipient_policy", "possible"),
        ({"is_covered": False, "has_case_note": True, "findings": (found("spf.syntax"),)}, "auth_failure", "possible"),
        ({"is_covered": False, "has_case_note": True, "findings": (DMARC,), "other_domain_tried": "arrived"},
         "auth_failure", "possible"),
        ({"has_case_note": True, "findings": (DMARC,)}, "auth_failure", "possible"),
        ({"findings": (DMARC,)}, "not_sent", "likely"),
        ({"is_covered": False, "findings": (DMARC,)}, "auth_failure", "possible"),
        ({"is_covered": False, "other_domain_tried": "arrived"}, "recipient_policy", "possible"),
        # What became of another message is no more than a hint.
        ({"is_covered": False, "others": (sent("refused", "no_such_user")["delivery"],)}, "no_such_user", "possible"),
        ({"is_covered": False, "others": (sent("refused", "message_too_big")["delivery"],)}, "unknown", "possible"),
        # The address by itself.
        ({"address_fault": "There is no @."}, "address_malformed", "certain"),
        ({"address_fault": "There is no @.", "errors": (replace(ERROR[0], text="invalid email address"),)},
         "address_malformed", "certain"),
        ({"address_fault": "There is no @.", "errors": ERROR}, "send_error", "certain"),
        ({"is_covered": False, "has_case_note": True, "findings": TYPO}, "address_typo", "likely"),
        ({**sent("accepted"), "findings": (found("address.typo_foreign", Verdict.NOTICE),)},
         "accepted_by_recipient_server", "likely"),
        ({**sent("accepted"), "findings": (replace(found("address.typo_foreign", Verdict.NOTICE),
                                                   suggestion="lee@home.example"),), **PROFILE},
         "address_typo", "likely"),
        ({"is_covered": False, "is_forgot": True, **PROFILE}, "address_not_on_profile", "likely"),
        ({"is_forgot": True, **PROFILE}, "address_not_on_profile", "likely"),
        (PROFILE, "not_sent", "likely"),
        ({"to_profile": replace(sent("accepted")["delivery"], recipient="lee@home.example"), **PROFILE},
         "address_not_on_profile", "likely"),
        # What could not be found out proves nothing.
        ({"is_covered": False, "findings": (found("dmarc.unknown", Verdict.UNKNOWN),)}, "unknown", "possible"),
        ({"is_covered": False, "findings": (found("dmarc.unaligned", Verdict.NOTICE),)}, "unknown", "possible"),
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
    assert "case note" in lines


def test_what_is_certain_misses_nothing() -> None:
    assert rank(replace(CASE, **sent("refused", "mailbox_full")))[0].against == ()


@pytest.mark.parametrize(
    ("reply", "of_spf"),
    [
        ("550 5.7.1 SPF check failed for north.example", True),
        ("550 5.7.26 SPF and DKIM failed", False),
        ("550 5.7.1 DMARC policy", False),
        ("550 5.7.1 not authenticated", False),
    ],
)
def test_a_reply_that_names_spf_alone_leads_to_spf(reply: str, of_spf: bool) -> None:
    first, *_ = rank(replace(CASE, **sent("refused", "auth_failure", reply=reply)))
    assert first.cause == "auth_failure"
    assert [item.actor for item in first.more] == [Actor.BRANCH_IT] * of_spf
    assert len(first.remedies) == 1 + of_spf


def test_the_remedy_is_that_of_the_finding_too() -> None:
    exact = replace(DMARC, remedy="Publish xen1._domainkey.north.example TXT v=DKIM1; p=x", actor=Actor.BRANCH_IT)
    first = rank(replace(CASE, is_covered=False, has_case_note=True, findings=(exact,)))[0]
    known = CAUSES["auth_failure"]
    assert first.remedies == (Remedy(known.actor, known.remedy), Remedy(Actor.BRANCH_IT, exact.remedy))
    assert first.remedy == f"{known.remedy} {exact.remedy}"


def test_what_the_finding_asks_of_the_same_party_is_told_once() -> None:
    known = CAUSES["auth_failure"]
    same = replace(DMARC, remedy=known.remedy, actor=known.actor)
    others = replace(same, actor=Actor.SUPPORT)
    told = [
        rank(replace(CASE, is_covered=False, has_case_note=True, findings=(item,)))[0].remedies
        for item in (same, others)
    ]
    assert [[item.actor for item in remedies] for remedies in told] == [[known.actor], [known.actor, Actor.SUPPORT]]


@pytest.mark.parametrize(("state", "is_tried"), [("deferred", True), ("refused", False)])
def test_what_is_still_tried_is_not_sent_again(state: str, is_tried: bool) -> None:
    (full,) = (item for item in rank(replace(CASE, **sent(state, "mailbox_full"))) if item.cause == "mailbox_full")
    assert full.is_tried is is_tried
    assert (full.remedies[0].text == CAUSES["mailbox_full"].remedy) is not is_tried


def test_who_writes_to_themselves_has_one_it() -> None:
    told = Remedy(Actor.RECIPIENT_IT, "Allow it.")
    within = Ranked("self_to_self_blocked", Confidence.LIKELY, more=(told,), within=True)
    assert {item.actor for item in within.remedies} == {Actor.BRANCH_IT}


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
        reply=some.sampled_from(["", "550 no", "451 try again later", "535 authentication failed"]),
        deferrals=some.sampled_from([(), put_off("greylisted"), put_off("rate_limited", "still_trying")]),
        is_by_own_server=some.booleans(),
        complained_at=some.sampled_from([None, NOON]),
    ),
    has_case_note=some.booleans(),
    is_covered=some.booleans(),
    errors=some.sampled_from([(), ERROR, OWN]),
    suppressed=some.sampled_from([(), OPTED_OUT]),
    findings=some.sampled_from([(), TYPO, (DMARC, LISTED), (found("self.gateway"), found("allow.refused"))]),
    profile_addresses=some.sampled_from([(), ("lee@home.example",)]),
    is_forgot=some.booleans(),
    sends_through_own_server=some.booleans(),
    in_junk=some.sampled_from(["", "yes", "no"]),
    case_note_seen=some.sampled_from(["", "yes", "no"]),
    other_domain_tried=some.sampled_from(["no", "arrived", "did_not"]),
    symptom=some.sampled_from(["not_received", "banner_missing", "late", "other"]),
    address_fault=some.sampled_from(["", "There is no @."]),
)


@given(CASES)
def test_every_case_has_an_answer_that_claims_no_more_than_it_may(case: Case) -> None:
    ranked = rank(case)
    assert ranked
    assert len({item.cause for item in ranked}) == len(ranked)
    for item in ranked:
        assert item.cause in CAUSES
        assert item.for_
        if item.cause == "unknown":
            assert item.confidence is Confidence.POSSIBLE
        if item.confidence is Confidence.CERTAIN:
            assert case.delivery or case.errors or case.suppressed or case.is_suspended or case.address_fault


@given(CASES)
def test_what_speaks_for_a_cause_is_of_a_kind_that_its_grounds_name(case: Case) -> None:
    for rule in RULES:
        for claim in rule(case):
            named = set(GROUNDS[claim.cause].weights)
            assert {line.kind for line in claim.lines} <= named, claim


@pytest.mark.parametrize("seen", ["", "no"])
def test_what_is_missing_is_not_told_as_known(seen: str) -> None:
    first = rank(replace(CASE, case_note_seen=seen))[0]
    assert first.cause == "not_sent"
    assert UNRECORDED in first.for_
    assert any("case note" in line for line in first.for_) == (seen == "no")
    assert (Need.NOTE.value.text in first.against) == (seen == "")


def test_a_reporters_word_says_nothing_of_the_log() -> None:
    first = rank(replace(CASE, is_covered=False, case_note_seen="no"))[0]
    assert first.cause == "not_sent"
    assert UNRECORDED not in first.for_
    assert Need.LOG.value.text in first.against


QUARANTINED = TraceFact(fate="quarantined", line="Held in quarantine.", is_named=True)


@pytest.mark.parametrize(
    ("known", "arrival", "party"),
    [
        # Who acts first: the recipient looks in junk before their IT looks anywhere.
        (sent("accepted"), Arrival.ACCEPTED, Actor.RECIPIENT),
        ({**sent("accepted"), "in_junk": "no"}, Arrival.LOOKED_FOR, Actor.RECIPIENT_IT),
        ({**sent("accepted"), "in_junk": "no", "recipient": ITSELF["recipient"]}, Arrival.LOOKED_FOR, Actor.BRANCH_IT),
        ({**sent("accepted"), "traced": (QUARANTINED,)}, Arrival.LOOKED_FOR, Actor.RECIPIENT_IT),
        # What the mailbox answered by itself has reached it, whoever looked.
        ({**sent("accepted", **NAMED), "answered": (TO_THIS,)}, Arrival.REACHED, Actor.RECIPIENT),
        ({**sent("accepted", link="/1/"), "answered": (replace(ANSWER, of="/1/"),)}, Arrival.REACHED, Actor.RECIPIENT),
        ({**sent("accepted", **NAMED), "answered": (TO_THIS,), "in_junk": "no"}, Arrival.REACHED, Actor.RECIPIENT),
        ({**sent("accepted", **NAMED), "answered": (TO_THIS,), "traced": (QUARANTINED,)}, Arrival.REACHED,
         Actor.RECIPIENT),
        ({**sent("submitted", **NAMED), "answered": (TO_THIS,)}, Arrival.REACHED, Actor.RECIPIENT),
        # An answer that names no message, or another one, is no proof.
        ({**sent("accepted", **NAMED), "answered": (ANSWER,)}, Arrival.ACCEPTED, Actor.RECIPIENT),
        ({**sent("accepted", message_id="<b2@north.example>"), "answered": (TO_THIS,)}, Arrival.ACCEPTED,
         Actor.RECIPIENT),
    ],
)  # fmt: skip
def test_how_far_what_was_accepted_is_known(known: dict[str, Any], arrival: Arrival, party: Actor) -> None:
    first = rank(replace(CASE, **known))[0]
    assert (first.cause, first.arrival, first.party) == ("accepted_by_recipient_server", arrival, party)
    assert first.actor == CAUSES[first.cause].actor
    assert first.confidence is Confidence.LIKELY


@pytest.mark.parametrize("cause", ["accepted_by_recipient_server", "junked"])
def test_an_answer_speaks_for_mailbox_and_junk(cause: str) -> None:
    assert cause in {item.cause for item in rank(replace(CASE, **sent("submitted", **NAMED), answered=(TO_THIS,)))}


def test_an_answer_to_another_message_says_nothing_of_this() -> None:
    case = replace(CASE, **sent("refused", "mailbox_full", message_id="<b2@north.example>"), answered=(TO_THIS,))
    assert (case.answers, case.was_had) == ((), False)


@pytest.mark.parametrize("cause", sorted(OF_ROUTE))
@pytest.mark.parametrize("code", UNROUTED)
def test_what_was_not_reached_is_told_with_what_dns_says(cause: str, code: str) -> None:
    known = sent("refused", cause)
    alone, joined = (
        next(item for item in rank(replace(CASE, findings=findings, **known)) if item.cause == cause)
        for findings in ((), (found(code, Verdict.NOTICE),))
    )
    assert (alone.confidence, alone.place) == (joined.confidence, joined.place)
    assert joined.remedies == (*alone.remedies, joined.more[0])
    assert joined.more[0].actor is Actor.BRANCH
    assert may_explain(code, "recipient-mx", (cause,))
    assert not may_explain("address.role", "recipient-address", (cause,))
