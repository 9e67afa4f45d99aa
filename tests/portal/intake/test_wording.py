"""What is wrong with a row is said in the words of the page, and by what to change there."""

from __future__ import annotations

import json
import re

import pytest

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.intake.models import Upload
from portal.intake.opening import events_of
from portal.intake.preview import preview_of
from portal.maillog.importers.columns import FIELDS, TIME_FORMS
from portal.maillog.importers.event import RejectedLine
from portal.maillog.services import Zones
from tests.portal.intake.conftest import read, upload_of

#: The names of the format, where they are no words of the language, and what only a command line takes.
OF_PROGRAMS = re.compile(r"\b(message_id|queue_id|from_address|envelope_from|reply_code|remote_host)\b|--\w|^\w+ is ")


def rejected(upload: Upload) -> list[RejectedLine]:
    with upload.file.open("rb") as file:
        return [item for item in events_of(upload, file.file, Zones()) if isinstance(item, RejectedLine)]


@pytest.mark.parametrize(
    ("header", "row", "code", "label"),
    [
        ("to,time", ",2026-03-04T14:00:00Z", "missing", FIELDS["recipient"]),
        ("to,time", "a@b.example,", "missing", FIELDS["at"]),
        ("to,time", "a@b.example,27.11.2026 08:01", "time", TIME_FORMS["dmy"].word),
        ("to,time", "a@b.example,soon", "time", FIELDS["at"]),
        ("to,time", "a@b.example,1926-03-04T14:00:00Z", "time_of_no_mail", FIELDS["at"]),
        ("to,time", "a@b.example,2926-03-04T14:00:00Z", "time_to_come", FIELDS["at"]),
        ("to,time", "nobody,2026-03-04T14:00:00Z", "address", FIELDS["recipient"]),
        ("to,time,event", "a@b.example,2026-03-04T14:00:00Z,vanished", "kind", FIELDS["kind"]),
        ("to,time,module", "a@b.example,2026-03-04T14:00:00Z,shop", "module", FIELDS["module"]),
        ("to,time,subject", f"a@b.example,2026-03-04T14:00:00Z,{'x' * 300}", "long", FIELDS["subject"]),
        ("to,time", "a@b.example,2026-03-04T14:00:00Z,more", "cells", "2 columns"),
        ("who,when", "a,b", "header", FIELDS["recipient"]),
    ],
)
def test_by_the_label_of_the_column(
    header: str, row: str, code: str, label: str, nora: User, north: BranchProfile
) -> None:
    upload = upload_of(f"{header}\n{row}\n", by=nora, branch=north, source="csv")
    upload.columns["form"] = "iso"
    (item,) = rejected(upload)
    assert item.problem is not None
    assert item.problem.code == code
    assert label in item.why
    assert not OF_PROGRAMS.search(item.why), item.why


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ({"kind": "message", "key": "m1", "recipient": "a@b.example", "at": "2026-03-04T14:00:00Z"}, "missing"),
        (
            {"kind": "message", "key": "m1", "branch": "north", "recipient": [], "at": "2026-03-04T14:00:00Z"},
            "recipients",
        ),
        ({"kind": "message", "key": "m1", "branch": "north", "recipient": "a@b.example", "at": "soon"}, "time"),
        ({"kind": "lost", "key": "m1", "branch": "north", "recipient": "a@b.example", "at": "2026-03-04"}, "kind"),
    ],
)
def test_of_lines_of_json(line: dict[str, object], code: str, ida: User, north: BranchProfile) -> None:
    (item,) = rejected(upload_of(json.dumps(line), by=ida, branch=None, source="jsonl"))
    assert item.problem is not None
    assert item.problem.code == code
    assert "--" not in item.why


def test_the_form_of_times_follows_the_column_that_was_chosen(nora: User, north: BranchProfile) -> None:
    """Until somebody says it, the values do."""
    from portal.intake.forms import columns_form
    from portal.intake.preview import table_in

    upload = upload_of("Wen;Wann;Sonst\na@b.example;27.11.2026 08:01;1\n", by=nora, branch=north)
    upload.columns |= {"fields": {}, "form": "iso"}
    table = table_in(upload)
    given = {"column_0": "recipient", "column_1": "at", "column_2": "", "form": "iso", "kind": "message"}
    form = columns_form(upload, table, given)
    assert form is not None
    assert form.is_valid(), form.errors
    assert form.columns().form == "dmy"
    # Whoever chooses another form is not overruled.
    chosen = columns_form(upload, table, given | {"form": "mdy"})
    assert chosen is not None
    assert chosen.is_valid()
    assert chosen.columns().form == "mdy"


SENDER = "2026-03-04T14:02:01+00:00 mx postfix/qmgr[7]: 4Abc{0}: from=<{1}>, size=1, nrcpt=1 (queue active)\n"
SENT = (
    "2026-03-04T{1}:02:02+00:00 mx postfix/smtp[8]: 4Abc{0}: to=<c{0}@corp.example>, "
    "relay=mx.corp.example[192.0.2.9]:25, delay=1, delays=0/0/0/1, dsn={2}, status={3} ({4})\n"
)


class TestAServersLogWithoutABranch:
    """Support may bring in the log of a whole server; the preview tells what reading will."""

    def test_whose_sender_is_nobodys(self, ida: User, north: BranchProfile) -> None:
        text = "".join(
            SENDER.format(at, sender) + SENT.format(at, 14, "2.0.0", "sent", "250 ok")
            for at, sender in enumerate(("office@north.example", "x@nowhere.example"), 1)
        )
        upload = upload_of(text, by=ida, branch=None)
        preview = preview_of(upload)
        assert (preview.good, preview.bad) == (1, 1)
        assert "--" not in preview.rejected[0].why
        done = read(upload)
        assert (done.new, done.rejected_count) == (1, 1)

    def test_the_next_part_is_known_by_its_queue_ids(self, ida: User, north: BranchProfile) -> None:
        first = SENDER.format(1, "office@north.example") + SENT.format(1, 14, "4.0.0", "deferred", "450 later")
        assert read(upload_of(first, by=ida, branch=None)).new == 1
        later = SENT.format(1, 15, "2.0.0", "sent", "250 ok") + SENT.format(2, 15, "2.0.0", "sent", "250 ok")
        upload = upload_of(later, by=ida, branch=None)
        assert (preview_of(upload).good, preview_of(upload).bad) == (1, 1)
        done = read(upload)
        assert (done.new, done.rejected_count) == (1, 1)
