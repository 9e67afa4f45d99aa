"""Taking reports in: twice is once, each goes to the branch whose domain it is about, and is counted by its day."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from portal import inbound
from portal.branches.models import BranchProfile
from portal.feedback.models import AggregateReport, SourceDay, TLSReport
from portal.feedback.services import branch_of, take_aggregate, take_either, take_tls
from tests import make
from tests.portal.feedback.samples import NEW, OLD, TLS, gzipped, mailed, zipped


def test_it_is_counted_by_day_and_address(north: BranchProfile) -> None:
    taken = take_aggregate(zipped(OLD))
    assert (taken.documents, taken.new, taken.duplicate, len(taken.problems)) == (1, 2, 0, 1)
    ours = SourceDay.objects.get(source_ip="192.0.2.10")
    assert (str(ours.day), ours.messages, ours.dkim, ours.spf, ours.passed, ours.held) == (
        "2026-03-04",
        40,
        40,
        0,
        40,
        0,
    )
    theirs = SourceDay.objects.get(source_ip="2001:db8::7")
    assert (theirs.messages, theirs.passed, theirs.held) == (3, 0, 3)


def test_twice_is_once_and_another_adds(north: BranchProfile) -> None:
    take_aggregate(OLD.encode())
    again = take_aggregate(gzipped(OLD))
    assert (again.new, again.duplicate) == (0, 2)
    take_aggregate(OLD.replace("1234567890", "another").encode())
    assert SourceDay.objects.get(source_ip="192.0.2.10").messages == 80


def test_a_domain_below_is_the_branchs_too(north: BranchProfile) -> None:
    assert branch_of("mail.north.example") == north
    assert branch_of("north.example.evil.example") is None
    take_aggregate(NEW.encode())
    assert SourceDay.objects.get().domain == "mail.north.example"


def test_a_domain_of_two_branches_is_nobodys(north: BranchProfile) -> None:
    make.branch("other", domain="sub.north.example")
    assert branch_of("x.sub.north.example") is None
    assert branch_of("north.example") == north


def test_a_report_about_a_stranger_is_kept_without_counts(db: None) -> None:
    assert take_aggregate(OLD.encode()).new == 2
    assert AggregateReport.objects.get().branch is None
    assert SourceDay.objects.count() == 0


def test_tls_reports(north: BranchProfile) -> None:
    assert take_tls(TLS.encode()).new == 1
    assert take_tls(gzipped(TLS)).duplicate == 1
    report = TLSReport.objects.get()
    assert (report.branch, report.failures, report.details[0]["result"]) == (north, 4, "certificate-expired")
    assert report.begins == datetime(2026, 3, 4, tzinfo=UTC)


@pytest.mark.parametrize(("source", "octets"), [("dmarc", zipped(OLD)), ("tlsrpt", TLS.encode())])
def test_the_command(north: BranchProfile, tmp_path: Path, source: str, octets: bytes) -> None:
    (tmp_path / "a").write_bytes(octets)
    (tmp_path / "b").write_bytes(b"nonsense")
    documents = []
    for _ in range(2):
        out = StringIO()
        call_command("ingest", source, str(tmp_path), "--json", stdout=out)
        documents.append(json.loads(out.getvalue()))
    assert list(documents[0]) == ["lines", "events", "new", "duplicate", "rejected"]
    assert documents[0]["new"] == documents[1]["duplicate"] > 0
    assert documents[1]["new"] == 0
    assert documents[0]["rejected"][-1]["line"] == 2


def test_reports_come_by_mail(north: BranchProfile, settings: Any) -> None:
    settings.REPORT_ADDRESSES = ["dmarc@desk.example"]
    door = inbound.door_for("DMARC@desk.example")
    assert door is not None
    at = datetime(2026, 3, 5, tzinfo=UTC)

    def mail(octets: bytes) -> inbound.Mail:
        return inbound.Mail(octets=octets, recipient="dmarc@desk.example", source="smtp", at=at)

    door.take(mail(mailed(zipped(OLD))))
    door.take(mail(mailed(gzipped(TLS), "tlsrpt+gzip")))
    door.take(mail(mailed(zipped(OLD))))
    assert (AggregateReport.objects.count(), TLSReport.objects.count()) == (1, 1)
    with pytest.raises(inbound.Refused):
        door.take(mail(b"Subject: Buy this\n\nNow!\n"))


def test_whatever_a_mail_holds(north: BranchProfile) -> None:
    assert take_either(mailed(zipped(OLD))).new == 2
    assert take_either(mailed(gzipped(TLS))).new == 1
    assert take_either(b"x").problems
