"""Files that are no logs: recognised, taken from support by the rooms that know them, and nobody's columns to name."""

from __future__ import annotations

import gzip
import io
import zipfile
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.intake.models import Upload
from portal.intake.others import other_kind
from portal.maillog.models import IngestBatch
from portal.returned.models import ReturnedMail
from tests.portal.intake.conftest import TABLE

MAIL = b"Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nTo: b@north.example\nSubject: Undelivered\n\nNo such user.\n"
DMARC = b'<?xml version="1.0"?>\n<feedback><report_metadata></report_metadata></feedback>\n'
TLS = b'{"organization-name": "X", "date-range": {}, "policies": []}'


def packed(name: str, octets: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, octets)
    return file.getvalue()


@pytest.mark.parametrize(
    ("octets", "kind"),
    [
        (MAIL, "dsn"),
        (b"From x@y.example Wed Mar  4 14:02:10 2026\n" + MAIL, "dsn"),
        (DMARC, "dmarc"),
        (gzip.compress(DMARC, mtime=0), "dmarc"),
        (packed("google!x.xml", DMARC), "dmarc"),
        (packed("[Content_Types].xml", b"<x/>"), ""),
        (TLS, "tlsrpt"),
        (gzip.compress(TLS, mtime=0), "tlsrpt"),
        (TABLE.encode(), ""),
        (gzip.compress(TABLE.encode(), mtime=0), ""),
        (b'{"kind": "message"}\n', ""),
        (b"To: x,Date: y\n1,2\n", ""),
        (b"\x1f\x8bnonsense", ""),
        (b"", ""),
    ],
)
def test_what_it_is_shows_in_how_it_begins(octets: bytes, kind: str) -> None:
    file = BytesIO(octets)
    assert (other_kind(file), file.tell()) == (kind, 0)


def test_support_has_it_read(as_ida: Client, north: BranchProfile) -> None:
    response = as_ida.post("/logs/new/", {"file": SimpleUploadedFile("b.eml", MAIL), "branch": ""})
    assert response.headers["Location"] == "/returned/"
    assert ReturnedMail.objects.get().name == "b.eml"
    assert IngestBatch.objects.get().source == "dsn"
    assert not Upload.objects.exists()


def test_a_report_leads_to_what_it_tells_and_names_who_brought_it_in(
    as_ida: Client, ida: User, north: BranchProfile
) -> None:
    report = (
        b"<feedback><report_metadata><org_name>Google</org_name><report_id>1</report_id><date_range>"
        b"<begin>1772582400</begin><end>1772668799</end></date_range></report_metadata><policy_published>"
        b"<domain>north.example</domain><p>none</p></policy_published><record><row><source_ip>192.0.2.10</source_ip>"
        b"<count>5</count><policy_evaluated><disposition>none</disposition><dkim>pass</dkim><spf>pass</spf>"
        b"</policy_evaluated></row><identifiers><header_from>north.example</header_from></identifiers></record></feedback>"
    )
    response = as_ida.post("/logs/new/", {"file": SimpleUploadedFile("google.xml", report), "branch": ""})
    assert response.headers["Location"] == "/branches/north/feedback/"
    batch = IngestBatch.objects.get()
    assert (batch.new, batch.by, batch.branch) == (1, ida, north)
    page = as_ida.get("/logs/").content.decode()
    assert "/branches/north/feedback/" in page
    assert str(ida) in page


def test_staff_are_told_where_it_goes(as_nora: Client, north: BranchProfile) -> None:
    response = as_nora.post("/logs/new/", {"file": SimpleUploadedFile("b.eml", MAIL), "branch": "north"})
    assert response.status_code == 400
    assert response.context["form"].errors["file"]
    assert not ReturnedMail.objects.exists()
    assert not Upload.objects.exists()
