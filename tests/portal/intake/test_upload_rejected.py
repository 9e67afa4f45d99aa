"""Every rejected line given back: as a table no spreadsheet computes, and alone, to be mended and brought in again."""

from __future__ import annotations

import csv
from io import StringIO

import pytest
from django.test import Client

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.intake.models import Upload
from portal.maillog.models import Delivery
from tests.portal.intake.conftest import HEADER, ROW, read, upload_of

BAD = '=HYPERLINK("http://x"),delivered,a@b.example,soon,x\n'
QUOTED = 'm9,bounced,c9@corp.example,soon,"550 two\nlines, ""quoted"""\n'


def got(client: Client, upload: Upload, form: str) -> str:
    response = client.get(f"/logs/{upload.code}/rejected.{form}")
    assert response.headers["Content-Disposition"].startswith("attachment")
    return b"".join(response).decode()  # type: ignore[call-overload, no-any-return]


@pytest.fixture
def done(nora: User, north: BranchProfile) -> Upload:
    return read(upload_of(HEADER + BAD + ROW.format(1, "delivered", "250") + QUOTED, by=nora, branch=north))


def test_as_a_table(as_nora: Client, done: Upload) -> None:
    rows = list(csv.reader(StringIO(got(as_nora, done, "csv"), newline="")))
    assert rows[0] == ["line", "why", "raw"]
    assert [(row[0], row[2]) for row in rows[1:]] == [("2", f"'{BAD.strip()}"), ("4", QUOTED.rstrip("\n"))]


def test_the_lines_alone_under_their_header(as_nora: Client, done: Upload) -> None:
    assert got(as_nora, done, "txt") == HEADER + BAD + QUOTED


def test_mended_they_can_be_brought_in_again(as_nora: Client, done: Upload, nora: User) -> None:
    mended = got(as_nora, done, "txt").replace("soon", "2026-03-04T15:00:00Z")
    again = read(upload_of(mended, by=nora, branch=done.branch, mends=done, source=done.source))
    assert (again.new, again.rejected_count, Delivery.objects.count()) == (2, 0, 3)


def test_a_servers_lines_have_no_header(as_nora: Client, nora: User, north: BranchProfile) -> None:
    line = "x: to=<a@b.example>, status=sent\n"
    upload = read(upload_of(f"noise\n{line}", by=nora, branch=north, source="postfix"))
    assert got(as_nora, upload, "txt") == line


def test_more_than_a_thousand(as_nora: Client, nora: User, north: BranchProfile) -> None:
    upload = read(upload_of(HEADER + BAD * 1500, by=nora, branch=north))
    assert upload.rejected_count == 1500
    assert got(as_nora, upload, "csv").count("HYPERLINK") == 1500


def test_also_what_could_not_be_placed(as_ida: Client, ida: User, north: BranchProfile) -> None:
    text = "branch,id,to,time\n" + "".join(f"gone,m{at},a@b.example,2026-03-04T14:00:00Z\n" for at in range(1200))
    upload = read(upload_of(text, by=ida, branch=None))
    assert (upload.rejected_count, upload.new) == (1200, 0)
    assert got(as_ida, upload, "txt") == text


def test_none_were_rejected(as_nora: Client, nora: User, north: BranchProfile) -> None:
    upload = read(upload_of(HEADER + ROW.format(1, "delivered", "250"), by=nora, branch=north))
    assert not upload.rejected
    assert got(as_nora, upload, "csv").splitlines() == ["line,why,raw"]


@pytest.mark.parametrize("form", ["csv", "txt"])
def test_another_branchs_is_not_there(as_sven: Client, done: Upload, form: str) -> None:
    assert as_sven.get(f"/logs/{done.code}/rejected.{form}").status_code == 404


@pytest.mark.parametrize("form", ["csv", "txt"])
def test_other_methods(as_nora: Client, done: Upload, form: str) -> None:
    assert as_nora.post(f"/logs/{done.code}/rejected.{form}").status_code == 405
