"""Texts to send on: what they hold, and that they say nothing where nothing is proved."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from diagnostics.engine.causes import CAUSES, Confidence, Ranked, Remedy
from diagnostics.engine.findings import Actor
from diagnostics.models import StoredFinding
from portal.accounts.models import User
from portal.branches.models import AllowListEntry, BranchProfile, SendingMode
from portal.maillog.models import State
from portal.watch.models import Watch
from tests import make
from tests.tickets.queue.conftest import make_ticket
from tickets.models import Ticket
from tickets.queue.letters import reply_draft
from tickets.selectors.letters import letter_to_their_it

LEE = "lee@corp.example"
FULL = Ranked("mailbox_full", Confidence.CERTAIN, ("mx.corp.example said: 552 5.2.2 full",))
UNKNOWN = Ranked("unknown", Confidence.POSSIBLE, ())


@pytest.fixture
def ticket(north: BranchProfile, nora: User) -> Ticket:
    return make_ticket(1, north, nora, recipient=LEE)


def sent(ticket: Ticket, state: str, reply: str = "250 2.0.0 queued as 4Bq1", cause: str = "") -> None:
    message = make.message(
        ticket.branch, message_id="<a1@north.example>", queue_id="4Bq1", from_address="registrar@north.example"
    )
    ticket.report.delivery = make.delivery(
        ticket.branch,
        LEE,
        state,
        message=message,
        reply=reply,
        reply_code=reply[:3],
        remote_host="mx.corp.example",
        cause=cause,
    )
    ticket.report.save()


def test_all_that_a_trace_is_searched_by(ticket: Ticket) -> None:
    sent(ticket, State.ACCEPTED)
    letter = letter_to_their_it(ticket.report)
    assert "Message-ID: <a1@north.example>" in letter
    assert "Our queue id: 4Bq1" in letter
    assert "2026-03-04 12:00:00 UTC" in letter
    assert f"Recipient: {LEE}" in letter
    assert "Its reply, 4 Mar 2026, 12:00:00 UTC (2026-03-04 12:00:00 UTC): 250 2.0.0 queued as 4Bq1" in letter
    assert "192.0.2.10" in letter
    assert "accepted" in letter


@pytest.mark.parametrize("state", [State.REFUSED, State.DEFERRED, State.EXPIRED])
def test_what_did_not_get_through_was_not_accepted(ticket: Ticket, state: str) -> None:
    sent(ticket, state, "550 5.7.1 no")
    assert "accepted" not in letter_to_their_it(ticket.report)


@pytest.mark.parametrize("state", [State.ERROR, State.SUBMITTED, State.HANDED])
def test_what_reached_nobody_is_no_matter_of_theirs(ticket: Ticket, state: str) -> None:
    sent(ticket, state)
    assert letter_to_their_it(ticket.report) == ""


def test_without_a_record_there_is_nothing_to_search_by(ticket: Ticket) -> None:
    assert letter_to_their_it(ticket.report) == ""


def test_a_strangers_reply_is_made_visible(ticket: Ticket) -> None:
    sent(ticket, State.REFUSED, "550 \u202e no")
    assert "\u202e" not in letter_to_their_it(ticket.report)


def test_a_draft_says_whose_turn_what_to_do_and_why(ticket: Ticket, ida: User) -> None:
    draft = reply_draft(ticket, [FULL], by=ida)
    assert draft.startswith("Hello Nora Lind,")
    assert "Whose turn it is: the recipient." in draft
    assert "- mx.corp.example said: 552 5.2.2 full" in draft
    assert draft.rstrip().endswith("Ida Berg")


def test_a_confirmed_cause_counts_more_than_a_believed_one(ticket: Ticket, ida: User) -> None:
    ticket.cause = "greylisted"
    draft = reply_draft(ticket, [FULL], by=ida)
    assert "full" not in draft


def test_a_draft_holds_the_letter_that_it_speaks_of(ticket: Ticket, ida: User) -> None:
    sent(ticket, State.ACCEPTED)
    taken = Ranked("accepted_by_recipient_server", Confidence.CERTAIN)
    assert letter_to_their_it(ticket.report).strip() in reply_draft(ticket, [taken], by=ida)
    assert "Message-ID" not in reply_draft(ticket, [FULL], by=ida)


def test_a_draft_holds_the_record_to_publish(ticket: Ticket, ida: User) -> None:
    StoredFinding.objects.create(
        run=ticket.run,
        attempt=1,
        position=0,
        check_slug="sending-ip-reverse",
        code="ptr.missing",
        verdict="problem",
        actor="support",
        arguments={"address": "192.0.2.10", "wanted": "smtp.xenegrade.net", "reverse": "10.2.0.192.in-addr.arpa"},
    )
    draft = reply_draft(ticket, [Ranked("rdns_missing", Confidence.LIKELY)], by=ida)
    assert "Type: PTR" in draft
    assert "Type: PTR" not in reply_draft(ticket, [FULL], by=ida)


def test_a_draft_leads_to_the_ticket(ticket: Ticket, ida: User, settings: Any) -> None:
    assert f"{settings.BASE_URL}/tickets/1/" in reply_draft(ticket, [FULL], by=ida)


def test_an_own_server_is_the_turn_of_the_branchs_it(ticket: Ticket, ida: User) -> None:
    ticket.branch.sending = SendingMode.OWN
    draft = reply_draft(ticket, [Ranked("rdns_missing", Confidence.CERTAIN)], by=ida)
    assert "Whose turn it is: your branch's IT." in draft


def test_nothing_is_drafted_from_nothing(ticket: Ticket, ida: User) -> None:
    assert reply_draft(ticket, [UNKNOWN], by=ida) == ""
    assert reply_draft(ticket, [], by=ida) == ""


def test_a_reported_time_is_no_time_of_sending(ticket: Ticket, ida: User) -> None:
    assert ", sent 4 Mar" not in reply_draft(ticket, [FULL], by=ida)
    sent(ticket, State.REFUSED, "552 5.2.2 full")
    assert ", sent 4 Mar" in reply_draft(ticket, [FULL], by=ida)


def test_what_is_in_doubt_is_told_until_it_is_confirmed(ticket: Ticket, ida: User) -> None:
    doubted = Ranked("not_sent", Confidence.LIKELY, ("No record.",), ("Missing: a case note.",))
    assert "- Missing: a case note." in reply_draft(ticket, [doubted], by=ida)
    ticket.cause = "not_sent"
    assert "- Missing: a case note." not in reply_draft(ticket, [doubted], by=ida)


def test_the_draft_is_asked_for(ticket: Ticket, as_ida: Client, as_nora: Client) -> None:
    sent(ticket, State.REFUSED, "552 5.2.2 mailbox full", cause="mailbox_full")
    assert not as_ida.get("/tickets/1/").context["reply_form"].initial.get("body")
    assert "Nora Lind" in as_ida.get("/tickets/1/?draft").context["reply_form"].initial["body"]
    assert not as_nora.get("/tickets/1/?draft").context["reply_form"].initial.get("body")


def test_who_writes_to_itself_is_told_of_its_own_it(north: BranchProfile, nora: User, ida: User) -> None:
    ticket = make_ticket(2, north, nora, recipient="office@north.example")
    sent(ticket, State.REFUSED, "550 5.7.1 spoofed")
    draft = reply_draft(ticket, [Ranked("self_to_self_blocked", Confidence.CERTAIN)], by=ida)
    assert "Whose turn it is: your branch's IT." in draft
    assert letter_to_their_it(ticket.report).strip() in draft


@pytest.mark.parametrize(("cause", "asks"), [("recipient_policy", True), ("", True), ("malware_or_attachment", False)])
def test_to_be_allowed_is_asked_where_it_helps(ticket: Ticket, cause: str, asks: bool) -> None:
    sent(ticket, State.REFUSED, "552 5.7.0 blocked", cause=cause)
    assert ("please allow" in letter_to_their_it(ticket.report)) is asks


POLICY = Ranked("recipient_policy", Confidence.CERTAIN, ("mx.corp.example said: 550 5.7.1 no",))


@pytest.fixture
def listed(ticket: Ticket) -> Ticket:
    """A rule of theirs refused it, and one of our server's two addresses is on a blocklist."""
    server = ticket.branch.sending_server
    assert server is not None
    server.addresses = ["192.0.2.10", "192.0.2.11"]
    server.save()
    title = "192.0.2.11 is on the blocklist dnsbl.example"
    entry = {"check": "sending-ip-listed", "verdict": "problem", "actor": "support", "title": title}
    Watch.objects.create(server=server, next_at=timezone.now(), standing={"a": entry})
    sent(ticket, State.REFUSED, "550 5.7.1 no", cause="recipient_policy")
    return ticket


