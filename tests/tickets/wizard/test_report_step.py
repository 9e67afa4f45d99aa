"""What holds for every step's page, whichever it is."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.tickets.wizard.conftest import DESCRIBED, at_step, ended, post, url
from tickets.models import Report
from tickets.wizard.steps import STEPS

SLUGS = [step.slug for step in STEPS]
GOOD = {
    "sent": {"choice": "seen"},
    "address": {"choice": "right"},
    "junk": {"choice": "not_there"},
    "describe": DESCRIBED,
    "review": {},
}


@pytest.mark.parametrize("slug", SLUGS)
def test_its_page(as_nora: Client, report: Report, slug: str) -> None:
    response = as_nora.get(url(at_step(report, slug), slug))
    assert response.status_code == 200
    assert response.context["step"].slug == slug
    assert b"csrfmiddlewaretoken" in response.content


@pytest.mark.parametrize("slug", SLUGS)
def test_asking_changes_nothing(as_nora: Client, report: Report, slug: str) -> None:
    at_step(report, slug)
    before = Report.objects.values().get()
    as_nora.get(url(report, slug))
    as_nora.head(url(report, slug))
    assert Report.objects.values().get() == before


@pytest.mark.parametrize("slug", SLUGS)
def test_a_good_answer_leads_on(as_nora: Client, report: Report, slug: str) -> None:
    response = post(as_nora, at_step(report, slug), slug, **GOOD[slug])
    assert response.status_code == 302


@pytest.mark.parametrize("slug", SLUGS)
def test_an_outdated_page_overwrites_nothing(as_nora: Client, report: Report, slug: str) -> None:
    at_step(report, slug)
    response = as_nora.post(url(report, slug), {"version": report.version + 1, **GOOD[slug]})
    assert response.status_code == 409
    report.refresh_from_db()
    assert slug not in report.answers
    assert response.context["form"]["version"].value() == str(report.version)


@pytest.mark.parametrize("slug", SLUGS[2:])
def test_a_step_is_not_skipped(as_nora: Client, report: Report, slug: str) -> None:
    assert as_nora.get(url(report, slug)).headers["Location"] == url(report, "sent")


def test_any_answered_step_can_be_gone_back_to(as_nora: Client, report: Report) -> None:
    at_step(report, "review")
    for slug in SLUGS:
        assert as_nora.get(url(report, slug)).status_code == 200


@pytest.mark.parametrize("slug", SLUGS)
def test_what_is_sent_after_the_end_changes_nothing_and_says_so(as_nora: Client, report: Report, slug: str) -> None:
    post(as_nora, report, "sent", choice="not_sent")
    end = ended(report)
    response = as_nora.post(url(report, slug), {"version": report.version, **GOOD[slug]}, follow=True)
    assert [message.level_tag for message in response.context["messages"]] == ["warning"]
    assert ended(report) == end
    assert not list(as_nora.get(url(report, slug), follow=True).context["messages"])


@pytest.mark.parametrize("slug", ["nonsense", "new", "SENT"])
def test_a_step_of_no_name(as_nora: Client, report: Report, slug: str) -> None:
    assert as_nora.get(url(report, slug)).status_code == 404


@pytest.mark.parametrize("slug", SLUGS)
def test_stranger(as_sven: Client, client: Client, report: Report, slug: str) -> None:
    at_step(report, slug)
    assert as_sven.get(url(report, slug)).status_code == 404
    assert post(as_sven, report, slug, **GOOD[slug]).status_code == 404
    assert client.get(url(report, slug)).status_code == 302
    assert ended(report)[0] == "draft"


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_method(as_nora: Client, report: Report, method: str) -> None:
    assert getattr(as_nora, method)(url(report, "sent")).status_code == 405
