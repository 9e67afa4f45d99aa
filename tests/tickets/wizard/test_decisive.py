"""What settles a report by itself stands above every question, with the correction to press."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from diagnostics.models import StoredFinding
from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.maillog.models import State
from tests import make
from tests.portal.suppression.conftest import suppressed
from tests.tickets.wizard.conftest import SOLVED, ended, make_report, post, url
from tickets.models import Report
from tickets.selectors.belief import SUPPORT, case_of
from tickets.selectors.reconciled import NOT_THEIRS, NOWHERE

TYPED, MEANT = "pia@oakwod.example", "pia@oakwood.example"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def report(north: BranchProfile, nora: User) -> Report:
    return make_report(north, nora, recipient=TYPED)


def found(report: Report, code: str, check: str, verdict: str = "problem", actor: str = "branch", **named: Any) -> None:
    assert report.run is not None
    StoredFinding.objects.create(
        run=report.run,
        attempt=report.run.attempt,
        position=StoredFinding.objects.count(),
        check_slug=check,
        code=code,
        verdict=verdict,
        actor=actor,
        arguments=named,
        evidence=[],
    )


def typo(report: Report) -> None:
    found(report, "mx.no_domain", "recipient-mx", domain="oakwod.example")
    found(
        report, "address.typo", "recipient-address", domain="oakwod.example", meant="oakwood.example", suggestion=MEANT
    )


def test_nothing_settles_it(as_nora: Client, north: BranchProfile, nora: User) -> None:
    assert as_nora.get(url(make_report(north, nora), "sent")).context["decisive"] is None


def test_a_typing_mistake_comes_first(as_nora: Client, report: Report) -> None:
    typo(report)
    response = as_nora.get(url(report, "sent"))
    decisive = response.context["decisive"]
    assert (decisive.verdict, decisive.actor, decisive.suggestions) == ("problem", "branch", (MEANT,))
    content = response.content.decode()
    assert content.index('id="decisive"') < content.index('name="choice"')


def test_before_the_checks_have_looked_it_is_a_notice(as_nora: Client, report: Report) -> None:
    assert report.run is not None
    report.run.subject["known_domains"] = ["oakwood.example"]
    report.run.save()
    decisive = as_nora.get(url(report, "sent")).context["decisive"]
    assert (decisive.verdict, decisive.suggestions) == ("notice", (MEANT,))


def test_what_cannot_be_an_address(as_nora: Client, north: BranchProfile, nora: User) -> None:
    decisive = as_nora.get(url(make_report(north, nora, recipient="lee@corp,example"), "sent")).context["decisive"]
    assert (decisive.verdict, decisive.suggestions) == ("problem", ("lee@corp.example",))


def test_a_space_is_filled_by_what_is_written_to_and_never_by_a_guess(
    as_nora: Client, north: BranchProfile, nora: User
) -> None:
    report = make_report(north, nora, recipient="uma brandt@corp.example")
    assert as_nora.get(url(report, "sent")).context["decisive"].suggestions == ()
    make.delivery(north, "uma.brandt@corp.example")
    assert as_nora.get(url(report, "sent")).context["decisive"].suggestions == ("uma.brandt@corp.example",)
    assert as_nora.get(url(report, "address")).context["known"].suggestions == ("uma.brandt@corp.example",)


def test_a_domain_that_takes_no_mail(as_nora: Client, report: Report) -> None:
    found(report, "mx.null", "recipient-mx", domain="oakwod.example")
    decisive = as_nora.get(url(report, "sent")).context["decisive"]
    assert (decisive.verdict, decisive.suggestions) == ("problem", ())


@pytest.mark.parametrize(
    ("code", "check", "verdict"),
    [("dkim.missing", "sender-dkim", "problem"), ("address.role", "recipient-address", "notice")],
)
def test_other_findings_settle_nothing(as_nora: Client, report: Report, code: str, check: str, verdict: str) -> None:
    found(report, code, check, verdict)
    assert as_nora.get(url(report, "sent")).context["decisive"] is None


@pytest.mark.parametrize("code", sorted(NOWHERE))
def test_a_domain_whose_server_answered_is_told_with_its_answer(as_nora: Client, report: Report, code: str) -> None:
    found(report, code, "recipient-mx", domain="oakwod.example", hosts=["mx.oakwod.example"])
    assert as_nora.get(url(report, "sent")).context["decisive"].verdict == "problem"
    make.delivery(
        report.branch,
        "bo@oakwod.example",
        State.REFUSED,
        reply="550 no",
        reply_code="550",
        remote_host="mx.oak.example",
    )
    context = as_nora.get(url(report, "sent")).context
    assert context["decisive"] is None
    told = next(item for item in context["findings"] if item.code == code)
    assert (told.verdict, told.actor) == ("notice", "recipient_it")
    assert "mx.oak.example" in told.meaning
    fact = next(item for item in case_of(SUPPORT, report, report.run).findings if item.code == code)
    assert (fact.verdict, fact.title) == ("notice", told.title)


@pytest.mark.parametrize(
    ("by_whom", "reply_code"), [("smtp.xenegrade.net", "250"), ("", "550"), ("mx.oakwod.example", "")]
)
def test_only_an_answer_of_theirs_counts(as_nora: Client, report: Report, by_whom: str, reply_code: str) -> None:
    found(report, "mx.no_domain", "recipient-mx", domain="oakwod.example")
    make.delivery(report.branch, TYPED, State.REFUSED, reply="no", reply_code=reply_code, remote_host=by_whom)
    assert as_nora.get(url(report, "sent")).context["decisive"].verdict == "problem"


@pytest.mark.parametrize("cause", sorted(NOT_THEIRS))
def test_a_server_that_does_not_serve_the_domain_is_none_of_its(as_nora: Client, report: Report, cause: str) -> None:
    found(report, "mx.none", "recipient-mx", domain="oakwod.example")
    make.delivery(
        report.branch, TYPED, State.REFUSED, reply="554 no", reply_code="554", remote_host="mx.x.example", cause=cause
    )
    assert as_nora.get(url(report, "sent")).context["decisive"].verdict == "problem"


def test_there_is_one_lead(as_nora: Client, report: Report) -> None:
    typo(report)
    suppressed(report.branch, TYPED, since=make.NOON - timedelta(days=3))
    make.delivery(report.branch, TYPED, State.REFUSED, reply="550 5.1.2 no domain", cause="domain_or_dns")
    response = as_nora.get(url(report, "sent"))
    assert [item.code for item in response.context["led"]] == ["mx.no_domain", "address.typo"]
    assert not response.context["by_actor"]
    page = response.content.decode()
    page = page[page.index('id="decisive"') : page.index('id="findings"')]
    assert page.count("What to do:") == 1
    assert page.count("btn-primary") == 1
    assert 'value="suppressed"' not in page


def test_the_proof_of_the_lead_is_not_called_beside_the_point(as_nora: Client, report: Report) -> None:
    found(report, "mx.none", "recipient-mx", domain="oakwod.example")
    make.delivery(report.branch, TYPED, State.REFUSED, reply="554 relay access denied", cause="relay_denied")
    context = as_nora.get(url(report, "sent")).context
    assert context["decisive"] is not None
    assert [item.code for item in context["led"]] == ["mx.none"]
    assert context["aside"] == []


def test_one_press_corrects_it_before_anything_was_asked(as_nora: Client, report: Report) -> None:
    typo(report)
    post(as_nora, report, "address", accept=MEANT)
    assert ended(report) == (SOLVED, "address_corrected", "address")
    assert (report.corrected_recipient, report.cause) == (MEANT, "address_typo")


def test_the_address_may_be_said_first_and_the_rest_is_asked_then(as_nora: Client, report: Report) -> None:
    post(as_nora, report, "address", choice="right")
    assert as_nora.get(url(report)).headers["Location"] == url(report, "sent")
    post(as_nora, report, "sent", choice="seen")
    assert as_nora.get(url(report)).headers["Location"] == url(report, "junk")


def test_it_comes_with_the_findings(as_nora: Client, report: Report) -> None:
    there = reverse("report_findings", args=[report.code])
    assert b'id="decisive" aria-live="polite" hidden' in as_nora.get(there, headers=HTMX).content
    typo(report)
    content = as_nora.get(there, headers=HTMX).content
    assert b"hx-swap-oob" in content
    assert MEANT.encode() in content


def test_an_ended_report_is_settled(as_nora: Client, report: Report) -> None:
    typo(report)
    post(as_nora, report, "address", accept=MEANT)
    response = as_nora.get(reverse("report_findings", args=[report.code]), headers=HTMX)
    assert response.context["decisive"] is None


def test_a_strangers_address_is_shown_escaped(as_nora: Client, north: BranchProfile, nora: User) -> None:
    content = as_nora.get(url(make_report(north, nora, recipient="<script>x@oakwod.example"), "sent")).content
    assert b"<script>x" not in content
