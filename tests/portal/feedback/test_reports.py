"""Reading reports: every way they are packed, both forms, and what a hostile stranger may send."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as some

from portal.feedback.reports.aggregate import ReportProblem, read_aggregate
from portal.feedback.reports.tls import read_tls
from portal.feedback.reports.unpacking import UnpackProblem, documents_in
from tests.portal.feedback.samples import NEW, OLD, TLS, gzipped, mailed, zipped

BOMB = (
    """<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "x"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><feedback>&b;</feedback>"""
)
FILE = """<?xml version="1.0"?><!DOCTYPE f [<!ENTITY x SYSTEM "file:///etc/passwd">]><feedback>&x;</feedback>"""


@pytest.mark.parametrize(
    "octets",
    [
        OLD.encode(),
        b"\xef\xbb\xbf" + OLD.encode(),
        gzipped(OLD),
        zipped(OLD),
        mailed(zipped(OLD)),
        mailed(gzipped(OLD), "gzip"),
        mailed(OLD.encode(), "xml"),
    ],
    ids=["bare", "with a mark", "gzip", "zip", "mailed zip", "mailed gzip", "mailed xml"],
)
def test_however_it_is_packed(octets: bytes) -> None:
    (document,) = documents_in(octets)
    assert read_aggregate(document.octets).report_id == "1234567890"


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"hello",
        gzipped(OLD)[:-20],
        b"PK\x03\x04 nonsense",
        zipped(OLD, members=21),
        gzip.compress(b"0" * (31 << 20)),
        zipped("0" * (31 << 20)),
        mailed(b"nothing", "pdf"),
    ],
    ids=["empty", "text", "cut gzip", "broken zip", "many members", "gzip bomb", "zip bomb", "no report"],
)
def test_what_cannot_be_unpacked_says_why(octets: bytes) -> None:
    with pytest.raises(UnpackProblem):
        list(documents_in(octets))


def test_the_form_before() -> None:
    report = read_aggregate(OLD.encode())
    assert (report.organisation, report.domain, report.rejected) == ("google.com", "north.example", 1)
    assert report.policy["p"] == "none"
    ours, theirs = report.rows
    assert (ours.source_ip, ours.count, ours.is_dkim_aligned, ours.is_spf_aligned) == ("192.0.2.10", 40, True, False)
    assert (ours.dkim[0].selector, ours.spf[0].domain) == ("xen1", "xenegrade.net")
    assert (theirs.disposition, theirs.is_dkim_aligned) == ("quarantine", False)


def test_todays_form() -> None:
    report = read_aggregate(NEW.encode())
    assert (report.organisation, report.policy["np"]) == ("Receiver & Sons", "reject")
    assert report.policy["discovery_method"] == "treewalk"
    assert (report.rows[0].header_from, report.rows[0].reasons) == ("mail.north.example", ("mailing_list",))


@pytest.mark.parametrize("text", [BOMB, FILE, "<feedback/>", "<html/>", "<feedback", ""])
def test_what_is_no_aggregate_report(text: str) -> None:
    with pytest.raises(ReportProblem):
        read_aggregate(text.encode())


def test_a_tls_report() -> None:
    report = read_tls(TLS.encode())
    (policy,) = report.policies
    assert (policy.domain, policy.type, policy.successes, policy.failures) == ("north.example", "sts", 90, 4)
    assert policy.details[0].result == "certificate-expired"


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"policies": []}', '{"policies": [1], "date-range": 3}'])
def test_what_is_no_tls_report(text: str) -> None:
    with pytest.raises(ReportProblem):
        read_tls(text.encode())


@given(cut=some.integers(0, len(OLD)), with_=some.binary(max_size=8))
def test_a_broken_report_is_a_problem_or_a_report(cut: int, with_: bytes) -> None:
    octets = OLD.encode()
    for reader, given_ in ((read_aggregate, octets), (read_tls, TLS.encode())):
        try:
            reader(given_[:cut] + with_ + given_[cut + len(with_) :])
        except ReportProblem:
            continue
