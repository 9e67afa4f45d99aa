"""Step 4, the description: the rest of the vendor's list, and files that no mistake elsewhere in the form loses."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from tests.tickets.wizard.conftest import DESCRIBED, at_step, ended, make_report, post, url
from tickets.models import Attachment, Report, ReportState, Ticket

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40


@pytest.fixture
def report(north: BranchProfile, nora: User) -> Report:
    return at_step(make_report(north, nora), "describe")


def picture(name: str = "screen.png", content: bytes = PNG) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, "image/png")


def kept(report: Report) -> list[str]:
    return [item.name for item in Attachment.objects.filter(report=report)]


def test_it_asks(as_nora: Client, report: Report) -> None:
    assert as_nora.get(url(report, "describe")).status_code == 200


def test_it_is_kept(as_nora: Client, report: Report) -> None:
    assert post(as_nora, report, "describe", **DESCRIBED).status_code == 302
    report.refresh_from_db()
    assert report.answers["describe"] == DESCRIBED
    assert as_nora.get(url(report)).headers["Location"] == url(report, "review")


def test_no_other_domain_no_other_address(as_nora: Client, report: Report) -> None:
    post(as_nora, report, "describe", **{**DESCRIBED, "other_domain": "no", "other_address": ""})
    report.refresh_from_db()
    assert report.answers["describe"]["other_address"] == ""


@pytest.mark.parametrize(
    ("changes", "code"), [({"other_domain": "no"}, "untold"), ({"other_address": "at home"}, "malformed")]
)
def test_another_address_is_never_dropped(as_nora: Client, report: Report, changes: dict[str, Any], code: str) -> None:
    response = post(as_nora, report, "describe", **{**DESCRIBED, **changes})
    assert response.status_code == 400
    assert [error.code for error in response.context["form"].errors["other_address"].as_data()] == [code]


def test_files_are_kept_with_it(as_nora: Client, report: Report, nora: User) -> None:
    post(as_nora, report, "describe", **DESCRIBED, attached=[picture(), picture("two.png", PNG + b"1")])
    assert kept(report) == ["screen.png", "two.png"]
    assert {item.by for item in report.attachments.all()} == {nora}


def test_one_bad_file_loses_nothing(as_nora: Client, report: Report) -> None:
    bad = SimpleUploadedFile("run.exe", b"MZ\x90\x00", "application/octet-stream")
    response = post(as_nora, report, "describe", **DESCRIBED, attached=[picture(), bad])
    assert response.status_code == 400
    assert "attached" in response.context["form"].errors
    assert response.context["form"]["description"].value() == "Nothing came."
    assert kept(report) == ["screen.png"]
    assert b"screen.png" in response.content


def test_a_bad_form_loses_no_file(as_nora: Client, report: Report) -> None:
    response = post(as_nora, report, "describe", **{**DESCRIBED, "description": ""}, attached=[picture()])
    assert response.status_code == 400
    assert "description" in response.context["form"].errors
    assert kept(report) == ["screen.png"]


def test_the_same_file_twice_is_kept_once(as_nora: Client, report: Report) -> None:
    for _ in range(2):
        post(as_nora, report, "describe", **DESCRIBED, attached=[picture()])
    assert kept(report) == ["screen.png"]


def test_more_than_ten_files_are_refused(as_nora: Client, report: Report) -> None:
    files = [picture(f"{number}.png", PNG + bytes([number])) for number in range(11)]
    response = post(as_nora, report, "describe", **DESCRIBED, attached=files)
    assert response.status_code == 400
    assert len(kept(report)) == 10


@pytest.mark.parametrize(
    "changes", [{"symptom": "nonsense"}, {"other_domain": ""}, {"description": "a\x00b"}, {"description": "x" * 10_001}]
)
def test_it_asks_again(as_nora: Client, report: Report, changes: dict[str, Any]) -> None:
    response = post(as_nora, report, "describe", **{**DESCRIBED, **changes})
    assert response.status_code == 400
    assert set(changes) == set(response.context["form"].errors)
    assert response.context["form"]["other_address"].value() == DESCRIBED["other_address"]


def test_a_similar_ticket_is_shown(as_nora: Client, report: Report, north: BranchProfile, nora: User) -> None:
    other = make_report(north, nora, state=ReportState.SUBMITTED)
    ticket = Ticket.objects.create(
        number=7, report=other, branch=north, recipient="x@corp.example", recipient_domain="corp.example"
    )
    assert as_nora.get(url(report, "describe")).context["known"].similar == (ticket,)


def test_a_ticket_of_another_branch_is_not(as_ida: Client, report: Report, south: BranchProfile, sven: User) -> None:
    other = make_report(south, sven, state=ReportState.SUBMITTED)
    Ticket.objects.create(
        number=7, report=other, branch=south, recipient="x@corp.example", recipient_domain="corp.example"
    )
    assert as_ida.get(url(report, "describe")).context["known"].similar == ()


def test_stranger(as_sven: Client, report: Report) -> None:
    assert as_sven.get(url(report, "describe")).status_code == 404
    assert post(as_sven, report, "describe", **DESCRIBED, attached=[picture()]).status_code == 404
    assert kept(report) == []
    assert ended(report)[0] == "draft"


def test_method(as_nora: Client, report: Report) -> None:
    assert as_nora.delete(url(report, "describe")).status_code == 405


def test_queries(as_nora: Client, report: Report, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    with django_assert_max_num_queries(10):
        as_nora.get(url(report, "describe"))
