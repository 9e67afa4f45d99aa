"""The whole way of a report through the pages, once for every way it can end."""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.maillog.models import State
from tests import make
from tests.conftest import signed_in
from tests.tickets.wizard.conftest import DESCRIBED, LEE
from tickets.models import Exit, Report, Ticket
from tickets.selectors.reports import exits_since

BEGIN = {
    "submission": "5ff1d7d8-7a0a-4c3d-8a53-3d3a1f1f1f01",
    "branch": "north",
    "recipient": LEE,
    "day": "2026-03-04",
    "at": "12:00",
    "span_days": "1",
    "module": "webreg",
    "function": "Registration confirmation",
    "client": "",
}
SEEN, RIGHT = {"choice": "seen"}, {"choice": "right"}


def walk(client: Client, *answers: dict[str, Any]) -> Any:
    """Begin a report and answer the pages as they come, each with the hidden fields that it shows."""
    page = client.post("/reports/new/", BEGIN, follow=True)
    for answer in answers:
        version = re.search(rb'name="version" value="(\d+)"', page.content)
        assert version is not None
        page = client.post(page.redirect_chain[-1][0], {"version": version[1].decode(), **answer}, follow=True)
        assert page.status_code == 200
    return page


def record(branch: BranchProfile, state: str, **fields: Any) -> dict[str, str]:
    return {"choice": f"delivery-{make.delivery(branch, LEE, state, **fields).pk}"}


def test_not_sent(as_nora: Client, north: BranchProfile) -> None:
    walk(as_nora, {"choice": "not_sent"})
    assert Report.objects.get().exit == Exit.NOT_SENT


def test_suspended(as_nora: Client, north: BranchProfile) -> None:
    north.email_function, north.suspended_reason = "suspended", "Complaints"
    north.save()
    walk(as_nora, {"choice": "not_sent"})
    assert Report.objects.get().exit == Exit.SUSPENDED


def test_still_trying(as_nora: Client, north: BranchProfile) -> None:
    walk(as_nora, {**record(north, State.DEFERRED, reply="451 4.7.1 greylisted"), "stop": "1"})
    assert Report.objects.get().exit == Exit.STILL_TRYING


def test_answered_by_the_reply(as_nora: Client, north: BranchProfile) -> None:
    walk(as_nora, {**record(north, State.REFUSED, reply="552 5.2.2 full", cause="mailbox_full"), "stop": "1"})
    assert Report.objects.get().exit == Exit.ANSWERED


def test_address_corrected(as_nora: Client, north: BranchProfile) -> None:
    walk(as_nora, record(north, State.ACCEPTED), {"choice": "wrong", "corrected": "leo@corp.example", "resent": "on"})
    assert Report.objects.get().exit == Exit.ADDRESS_CORRECTED


def test_found_in_junk(as_nora: Client, north: BranchProfile) -> None:
    walk(as_nora, record(north, State.ACCEPTED), RIGHT, {"choice": "found"})
    assert Report.objects.get().exit == Exit.FOUND_IN_JUNK


@pytest.mark.parametrize(("data", "exit_"), [({"arrived": "yes"}, Exit.ARRIVED), ({}, Exit.ABANDONED)])
def test_withdrawn(as_nora: Client, north: BranchProfile, data: dict[str, str], exit_: str) -> None:
    walk(as_nora, SEEN)
    report = Report.objects.get()
    as_nora.post(f"/reports/{report.code}/withdraw/", {"version": report.version, **data}, follow=True)
    report.refresh_from_db()
    assert (report.exit, report.exit_step) == (exit_, "address")


def test_a_ticket(as_nora: Client, north: BranchProfile) -> None:
    accepted = record(north, State.ACCEPTED)
    page = walk(as_nora, accepted, RIGHT, {"choice": "not_there"}, DESCRIBED, {})
    ticket = Ticket.objects.get()
    assert page.redirect_chain[-1][0] == f"/tickets/{ticket.number}/"
    assert ticket.report.exit == Exit.TICKET
    assert ticket.report.delivery is not None


def test_a_ticket_straight_from_an_error(as_nora: Client, north: BranchProfile) -> None:
    walk(as_nora, {"choice": "error"}, DESCRIBED, {})
    assert set(Ticket.objects.get().report.answers) == {"sent", "describe"}


def test_a_draft_goes_on_in_another_browser(as_nora: Client, nora: User, north: BranchProfile) -> None:
    walk(as_nora, SEEN, RIGHT)
    elsewhere = signed_in(nora)
    row = elsewhere.get("/reports/?state=draft").context["page"].rows[0]
    page = elsewhere.get(f"/reports/{row.code}/", follow=True)
    assert page.redirect_chain[-1][0].endswith("/junk/")


def test_reopened_it_still_becomes_a_ticket(as_nora: Client, north: BranchProfile) -> None:
    walk(as_nora, SEEN, RIGHT, {"choice": "found"})
    report = Report.objects.get()
    page = as_nora.post(f"/reports/{report.code}/reopen/", {"version": report.version}, follow=True)
    for answer in ({"choice": "not_there"}, DESCRIBED, {}):
        report.refresh_from_db()
        there = page.redirect_chain[-1][0]
        page = as_nora.post(there, {"version": report.version, **answer}, follow=True)
    report.refresh_from_db()
    assert (report.exit, len(report.past_exits)) == (Exit.TICKET, 1)


def test_every_exit_is_counted(as_nora: Client, ada: User, north: BranchProfile) -> None:
    walk(as_nora, {"choice": "not_sent"})
    again = {**BEGIN, "submission": ""}
    page = as_nora.post("/reports/new/", again, follow=True)
    as_nora.post(page.redirect_chain[-1][0], {"version": 1, "choice": "not_sent"})
    since = Report.objects.latest("created").created - timedelta(hours=1)
    counted = Counter({(item.exit, item.step): item.count for item in exits_since(ada, since)})
    assert counted == {(Exit.NOT_SENT, "sent"): 2}
