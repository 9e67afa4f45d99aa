"""A list for a mailing: every line judged, records and DNS asked once for many, and the plan made of what is left."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.maillog.models import AttemptCount, Delivery
from portal.planning import runner
from portal.planning.models import Mailing
from portal.planning.services import plan_mailing
from portal.suppression.services import suppress
from tests import make

ZONE = {
    "corp.example": {"MX": [[10, "mx.corp.example"]]},
    "null.example": {"MX": [[0, "."]]},
    "slow.example": "TIMEOUT",
    "gmail.com": {"MX": [[5, "gmail-smtp-in.l.google.com"]]},
    "gmial.com": {"A": ["192.0.2.9"]},
    "gamil.com": {"TXT": ["parked"]},
}
LINES = """name,Email
Lee,lee@corp.example
Again,LEE@corp.example
Kim,kim@gmail.com
Typo,kim@gamil.com
Alike,kim@gmial.com
None,not an address
Gone,gone@nowhere.example
Null,a@null.example
Slow,a@slow.example
Out,out@corp.example
Old,old@corp.example
Office,info@corp.example
Empty,
Formula,=cmd@corp.example
"""


@pytest.fixture(autouse=True)
def _zone(settings: Any, tmp_path: Path) -> None:
    path = tmp_path / "zone.json"
    path.write_text(json.dumps(ZONE))
    settings.DIAGNOSTICS_ZONE = str(path)
    settings.RESOLVERS = ["127.0.0.1:1"]


def look_at(branch: BranchProfile, by: User, text: str | bytes) -> Mailing:
    octets = text.encode() if isinstance(text, str) else text
    mailing = plan_mailing(branch, name="Spring", upload=SimpleUploadedFile("a.csv", octets), by=by)
    runner.perform(mailing.pk)
    mailing.refresh_from_db()
    return mailing


def verdicts(mailing: Mailing) -> dict[str, str]:
    with mailing.verdicts.open("rb") as file:
        return {row["address"]: row["verdict"] for row in csv.DictReader(io.TextIOWrapper(file, "utf-8"))}


@pytest.fixture
def judged(north: BranchProfile, nora: User) -> Mailing:
    suppress(north, address="out@corp.example", reason="opt_out")
    make.delivery(north, "old@corp.example", "refused", timezone.now() - timedelta(days=9), cause="no_such_user")
    make.delivery(north, "lee@corp.example", "refused", timezone.now() - timedelta(days=9), cause="mailbox_full")
    return look_at(north, nora, LINES)


def test_every_line_has_its_verdict(judged: Mailing) -> None:
    assert judged.state == "done"
    found = verdicts(judged)
    assert found == {
        "lee@corp.example": "fine",
        "LEE@corp.example": "duplicate",
        "kim@gmail.com": "fine",
        "kim@gamil.com": "mistyped",
        # It takes mail, so that it may be meant; nobody can say for certain.
        "kim@gmial.com": "alike",
        "not an address": "malformed",
        "gone@nowhere.example": "no_mail",
        "a@null.example": "no_mail",
        "a@slow.example": "not_known",
        "out@corp.example": "suppressed",
        "old@corp.example": "failed_before",
        "info@corp.example": "role",
        "": "malformed",
        "'=cmd@corp.example": "fine",
    }
    assert judged.results["left"] == 6
    assert judged.results["mistyped"] == [["kim@gamil.com", "kim@gmail.com", 5], ["kim@gmial.com", "kim@gmail.com", 6]]


def test_the_list_itself_is_forgotten_at_once_and_the_lines_later(judged: Mailing) -> None:
    assert not judged.list
    assert runner.forget_addresses() == 0
    Mailing.objects.update(created=timezone.now() - timedelta(days=30))
    assert runner.forget_addresses() == 1
    judged.refresh_from_db()
    assert not judged.verdicts
    assert judged.results["lines"] == 14
    assert judged.results["mistyped"] == []


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("lee@corp.example\nkim@gmail.com\n", 2),
        ("Name;E-Mail\r\nLee;lee@corp.example\r\n", 1),
        ("lee@corp.example;Lee\n", 1),
        ("E-mail address\tName\nlee@corp.example\tLee\n\n\n", 1),
        ('"Email"\n"lee@corp.example"\n', 1),
    ],
)
def test_lists_come_in_many_shapes(north: BranchProfile, nora: User, text: str, lines: int) -> None:
    mailing = look_at(north, nora, text)
    assert (mailing.state, mailing.results["lines"]) == ("done", lines)
    assert mailing.results["counts"]["fine"] == lines


@pytest.mark.parametrize("text", ["", "name,phone\nLee,1\n", b"\xff\xfa\x00\x80\n\xff"])
def test_what_is_no_list_says_so(north: BranchProfile, nora: User, text: str | bytes) -> None:
    mailing = look_at(north, nora, text)
    assert mailing.state == "failed"
    assert mailing.problem
    assert not mailing.list


def test_a_lost_worker_is_followed_by_another(north: BranchProfile, nora: User) -> None:
    mailing = plan_mailing(north, name="x", upload=SimpleUploadedFile("a", b"lee@corp.example"), by=nora)
    assert runner.claim(mailing.pk) is not None
    assert runner.claim(mailing.pk) is None
    Mailing.objects.update(lease_until=timezone.now() - timedelta(minutes=9))
    assert runner.left_undone() == [mailing.pk]
    runner.perform(mailing.pk)
    assert Mailing.objects.get().state == "done"
    assert runner.left_undone() == []


def test_the_plan_goes_by_what_went_through(north: BranchProfile, nora: User) -> None:
    hour = timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=5)
    AttemptCount.objects.create(
        hour=hour, server="smtp.xenegrade.net", provider="gmail", state="accepted", recipients=400
    )
    many = "\n".join(f"p{number}@gmail.com" for number in range(1000))
    (wave,) = look_at(north, nora, many).results["plan"]
    assert (wave["provider"], wave["recipients"], wave["per_hour"], wave["hours"]) == ("gmail", 1000, 400, 3)


def test_the_pages(as_nora: Client, as_sven: Client, judged: Mailing) -> None:
    assert as_nora.get("/branches/north/mailings/").status_code == 200
    page = as_nora.get(f"/mailings/{judged.code}/")
    assert page.status_code == 200
    assert [item.verdict for item in page.context["counted"]][:2] == ["malformed", "mistyped"]
    sheet = as_nora.get(f"/mailings/{judged.code}/left.csv")
    told = b"".join(sheet).decode().splitlines()  # type: ignore[arg-type]
    assert told[0] == "email"
    assert "lee@corp.example" in told
    assert "out@corp.example" not in told
    parts = b"".join(as_nora.get(f"/mailings/{judged.code}/parts.csv")).decode().splitlines()  # type: ignore[arg-type]
    assert parts[:2] == ["email,hour", "lee@corp.example,1"]
    assert [(item.line, item.meant) for item in page.context["mistyped"]] == [
        (5, "kim@gmail.com"),
        (6, "kim@gmail.com"),
    ]
    assert "Line 5" in page.content.decode()
    rows = b"".join(as_nora.get(f"/mailings/{judged.code}/mistyped.csv")).decode().splitlines()  # type: ignore[arg-type]
    assert [row.split(",")[:3] for row in rows[1:]] == [["5", "kim@gamil.com", "mistyped"]]
    for path in (f"/mailings/{judged.code}/", f"/mailings/{judged.code}/all.csv", "/branches/north/mailings/"):
        assert as_sven.get(path).status_code == 404
    assert as_nora.get(f"/mailings/{judged.code}/smoke.csv").status_code == 404
    assert as_nora.post(f"/mailings/{judged.code}/").status_code == 405


def test_a_list_is_handed_in(as_nora: Client, north: BranchProfile) -> None:
    sent = as_nora.post(
        "/branches/north/mailings/", {"name": "Spring", "file": SimpleUploadedFile("a.csv", b"lee@corp.example")}
    )
    assert sent.status_code == 302
    assert as_nora.get(sent.headers["Location"]).status_code == 200
    assert as_nora.post("/branches/north/mailings/", {"name": ""}).status_code == 400
    assert Mailing.objects.count() == 1


def test_a_suspended_branch_is_told_first(as_nora: Client, north: BranchProfile) -> None:
    BranchProfile.objects.update(email_function="suspended", suspended_reason="Complaints")
    found = as_nora.get("/branches/north/mailings/").context["obstacles"]
    assert found[0].stops
    assert Delivery.objects.count() == 0
