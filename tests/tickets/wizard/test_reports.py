"""The list of reports: staff see their branch's, support all; drafts can be found and gone on with."""

from __future__ import annotations

import pytest
from django.test import Client

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from tests import make
from tests.tickets.wizard.conftest import make_report
from tickets.models import Exit, Report, ReportState

URL = "/reports/"


def shown(client: Client, query: str = "") -> list[str]:
    return [row.recipient for row in client.get(URL + query).context["page"].rows]


def test_own_and_the_branchs(
    as_nora: Client, nora: User, north: BranchProfile, south: BranchProfile, sven: User
) -> None:
    colleague = make.person("noel@north.example", "Noel", "staff", north)
    make_report(north, nora, recipient="one@corp.example")
    make_report(north, colleague, recipient="two@corp.example")
    make_report(south, sven, recipient="three@corp.example")
    assert shown(as_nora) == ["two@corp.example", "one@corp.example"]


@pytest.mark.parametrize("who", ["as_ida", "as_ada"])
def test_support_sees_all(
    who: str, request: pytest.FixtureRequest, report: Report, south: BranchProfile, sven: User
) -> None:
    make_report(south, sven)
    assert len(shown(request.getfixturevalue(who))) == 2


def test_filter_by_state(as_nora: Client, nora: User, north: BranchProfile) -> None:
    make_report(north, nora, recipient="draft@corp.example")
    make_report(north, nora, recipient="done@corp.example", state=ReportState.SOLVED, exit=Exit.ARRIVED)
    assert shown(as_nora, "?state=draft") == ["draft@corp.example"]
    assert shown(as_nora, "?state=solved") == ["done@corp.example"]
    assert len(shown(as_nora, "?state=nonsense")) == 2


def test_nothing_yet(as_nora: Client) -> None:
    assert as_nora.get(URL).status_code == 200
    assert as_nora.get(URL + "?state=draft").status_code == 200


def test_fragment(as_nora: Client, report: Report) -> None:
    response = as_nora.get(URL, headers={"HX-Request": "true"})
    assert b"<html" not in response.content
    assert report.recipient.encode() in response.content


def test_anonymous(client: Client, db: None) -> None:
    assert client.get(URL).status_code == 302


def test_method(as_nora: Client) -> None:
    assert as_nora.post(URL).status_code == 405


@pytest.mark.parametrize("count", [10, 1000])
def test_queries(
    as_nora: Client,
    nora: User,
    north: BranchProfile,
    count: int,
    django_assert_max_num_queries,  # type: ignore[no-untyped-def]
) -> None:
    Report.objects.bulk_create(
        Report(branch=north, by=nora, recipient=f"{number}@corp.example") for number in range(count)
    )
    with django_assert_max_num_queries(4):
        response = as_nora.get(URL)
    assert len(response.context["page"].rows) == min(count, 50)
