"""What stands around a message: it speaks for and against causes, and never decides alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from diagnostics.engine.causes import (
    About,
    Case,
    Confidence,
    DeliveryFact,
    FindingFact,
    PressureFact,
    Ranked,
    ReturnedFact,
    TicketFact,
    rank,
)
from diagnostics.engine.causes.ranking.rank import RULES
from diagnostics.engine.causes.ranking.surroundings import RULES as OWN
from diagnostics.engine.findings import Verdict
from tests.make import NOON

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LEE = "lee@corp.example"
CASE = Case(now=NOON, around=NOON - HOUR, recipient=LEE, sender_domain="north.example")
FULL = DeliveryFact(
    state="refused", at=NOON, state_at=NOON, cause="mailbox_full", reply="552 5.2.2 mailbox full", is_bounce=True
)
WAITS = replace(FULL, state="deferred", cause="greylisted", reply="451 4.7.1 greylisted")
SPAM = DeliveryFact(state="accepted", at=NOON, state_at=NOON, complained_at=NOON, is_bounce=True)
BOUNCE = ReturnedFact(fact=FULL, link="/returned/1/")
COMPLAINT = ReturnedFact(fact=SPAM, link="/returned/2/")
GONE = TicketFact(name="Ticket 7", at=NOON - 5 * DAY, cause="no_such_user", about=About.RECIPIENT, link="/tickets/7/")
TIGHT = PressureFact(text="Yahoo was handed 120 recipients; a limit told of it is 100.", is_tight=True, link="/rates/")
CALM = replace(TIGHT, text="Yahoo was handed 20 recipients; a limit told of it is 100.", is_tight=False, is_calm=True)
DMARC = FindingFact(check="x", code="dmarc.nothing_aligns", verdict=Verdict.PROBLEM, title="Nothing aligns")


def sent(state: str, cause: str = "", **more: Any) -> dict[str, Any]:
    return {"delivery": DeliveryFact(state=state, cause=cause, at=NOON - HOUR, **{"reply": "x", **more})}


def ranked(**known: Any) -> dict[str, Ranked]:
    return {item.cause: item for item in rank(replace(CASE, **known))}


def first(**known: Any) -> tuple[str, str]:
    found = rank(replace(CASE, **known))[0]
    return found.cause, found.confidence


def test_they_are_asked_with_the_others() -> None:
    assert set(OWN) <= set(RULES)


class TestReturned:
    @pytest.mark.parametrize(
        ("known", "item", "expected"),
        [
            # Nothing else is known of the message: likely at most, whatever the reply names.
            ({}, BOUNCE, ("mailbox_full", "likely")),
            (sent("handed"), BOUNCE, ("mailbox_full", "likely")),
            ({}, replace(BOUNCE, is_near=False), ("mailbox_full", "possible")),
            ({}, replace(BOUNCE, is_named=False), ("mailbox_full", "possible")),
            ({}, replace(BOUNCE, is_other=True), ("mailbox_full", "possible")),
            # What is known of the message itself goes first.
            (sent("accepted"), BOUNCE, ("accepted_by_recipient_server", "possible")),
            (sent("refused", "no_such_user", reply="550 5.1.1 User unknown"), BOUNCE, ("no_such_user", "certain")),
            # A warning of delay says "later" of a message that is not surely this one.
            ({}, ReturnedFact(fact=WAITS), ("greylisted", "likely")),
            ({"in_junk": "yes"}, BOUNCE, ("junked", "likely")),
            ({}, COMPLAINT, ("junked", "possible")),
        ],
    )
    def test_what_it_speaks_for(self, known: dict[str, Any], item: ReturnedFact, expected: tuple[str, str]) -> None:
        assert first(**known, returned=(item,)) == expected

    def test_it_is_never_certain(self) -> None:
        for item in (BOUNCE, COMPLAINT, replace(BOUNCE, is_named=False)):
            assert all(found.confidence is not Confidence.CERTAIN for found in ranked(returned=(item,)).values())

    def test_it_leads_to_its_proof(self) -> None:
        found = ranked(returned=(BOUNCE,))["mailbox_full"]
        assert [line.link for line in found.speaks_for if line.link] == [BOUNCE.link]

    @pytest.mark.parametrize(
        ("item", "speaks"),
        [
            (BOUNCE, True),
            (replace(BOUNCE, is_other=True), False),
            (replace(BOUNCE, is_near=False), False),
            (COMPLAINT, False),
        ],
    )
    def test_against_accepted(self, item: ReturnedFact, speaks: bool) -> None:
        found = ranked(**sent("accepted"), returned=(item,))["accepted_by_recipient_server"]
        assert any(line.link == item.link for line in found.speaks_against) is speaks
        assert found.confidence == ("possible" if speaks else "likely")

    def test_against_not_sent(self) -> None:
        assert first(is_covered=True) == ("not_sent", "likely")
        assert ranked(is_covered=True, returned=(BOUNCE,))["not_sent"].confidence is Confidence.POSSIBLE

    def test_a_complaint_speaks_against_that_nobody_is_there(self) -> None:
        found = ranked(tickets=(GONE,), returned=(COMPLAINT,), has_case_note=True)["no_such_user"]
        assert found.confidence is Confidence.POSSIBLE
        assert COMPLAINT.link in [line.link for line in found.speaks_against]


class TestTickets:
    @pytest.mark.parametrize(
        ("known", "ticket", "expected"),
        [
            # Of the same address, not old, and this message went out.
            ({"has_case_note": True}, GONE, ("no_such_user", "likely")),
            (sent("handed"), GONE, ("no_such_user", "likely")),
            # Nobody knows that it went out.
            ({}, GONE, ("no_such_user", "possible")),
            ({"has_case_note": True}, replace(GONE, at=NOON - 90 * DAY), ("no_such_user", "possible")),
            ({"has_case_note": True}, replace(GONE, about=About.DOMAIN), ("no_such_user", "possible")),
            ({"has_case_note": True}, replace(GONE, about=About.PROVIDER), ("no_such_user", "possible")),
            # A cause that passes says little of today.
            ({"has_case_note": True}, replace(GONE, cause="greylisted"), ("greylisted", "possible")),
            # Mail was accepted since.
            ({"has_case_note": True, "accepted_at": NOON - DAY}, GONE, ("no_such_user", "possible")),
            ({"has_case_note": True, "accepted_at": NOON - 9 * DAY}, GONE, ("no_such_user", "likely")),
            # What is known of this message goes first.
            (sent("accepted"), GONE, ("accepted_by_recipient_server", "likely")),
            ({"is_covered": True}, GONE, ("not_sent", "likely")),
            # A cause that no earlier ticket can speak for.
            ({}, replace(GONE, cause="not_sent"), ("unknown", "possible")),
        ],
    )
    def test_what_it_speaks_for(self, known: dict[str, Any], ticket: TicketFact, expected: tuple[str, str]) -> None:
        assert first(**known, tickets=(ticket,)) == expected

    def test_two_that_do_not_agree_are_only_possible(self) -> None:
        other = replace(GONE, name="Ticket 9", cause="mailbox_disabled", at=NOON - 2 * DAY)
        found = ranked(has_case_note=True, tickets=(GONE, other))
        assert {found[cause].confidence for cause in ("no_such_user", "mailbox_disabled")} == {Confidence.POSSIBLE}

    def test_it_joins_what_a_reply_says_and_leads_to_the_ticket(self) -> None:
        reply = sent("refused", "no_such_user", reply="550 5.1.1 User unknown")
        found = ranked(**reply, tickets=(GONE,))["no_such_user"]
        assert found.confidence is Confidence.CERTAIN
        assert GONE.link in [line.link for line in found.speaks_for]

    def test_of_a_message_with_another_reply_it_says_nothing(self) -> None:
        assert "no_such_user" not in ranked(**sent("refused", "mailbox_full"), tickets=(GONE,))

    def test_against_what_was_suggested_before_and_was_something_else(self) -> None:
        known = {"findings": (DMARC,), "has_case_note": True}
        assert first(**known) == ("auth_failure", "likely")
        wrong = replace(GONE, cause="recipient_policy", suggested="auth_failure", about=About.DOMAIN)
        found = ranked(**known, tickets=(wrong,))["auth_failure"]
        assert found.confidence is Confidence.POSSIBLE
        assert wrong.link in [line.link for line in found.speaks_against]

    def test_a_reply_stands_over_what_was_suggested_before(self) -> None:
        reply = sent("refused", "auth_failure", reply="550 5.7.26 DMARC policy: this mail is unauthenticated")
        wrong = replace(GONE, cause="recipient_policy", suggested="auth_failure")
        assert ranked(**reply, tickets=(wrong,))["auth_failure"].against == ()


class TestPressure:
    def test_it_speaks_for_the_rate_with_its_figures(self) -> None:
        found = ranked(**sent("deferred", "still_trying", reply="451 later"), pressure=TIGHT)["rate_limited"]
        assert (found.confidence, found.for_) == (Confidence.POSSIBLE, (TIGHT.text,))
        assert found.speaks_for[0].link == TIGHT.link

    @pytest.mark.parametrize("known", [sent("accepted"), sent("refused", "no_such_user"), {"in_junk": "yes"}])
    def test_where_the_rate_cannot_be_it(self, known: dict[str, Any]) -> None:
        assert "rate_limited" not in ranked(**known, pressure=TIGHT)

    def test_it_joins_a_reply_that_names_it(self) -> None:
        reply = sent("deferred", "rate_limited", reply="421 4.7.0 [TSS04] too many messages")
        found = ranked(**reply, pressure=TIGHT)["rate_limited"]
        assert TIGHT.text in found.for_

    def test_far_below_the_limit_speaks_against_what_no_reply_names(self) -> None:
        named = sent("deferred", "rate_limited", reply="421 4.7.0 [TSS04] too many messages")
        told = ranked(**named)["rate_limited"].confidence
        found = ranked(**named, pressure=CALM)["rate_limited"]
        assert (found.confidence, CALM.text in found.against) == (told, True)
        before = replace(GONE, cause="rate_limited")
        found = ranked(tickets=(before,), pressure=CALM)["rate_limited"]
        assert (found.confidence, CALM.text in found.against) == (Confidence.POSSIBLE, True)


def test_the_branch_is_told_nothing_of_others() -> None:
    case = replace(
        CASE,
        returned=(replace(BOUNCE, is_for_support=True), COMPLAINT),
        tickets=(replace(GONE, is_of_another=True), replace(GONE, name="Ticket 8")),
        pressure=replace(TIGHT, calm_text="Much mail went to Yahoo."),
    ).for_branch()
    assert case.returned == (COMPLAINT,)
    assert [item.name for item in case.tickets] == ["Ticket 8"]
    assert case.pressure is not None
    assert (case.pressure.text, case.pressure.link) == ("Much mail went to Yahoo.", "")
    assert replace(CASE, pressure=CALM).for_branch().pressure is None
