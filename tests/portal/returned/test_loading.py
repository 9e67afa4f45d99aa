"""``manage.py ingest dsn``: eml, mbox and Maildir, and the document other programs read."""

from __future__ import annotations

import json
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from portal.branches.models import BranchProfile
from portal.maillog.models import Delivery, DeliveryEvent, IngestBatch
from portal.returned.loading import take_bounces
from portal.returned.mailboxes import mails_in, mails_of
from portal.returned.models import ReturnedMail
from tests.portal.returned.conftest import LEE, NOON, by_a_person, dsn, log, out_of_office

KIM = "kim@corp.example"
MBOX = b"".join(
    b"From MAILER-DAEMON Wed Mar  4 12:01:00 2026\n" + octets.replace(b"\nFrom ", b"\n>From ") + b"\n"
    for octets in (dsn(), dsn(KIM), by_a_person())
)


def ingest(path: Path | str, *more: str) -> dict[str, Any]:
    out = StringIO()
    call_command("ingest", "dsn", str(path), "--json", *more, stdout=out)
    document = json.loads(out.getvalue())
    assert list(document) == ["lines", "events", "new", "duplicate", "rejected"]
    return document


def maildir(tmp_path: Path) -> Path:
    for name in ("cur", "new", "tmp"):
        (tmp_path / name).mkdir()
    (tmp_path / "new" / "1.a.host").write_bytes(dsn())
    (tmp_path / "cur" / "2.b.host:2,S").write_bytes(dsn(KIM).replace(b"\n", b"\r\n"))
    (tmp_path / "cur" / "3.c.host:2,S").write_bytes(by_a_person())
    (tmp_path / "tmp" / "4.d.host").write_bytes(dsn("half@corp.example"))
    (tmp_path / "cur" / ".hidden").write_bytes(b"x")
    return tmp_path


def mbox(tmp_path: Path) -> Path:
    path = tmp_path / "returned.mbox"
    path.write_bytes(MBOX)
    return path


def folder(tmp_path: Path) -> Path:
    for number, octets in enumerate((dsn(), dsn(KIM), by_a_person())):
        (tmp_path / f"{number}.eml").write_bytes(octets)
    return tmp_path


@pytest.mark.parametrize("made", [maildir, mbox, folder])
def test_every_form_and_twice_is_once(north: BranchProfile, tmp_path: Path, made: Any) -> None:
    log(north)
    log(north, KIM)
    path = made(tmp_path)
    assert ingest(path) == {"lines": 3, "events": 2, "new": 2, "duplicate": 0, "rejected": []}
    before = list(DeliveryEvent.objects.order_by("pk").values())
    assert ingest(path) == {"lines": 3, "events": 2, "new": 0, "duplicate": 2, "rejected": []}
    assert list(DeliveryEvent.objects.order_by("pk").values()) == before
    assert ReturnedMail.objects.count() == 3
    assert set(Delivery.objects.values_list("recipient", "state")) == {(LEE, "refused"), (KIM, "refused")}


def test_one_mail(north: BranchProfile, tmp_path: Path) -> None:
    path = tmp_path / "bounce.eml"
    path.write_bytes(dsn())
    assert ingest(path, "--branch", "north")["new"] == 1
    mail = ReturnedMail.objects.get()
    assert (mail.branch, mail.unmatched, mail.name) == (north, 1, path.name)


def test_the_log_that_comes_after_the_mail(north: BranchProfile, tmp_path: Path) -> None:
    path = mbox(tmp_path)
    ingest(path)
    log(north)
    log(north, KIM)
    ingest(path)
    events = DeliveryEvent.objects.filter(state="refused").values_list("delivery__recipient", flat=True)
    assert sorted(events) == [KIM, LEE]


def test_standard_input(north: BranchProfile) -> None:
    batch = take_bounces(BytesIO(MBOX), branch="", name="-")
    assert (batch.lines, batch.new, batch.source) == (3, 2, "dsn")
    assert IngestBatch.objects.filter(pk=batch.pk).exists()


def test_what_is_empty_is_told(db: None, tmp_path: Path) -> None:
    (tmp_path / "1.eml").write_bytes(b"\n\n")
    (tmp_path / "2.eml").write_bytes(out_of_office())
    document = ingest(tmp_path)
    assert [item["line"] for item in document["rejected"]] == [1]
    assert document["new"] == 1


def test_an_empty_folder(db: None, tmp_path: Path) -> None:
    assert ingest(tmp_path)["lines"] == 0


def test_a_file_that_is_not_there(db: None, tmp_path: Path) -> None:
    with pytest.raises(CommandError) as error:
        ingest(tmp_path / "nothing")
    assert error.value.returncode == 2


def test_a_line_of_text_that_begins_like_a_separator_does_not_divide() -> None:
    octets = (
        b"From x Wed Mar  4 12:01:00 2026\nSubject: a\n\nFrom here on\nFrom there\n\n"
        b"From y Wed Mar  4 12:02:00 2026\nSubject: b\n\nx\n"
    )
    assert [item.partition(b"\n")[0] for item in mails_of(BytesIO(octets))] == [b"Subject: a", b"Subject: b"]


def test_of_a_huge_mail_the_beginning_is_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.eml"
    path.write_bytes(dsn(at=NOON) + b"x" * (5 << 20))
    (found,) = mails_in(path)
    assert (4 << 20) <= len(found.octets) < (5 << 20)
