"""Bringing a log in: what is taken, what is refused, whose it is."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from portal.branches.models import BranchProfile
from portal.intake.models import SavedColumns, Upload
from portal.intake.preview import table_in
from tests.portal.intake.conftest import TABLE

URL = "/logs/new/"


def file(octets: bytes = TABLE.encode(), name: str = "log.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, octets)


def test_the_form(as_nora: Client) -> None:
    assert as_nora.get(URL).status_code == 200


def test_a_log_becomes_an_upload(as_nora: Client, north: BranchProfile) -> None:
    response = as_nora.post(URL, {"file": file(), "branch": "north"})
    upload = Upload.objects.get()
    assert response.headers["Location"] == f"/logs/{upload.code}/"
    assert (upload.source, upload.branch, upload.name, upload.state) == ("csv", north, "log.csv", "new")
    assert (upload.by and upload.by.email, upload.size) == ("nora@north.example", len(TABLE))


@pytest.mark.parametrize(
    ("octets", "source"),
    [
        (b'{"kind": "message"}\n', "jsonl"),
        (b"\xef\xbb\xbf\n {\n", "jsonl"),
        (b"a;b\n1;2\n", "csv"),
        (
            b"Mar  4 14:02:10 out1 postfix/smtp[1]: 4jbgK90c8HzKWXP: to=<a@b.example>, relay=none, delay=1, "
            b"dsn=4.4.1, status=deferred (x)\n",
            "postfix",
        ),
        (b"2026-03-04 14:02:10 1xWzsw-00063T-0X => a@b.example R=r T=t H=h [192.0.2.1]\n", "exim"),
        (gzip.compress(b'{"kind": "message"}\n', mtime=0), "jsonl"),
    ],
)
def test_what_it_is_shows_in_its_first_lines(as_nora: Client, octets: bytes, source: str) -> None:
    as_nora.post(URL, {"file": file(octets, "x"), "branch": "north"})
    assert Upload.objects.get().source == source


def test_what_somebody_says_it_is_goes_before(as_nora: Client) -> None:
    as_nora.post(URL, {"file": file(), "branch": "north", "source": "postfix"})
    assert Upload.objects.get().source == "postfix"


@pytest.mark.parametrize(
    "given",
    [
        {"branch": "north"},
        {"file": file(b""), "branch": "north"},
        {"file": file(b"PK\x03\x04xx"), "branch": "north"},
        # A picture, a program, and what is packed and holds not one line.
        {"file": file(b"\x89PNG\r\n\x1a\nIHDR"), "branch": "north"},
        {"file": file(b"\x7fELF" + bytes(range(256)) * 4), "branch": "north", "source": "csv"},
        {"file": file(b"\x1f\x8b\x08rest"), "branch": "north", "source": "postfix"},
        {"file": file(), "branch": "nowhere"},
        {"file": file(), "branch": ""},
        {"file": file(), "branch": "north", "source": "smoke"},
    ],
)
def test_bad_input_shows_the_form_again(as_nora: Client, given: dict[str, Any]) -> None:
    assert as_nora.post(URL, given).status_code == 400
    assert not Upload.objects.exists()


def test_staff_bring_in_their_own_branchs_log_only(as_nora: Client, south: BranchProfile) -> None:
    assert as_nora.post(URL, {"file": file(), "branch": "south"}).status_code == 400


def test_support_may_leave_the_branch_to_the_lines(as_ida: Client) -> None:
    as_ida.post(URL, {"file": file()})
    assert Upload.objects.get().branch is None


def test_a_file_that_is_too_large_is_dropped_while_it_comes_in(as_nora: Client, settings: Any) -> None:
    settings.LOG_UPLOAD_MB = 1
    response = as_nora.post(URL, {"file": file(b"x" * (1 << 20) + b"x"), "branch": "north"})
    assert response.status_code == 400
    assert "larger than 1 MB" in response.content.decode()
    assert not Upload.objects.exists()


def test_a_large_file_is_streamed_to_where_it_is_kept(as_nora: Client, settings: Any) -> None:
    octets = TABLE.encode() + b"\n" * (3 << 20)
    as_nora.post(URL, {"file": file(octets), "branch": "north"})
    upload = Upload.objects.get()
    assert upload.file.size == len(octets)
    assert list((settings.MEDIA_ROOT / "incoming").glob("*")) == []


@pytest.mark.parametrize(
    ("name", "kept"), [("../../etc/passwd", "passwd"), ("C:\\logs\\mail.log", "mail.log"), ("a\u202eb.csv", "ab.csv")]
)
def test_a_files_name_is_for_showing_only(as_nora: Client, name: str, kept: str) -> None:
    as_nora.post(URL, {"file": file(name=name), "branch": "north"})
    upload = Upload.objects.get()
    assert upload.name == kept
    assert str(upload.code) in upload.file.name


class TestMendedLines:
    def test_columns_are_those_of_the_upload_that_is_mended(self, as_nora: Client, upload: Upload) -> None:
        upload.columns = {**upload.columns, "kind": "handed"}
        upload.save()
        assert as_nora.get(f"{URL}?mends={upload.code}").context["form"].initial["source"] == "csv"
        as_nora.post(URL, {"file": file(), "branch": "north", "mends": str(upload.code)})
        mended = Upload.objects.latest("pk")
        assert (mended.mends, mended.columns) == (upload, upload.columns)

    @pytest.mark.parametrize("code", ["x", "00000000-0000-0000-0000-000000000000"])
    def test_nothing_of_that_code(self, as_nora: Client, code: str) -> None:
        assert as_nora.get(f"{URL}?mends={code}").status_code == 404

    def test_another_branchs(self, as_sven: Client, upload: Upload) -> None:
        assert as_sven.get(f"{URL}?mends={upload.code}").status_code == 404


def test_columns_that_were_named_before_are_known(as_nora: Client, upload: Upload) -> None:
    told = {**upload.columns, "kind": "handed"}
    SavedColumns.objects.create(branch=upload.branch, source="csv", header=table_in(upload).header, columns=told)
    as_nora.post(URL, {"file": file(), "branch": "north"})
    assert Upload.objects.latest("pk").columns == told


def test_of_another_branch_they_are_not(as_sven: Client, upload: Upload, south: BranchProfile) -> None:
    SavedColumns.objects.create(
        branch=upload.branch, source="csv", header=table_in(upload).header, columns={"kind": "x"}
    )
    as_sven.post(URL, {"file": file(), "branch": "south"})
    assert Upload.objects.latest("pk").columns["kind"] == "message"


def test_our_own_json_needs_no_columns(as_nora: Client) -> None:
    as_nora.post(
        URL, {"file": file(b'{"kind":"message","key":"m1","recipient":"a@b.example","at":"x"}\n'), "branch": "north"}
    )
    assert Upload.objects.get().columns == {}


def test_strangers_are_sent_to_sign_in(client: Client, db: None) -> None:
    assert client.get(URL).status_code == 302
