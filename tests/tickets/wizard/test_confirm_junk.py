"""Step 3, "Confirm that the email is not in the recipient's junk or spam folder": where to look, and a text to send."""

from __future__ import annotations

import pytest
from django.test import Client

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from tests.tickets.wizard.conftest import SOLVED, at_step, ended, make_report, post, url
from tickets.models import Report
from tickets.wizard.junk import GENERIC, for_staff


@pytest.fixture
def report(north: BranchProfile, nora: User) -> Report:
    return at_step(make_report(north, nora, client="C. Lee & Co"), "junk")


def test_generic_until_the_mailbox_is_known(as_nora: Client, report: Report) -> None:
    known = as_nora.get(url(report, "junk")).context["known"]
    assert known.is_generic


def test_the_text_is_ready_to_send(as_nora: Client, report: Report) -> None:
    response = as_nora.get(url(report, "junk"))
    known = response.context["known"]
    assert "North College" in known.text
    assert "C. Lee & Co" in known.text
    assert known.mailto.startswith("mailto:lee%40corp.example?subject=")
    assert "+" not in known.mailto


def test_a_strangers_address_adds_no_fields_to_the_mail(as_nora: Client, north: BranchProfile, nora: User) -> None:
    report = at_step(make_report(north, nora, recipient="a?bcc=x&cc=y@corp.example"), "junk")
    mailto = as_nora.get(url(report, "junk")).context["known"].mailto
    assert mailto.count("?") == 1
    assert "&cc" not in mailto


@pytest.mark.parametrize(("is_covered", "choice"), [(True, "unknown"), (True, "seen"), (False, "unknown")])
def test_where_a_complete_log_knows_nothing_that_is_said(
    as_nora: Client, report: Report, is_covered: bool, choice: str
) -> None:
    report.evidence, report.answers["sent"] = {"sent": {"is_covered": is_covered}}, {"choice": choice, "stop": False}
    report.save()
    known = as_nora.get(url(report, "junk")).context["known"]
    assert known.is_unrecorded == (is_covered and choice == "unknown")


def test_found(as_nora: Client, report: Report) -> None:
    post(as_nora, report, "junk", choice="found")
    assert ended(report) == (SOLVED, "found_in_junk", "junk")
    response = as_nora.get(url(report))
    for line in for_staff(GENERIC).allow:
        assert line.encode() in response.content


@pytest.mark.parametrize("choice", ["not_there", "unknown"])
def test_not_found(as_nora: Client, report: Report, choice: str) -> None:
    post(as_nora, report, "junk", choice=choice)
    assert ended(report)[0] == "draft"
    assert as_nora.get(url(report)).headers["Location"] == url(report, "describe")


def test_it_asks_again(as_nora: Client, report: Report) -> None:
    response = post(as_nora, report, "junk", choice="perhaps")
    assert response.status_code == 400
    assert "choice" in response.context["form"].errors


def test_stranger(as_sven: Client, report: Report) -> None:
    assert as_sven.get(url(report, "junk")).status_code == 404
    assert post(as_sven, report, "junk", choice="found").status_code == 404
    assert ended(report)[0] == "draft"


def test_method(as_nora: Client, report: Report) -> None:
    assert as_nora.delete(url(report, "junk")).status_code == 405


def test_queries(as_nora: Client, report: Report, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    with django_assert_max_num_queries(10):
        as_nora.get(url(report, "junk"))