def test_nobody_is_asked_to_allow_what_is_on_a_blocklist(listed: Ticket, ida: User, as_ida: Client) -> None:
    letter = letter_to_their_it(listed.report)
    assert "Our server: smtp.xenegrade.net (192.0.2.10, 192.0.2.11)" in letter
    assert "please allow smtp.xenegrade.net (192.0.2.10) for" in letter
    assert "192.0.2.11 stands on a blocklist" in reply_draft(listed, [POLICY], by=ida)
    listed.cause = "recipient_policy"
    listed.save()
    page = as_ida.get("/tickets/1/?draft")
    assert page.context["listings"]
    assert "Before this is asked" in page.content.decode()


def test_where_all_is_on_a_blocklist_nothing_is_asked(listed: Ticket) -> None:
    server = listed.branch.sending_server
    assert server is not None
    server.addresses = ["192.0.2.11"]
    server.save()
    assert "please allow" not in letter_to_their_it(listed.report)


def test_a_draft_tells_of_the_request_that_waits(listed: Ticket, ida: User) -> None:
    entry = AllowListEntry.objects.create(branch=listed.branch, domain="corp.example", state="asked", at=make.NOON)
    assert "They were asked on 4 Mar 2026" in reply_draft(listed, [POLICY], by=ida)
    entry.state = "confirmed"
    entry.save()
    assert "They were asked" not in reply_draft(listed, [POLICY], by=ida)


@pytest.mark.parametrize("is_same", [True, False])
def test_the_draft_tells_each_remedy_with_whose_turn_it_is(ticket: Ticket, ida: User, is_same: bool) -> None:
    known = CAUSES["mailbox_full"]
    more = Remedy(known.actor, known.remedy) if is_same else Remedy(Actor.BRANCH, "Telephone the client meanwhile.")
    draft = reply_draft(ticket, [Ranked("mailbox_full", Confidence.CERTAIN, more=(more,))], by=ida)
    assert draft.count(known.remedy) == 1
    assert (f"1. The recipient: {known.remedy}\n2. Your branch: {more.text}\n" in draft) is not is_same
    assert (f"What to do: {known.remedy}\n" in draft) is is_same
