"""The page of what receivers say, and the events that fit nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.feedback.models import AggregateReport, ServiceEvent, SourceDay, TLSReport
from portal.feedback.selectors import aggregate_reports
from portal.feedback.services import take_aggregate, take_tls
from tests.portal.feedback.samples import OLD, TLS


def test_ours_and_others_are_told_apart(as_nora: Client, north: BranchProfile) -> None:
    take_aggregate(OLD.encode())
    take_tls(TLS.encode())
    SourceDay.objects.update(day=timezone.now().date())
    answer = as_nora.get("/branches/north/feedback/?days=7")
    assert answer.status_code == 200
    seen = answer.context["seen"]
    assert ([item.server for item in seen.ours], seen.of_ours, seen.ours_by_dkim) == (["smtp.xenegrade.net"], 40, 40)
    assert [item.source_ip for item in seen.others] == ["2001:db8::7"]
    assert len(answer.context["tls"]) == 1


def test_nothing_yet(as_nora: Client, as_ida: Client, north: BranchProfile, settings: Any) -> None:
    """Whoever may bring a report in finds the way, and everybody the address that reports come to."""
    settings.REPORT_ADDRESSES = ["dmarc@desk.example"]
    for client, way in ((as_nora, False), (as_ida, True)):
        content = client.get("/branches/north/feedback/?days=nonsense").content.decode()
        assert "manage.py" not in content
        assert "rua=mailto:dmarc@desk.example" in content
        assert ('href="/logs/new/"' in content) is way


def test_strangers_and_other_methods(as_sven: Client, as_nora: Client, north: BranchProfile) -> None:
    assert as_sven.get("/branches/north/feedback/").status_code == 404
    assert as_nora.post("/branches/north/feedback/").status_code == 405


def test_the_queries_do_not_grow(as_nora: Client, north: BranchProfile, django_assert_max_num_queries: Any) -> None:
    for number in range(30):
        take_aggregate(OLD.replace("1234567890", f"r{number}").encode())
    with django_assert_max_num_queries(10):
        as_nora.get("/branches/north/feedback/?days=90")


def test_events_that_fit_nothing_are_for_support(as_ida: Client, as_nora: Client) -> None:
    ServiceEvent.objects.create(service="Postmark", key="k", kind="bounced", at=timezone.now(), why_not="no message")
    assert len(as_ida.get("/service-events/").context["page"].rows) == 1
    assert as_nora.get("/service-events/").status_code == 403


class TestWhatAFigureLeadsTo:
    """Every figure of the page leads to what it is the sum of, or says that there is nothing more."""

    def test_the_days_of_an_address_and_the_reports_that_told(self, as_nora: Client, north: BranchProfile) -> None:
        take_aggregate(OLD.encode())
        today = timezone.now()
        SourceDay.objects.update(day=today.date())
        AggregateReport.objects.update(begins=today, ends=today)
        there = "/branches/north/feedback/source/?address=192.0.2.10&amp;domain=north.example&amp;days=7"
        assert there in as_nora.get("/branches/north/feedback/?days=7").content.decode()
        answer = as_nora.get(there.replace("&amp;", "&"))
        assert [row.messages for row in answer.context["days"]] == [40]
        assert [row.report_id for row in answer.context["page"].rows] == ["1234567890"]

    def test_a_domain_below_the_one_that_is_reported_on(self, nora: User, north: BranchProfile) -> None:
        take_aggregate(OLD.encode())
        assert aggregate_reports(nora, north, domain="mail.north.example").count() == 1
        assert aggregate_reports(nora, north, domain="south.example").count() == 0

    @pytest.mark.parametrize("query", ["", "?address=nonsense", "?address=192.0.2.10&domain=%00"])
    def test_what_cannot_be_read(self, as_nora: Client, north: BranchProfile, query: str) -> None:
        assert as_nora.get(f"/branches/north/feedback/source/{query}").status_code in (200, 302)

    def test_a_tls_report_with_all_that_failed(self, as_nora: Client, as_sven: Client, north: BranchProfile) -> None:
        take_tls(TLS.encode())
        report = TLSReport.objects.get()
        there = f"/branches/north/feedback/tls/{report.pk}/"
        assert there in as_nora.get("/branches/north/feedback/").content.decode()
        answer = as_nora.get(there)
        assert len(answer.context["details"]) == len(report.details) > 0
        assert as_sven.get(there).status_code == 404
        assert as_nora.get("/branches/north/feedback/tls/999/").status_code == 404
