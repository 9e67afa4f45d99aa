"""Step 2, "Confirm that the recipient's email is correct": what the address says, what the profile holds."""

from __future__ import annotations

import pytest
from django.test import Client

from diagnostics.models import StoredFinding
from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.maillog.models import ClientProfile
from tests.tickets.wizard.conftest import LEE, SOLVED, at_step, ended, make_report, post, url
from tickets.models import Report


@pytest.fixture
def report(north: BranchProfile, nora: User) -> Report:
    return at_step(make_report(north, nora, client="C. Lee", function="Forgot password"), "address")


def profile(branch: BranchProfile, email: str, name: str = "C. Lee") -> ClientProfile:
    return ClientProfile.objects.create(
        branch=branch, reference=f"c-{email}", name=name, email=email, email_normal=email.lower()
    )


def test_it_compares_with_the_profile(as_nora: Client, report: Report) -> None:
    profile(report.branch, "c.lee@corp.example")
    known = as_nora.get(url(report, "address")).context["known"]
    assert known.profile_addresses == ("c.lee@corp.example",)
    assert not known.is_on_profile
    assert known.suggestions == ("c.lee@corp.example",)
    assert known.is_forgot


def test_the_address_is_the_profiles(as_nora: Client, report: Report) -> None:
    profile(report.branch, LEE.upper())
    known = as_nora.get(url(report, "address")).context["known"]
    assert known.is_on_profile
    assert known.suggestions == ()


def test_profiles_of_other_branches_stay_there(as_nora: Client, report: Report, south: BranchProfile) -> None:
    profile(south, LEE)
    assert as_nora.get(url(report, "address")).context["known"].profiles == ()


def test_right(as_nora: Client, report: Report) -> None:
    assert post(as_nora, report, "address", choice="right").status_code == 302
    assert ended(report)[0] == "draft"
    assert as_nora.get(url(report)).headers["Location"] == url(report, "junk")


def test_wrong_is_corrected_and_ends(as_nora: Client, report: Report) -> None:
    post(as_nora, report, "address", choice="wrong", corrected="leo@corp.example", resent="on")
    assert ended(report) == (SOLVED, "address_corrected", "address")
    assert report.corrected_recipient == "leo@corp.example"
    assert report.answers["address"]["resent"] is True
    assert report.recipient == LEE
    assert b"leo@corp.example" in as_nora.get(url(report)).content


def test_a_suggestion_is_taken_by_one_press(as_nora: Client, report: Report) -> None:
    profile(report.branch, "c.lee@corp.example")
    post(as_nora, report, "address", accept="c.lee@corp.example")
    assert ended(report) == (SOLVED, "address_corrected", "address")
    assert report.corrected_recipient == "c.lee@corp.example"
    assert report.cause == "address_not_on_profile"


def test_what_cannot_be_an_address_is_said(as_nora: Client, north: BranchProfile, nora: User) -> None:
    report = at_step(make_report(north, nora, recipient="lee@corp,example"), "address")
    known = as_nora.get(url(report, "address")).context["known"]
    assert known.fault is not None
    post(as_nora, report, "address", choice="wrong", corrected="lee@corp.example")
    assert ended(report)[0] == SOLVED
    assert report.cause == "address_malformed"


def test_a_typing_mistake_is_seen_at_once(as_nora: Client, north: BranchProfile, nora: User) -> None:
    report = at_step(make_report(north, nora, recipient="lee@gmial.com"), "address")
    assert as_nora.get(url(report, "address")).context["known"].suggestions == ("lee@gmail.com",)
    post(as_nora, report, "address", accept="lee@gmail.com")
    assert ended(report)[0] == SOLVED
    assert report.cause == "address_typo"


@pytest.mark.parametrize("recipient", ["lee@gmail.com", "lee@corp.example", "lee@[192.0.2.1]"])
def test_no_mistake_no_suggestion(as_nora: Client, north: BranchProfile, nora: User, recipient: str) -> None:
    report = at_step(make_report(north, nora, recipient=recipient), "address")
    assert as_nora.get(url(report, "address")).context["known"].suggestions == ()


def test_what_the_checks_suggest_is_offered(as_nora: Client, report: Report) -> None:
    assert report.run is not None
    StoredFinding.objects.create(
        run=report.run, attempt=1, position=0, check_slug="recipient-address", code="address.typo", verdict="problem",
        actor="branch", arguments={"suggestion": "lee@corps.example", "domain": "corp.example", "meant": "x"},
    )  # fmt: skip
    known = as_nora.get(url(report, "address")).context["known"]
    assert known.suggestions == ("lee@corps.example",)
    assert [item.code for item in known.findings] == ["address.typo"]


def test_not_the_one_on_the_profile(as_nora: Client, report: Report) -> None:
    post(as_nora, report, "address", choice="not_on_profile", corrected="c.lee@corp.example")
    assert ended(report)[1] == "address_corrected"
    assert report.cause == "address_not_on_profile"


@pytest.mark.parametrize(
    "corrected", ["", LEE, LEE.replace("corp", "CORP"), "no address", "a@@b.example", "a\x00@b.example"]
)
def test_a_correction_must_be_one(as_nora: Client, report: Report, corrected: str) -> None:
    response = post(as_nora, report, "address", choice="wrong", corrected=corrected)
    assert response.status_code == 400
    assert "corrected" in response.context["form"].errors
    assert ended(report)[0] == "draft"


def test_a_correction_that_was_not_chosen_is_none(as_nora: Client, report: Report) -> None:
    post(as_nora, report, "address", choice="right", corrected="leo@corp.example")
    report.refresh_from_db()
    assert report.answers["address"]["corrected"] == ""


def test_it_asks_again(as_nora: Client, report: Report) -> None:
    response = post(as_nora, report, "address", corrected="leo@corp.example")
    assert response.status_code == 400
    assert b"leo@corp.example" in response.content


def test_it_is_not_asked_when_nothing_went_out(as_nora: Client, report: Report) -> None:
    report.answers = {"sent": {"choice": "error", "stop": False}}
    report.save()
    assert as_nora.get(url(report, "address")).headers["Location"] == url(report, "describe")


def test_stranger(as_sven: Client, report: Report) -> None:
    assert as_sven.get(url(report, "address")).status_code == 404
    assert post(as_sven, report, "address", choice="right").status_code == 404


def test_method(as_nora: Client, report: Report) -> None:
    assert as_nora.delete(url(report, "address")).status_code == 405


def test_queries(as_nora: Client, report: Report, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    for number in range(30):
        profile(report.branch, f"lee{number}@corp.example")
    with django_assert_max_num_queries(10):
        as_nora.get(url(report, "address"))
