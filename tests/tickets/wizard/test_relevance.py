"""What the checks found and cannot be why this e-mail did not arrive is folded, beside what we know and why we ask."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from diagnostics.models import StoredFinding
from portal.maillog.models import Delivery, LogCoverage, State
from tests import make
from tests.tickets.wizard.conftest import LEE, at_step, post, url
from tests.tickets.wizard.test_decisive import found
from tickets.models import Report
from tickets.wizard.steps import STEPS

DAY = timedelta(days=1)
FULL: dict[str, Any] = {"reply": "550 5.2.2 mailbox full", "reply_code": "550", "cause": "mailbox_full"}


@pytest.fixture
def listed(report: Report) -> Report:
    found(report, "list.listed", "sending-ip-listed", actor="support", address="192.0.2.11", list="Spamhaus ZEN")
    return report


def chosen(report: Report, state: State, **fields: Any) -> Delivery:
    report.delivery = make.delivery(report.branch, LEE, state, **fields)
    report.save(update_fields=["delivery"])
    return report.delivery


def folded(client: Client, address: str, **headers: str) -> list[str]:
    context = client.get(address, headers=headers).context
    calling = [item.code for group in context["by_actor"] for item in group.findings]
    aside = [item.code for item in context["aside"]]
    assert sorted([*calling, *aside]) == ["list.listed"]
    return aside


def test_a_listing_may_be_why_nothing_is_known_to_arrive(as_nora: Client, listed: Report) -> None:
    assert folded(as_nora, url(listed, "sent")) == []


def test_a_listing_is_no_reason_where_nothing_left(as_nora: Client, listed: Report) -> None:
    LogCoverage.objects.create(branch=listed.branch, begins=make.NOON - 40 * DAY, ends=make.NOON + 40 * DAY)
    assert folded(as_nora, url(listed, "sent")) == ["list.listed"]
    live = reverse("report_findings", args=[listed.code])
    assert folded(as_nora, live, **{"HX-Request": "true"}) == ["list.listed"]


def test_a_listing_is_no_reason_where_no_server_is(as_nora: Client, listed: Report) -> None:
    assert listed.run is not None
    StoredFinding.objects.create(
        run=listed.run, attempt=listed.run.attempt, position=9, check_slug="recipient-mx", code="mx.no_domain",
        verdict="problem", actor="branch", arguments={"domain": "corp.example"},
    )  # fmt: skip
    context = as_nora.get(url(listed, "sent")).context
    assert [item.code for item in context["aside"]] == ["list.listed"]


@pytest.mark.parametrize("state", [State.REFUSED, State.ACCEPTED])
def test_a_listing_does_not_fill_a_mailbox(as_nora: Client, listed: Report, state: State) -> None:
    chosen(listed, state, **(FULL if state == State.REFUSED else {"reply": "250 ok", "reply_code": "250"}))
    assert folded(as_nora, url(listed, "sent")) == ["list.listed"]
    assert folded(as_nora, url(at_step(listed, "describe"), "describe")) == ["list.listed"]


def test_it_is_folded_before_the_one_record_is_chosen(as_nora: Client, listed: Report) -> None:
    make.delivery(listed.branch, LEE, State.REFUSED, **FULL)
    assert folded(as_nora, url(listed, "sent")) == ["list.listed"]
    live = reverse("report_findings", args=[listed.code])
    assert folded(as_nora, live, **{"HX-Request": "true"}) == ["list.listed"]
    listed.refresh_from_db()
    assert listed.delivery is None


def test_what_the_reply_names_is_not_folded(as_nora: Client, listed: Report) -> None:
    chosen(listed, State.REFUSED, reply="550 5.7.1 blocked, see zen", reply_code="550", cause="sender_ip_blocked")
    assert folded(as_nora, url(listed, "sent")) == []


@pytest.mark.parametrize("slug", [step.slug for step in STEPS])
def test_every_step_says_what_is_known_and_why_it_is_asked(as_nora: Client, report: Report, slug: str) -> None:
    shown = as_nora.get(url(at_step(report, slug), slug))
    assert shown.context["already"]
    content = shown.content.decode()
    assert "What we already know" in content
    assert "Why do we ask this" in content
    assert shown.context["step"].why


def test_nobody_is_told_to_send_again_to_a_domain_that_is_not_there(as_nora: Client, report: Report) -> None:
    post(as_nora, report, "sent", choice="not_sent")
    plain = as_nora.get(url(report)).context["ending"].remedy
    found(report, "mx.no_domain", "recipient-mx", domain="corp.example")
    assert as_nora.get(url(report)).context["ending"].remedy != plain


def test_what_is_no_address_is_not_right(as_nora: Client, report: Report) -> None:
    report.recipient = "lee at corp.example"
    report.save(update_fields=["recipient"])
    at_step(report, "address")
    assert post(as_nora, report, "address", choice="right").status_code == 400
    assert post(as_nora, report, "address", choice="unknown").status_code == 302
