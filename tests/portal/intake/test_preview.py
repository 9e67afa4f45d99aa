"""Looking into a file before it is read: its columns, what they seem to be, and no more of it than the beginning."""

from __future__ import annotations

import gzip
import json

import pytest

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.intake import opening
from portal.intake.preview import guessed, is_sure, preview_of, table_in, words_in
from portal.maillog.importers.columns import Columns
from portal.maillog.importers.csv import MOST_COLUMNS
from tests.portal.intake.conftest import HEADER, ROW, read, upload_of

SENT = '{"ts": 1772632930, "msg": {"to": ["a@b.example"], "id": "u1"}, "outcome": "Delivered"}\n'


def test_a_tables_columns_with_what_stands_in_them(nora: User, north: BranchProfile) -> None:
    table = table_in(upload_of("A;B\n1;x\n2;x\n;y\n", by=nora, branch=north))
    assert [(column.name, column.sample) for column in table.columns] == [("A", "1, 2"), ("B", "x, y")]


def test_the_names_in_json_also_those_within(nora: User, north: BranchProfile) -> None:
    table = table_in(upload_of(SENT + "[]\n{\n7\n" + '{"more": null}\n', by=nora, branch=north))
    assert [(column.name, column.sample) for column in table.columns] == [
        ("ts", "1772632930"), ("msg.to", "a@b.example"), ("msg.id", "u1"), ("outcome", "Delivered"), ("more", ""),
    ]  # fmt: skip
    assert not table.is_own


def test_the_same_header_is_known_again_and_another_is_not(nora: User, north: BranchProfile) -> None:
    headers = [table_in(upload_of(f"{line}\nx\n", by=nora, branch=north)).header for line in ("A,B", "a,b", "A,C")]
    assert headers[0] == headers[1] != headers[2]


@pytest.mark.parametrize(
    ("text", "form", "sure"),
    [
        ("to,time\na@b.example,3/14/2026 2:00 PM\n", "mdy", True),
        ("to,time\na@b.example,14.3.2026 14:00\n", "dmy", True),
        # It may be March or April: a person has to look.
        ("to,time\na@b.example,3/4/2026 14:00\n", "mdy", False),
        ("to,time\na@b.example,1772632930\n", "unix", True),
        ("to,time\na@b.example,2026-03-04T14:00:00Z\n", "iso", True),
        ("to,time\na@b.example,soon\n", "iso", False),
        ("to,time,event\na@b.example,2026-03-04T14:00:00Z,Vanished\n", "iso", False),
        ("to,time,event\na@b.example,2026-03-04T14:00:00Z,Bounced\n", "iso", True),
        ("who,time\na@b.example,2026-03-04T14:00:00Z\n", "iso", False),
    ],
)
def test_what_can_be_told_and_what_is_left_open(
    nora: User, north: BranchProfile, text: str, form: str, sure: bool
) -> None:
    table = table_in(upload_of(text, by=nora, branch=north))
    columns = guessed(table)
    assert (columns.form, is_sure(table, columns)) == (form, sure)


@pytest.mark.parametrize(
    ("header", "is_alone"), [("to,time", True), ("to,time,id", False), ("to,time,messageid", False)]
)
def test_without_an_id_every_row_is_a_message_of_its_own(
    nora: User, north: BranchProfile, header: str, is_alone: bool
) -> None:
    row = "a@b.example,2026-03-04T14:00:00Z" + ("" if is_alone else ",x")
    upload = upload_of(f"{header}\n{row}\n", by=nora, branch=north)
    assert upload.columns["is_alone"] is is_alone
    assert preview_of(upload).good == 1


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("Wen;Wann\na@b.example;4.3.2026 14:00\n", {"Wen": "recipient", "Wann": "at"}),
        ("Wen;Wer\na@b.example;c@d.example\n", {}),
        ("Wen;Zahl\na@b.example;1772632930\n", {"Wen": "recipient"}),
        ("Wen;to\na@b.example;c@d.example\n", {"to": "recipient"}),
        # One sender, many recipients, one of whom is none.
        (
            "Wer;Wen\n" + "".join(f"s@b.example;c{at}@d.example\n" for at in range(9)) + "s@b.example;nix\n",
            {"Wen": "recipient"},
        ),
    ],
)
def test_what_stands_in_a_column_may_tell_what_it_is(
    nora: User, north: BranchProfile, text: str, fields: dict[str, str]
) -> None:
    table = table_in(upload_of(text, by=nora, branch=north))
    assert guessed(table).fields == fields
    assert not is_sure(table, guessed(table))


def test_words_of_the_state_each_once(nora: User, north: BranchProfile) -> None:
    table = table_in(upload_of("to,time,event\na,b,Sent\na,b,SENT\na,b,lost\n", by=nora, branch=north))
    assert [word.lower() for word in words_in(table, guessed(table))] == ["sent", "lost"]
    assert words_in(table, Columns()) == []


def test_of_a_large_file_only_the_beginning_is_looked_at(
    monkeypatch: pytest.MonkeyPatch, nora: User, north: BranchProfile
) -> None:
    monkeypatch.setattr(opening, "BEGINNING", 1000)
    text = HEADER + "".join(ROW.format(at % 60, "delivered", f"250 {at}") for at in range(500))
    for octets in (text.encode(), gzip.compress(text.encode()), text.encode("utf-16")):
        preview = preview_of(upload_of(octets, by=nora, branch=north, source="csv"))
        assert (preview.is_all, len(preview.rejected)) == (False, 0)
        assert 5 < preview.good < 25


def test_a_branch_that_is_not_there_is_told_before_it_is_read(ida: User, north: BranchProfile) -> None:
    line = '{{"kind":"message","branch":"{0}","key":"m1","recipient":"a@b.example","at":"2026-03-04T14:02:10Z"}}\n'
    upload = upload_of(line.format("north") + line.format("nowhere"), by=ida, branch=None)
    preview = preview_of(upload)
    upload = read(upload)
    assert (preview.good, preview.bad) == (upload.new, upload.rejected_count) == (1, 1)
    assert "nowhere" in preview.rejected[0].why


def torn(text: str, lines: int) -> bytes:
    """``text`` packed, of which ``lines`` lines and half of the next can be unpacked."""
    whole = "".join(text.splitlines(keepends=True)[:lines])
    return gzip.compress(whole.encode()) + gzip.compress(text[len(whole) :].encode())[:-12]


def test_of_a_file_that_breaks_off_the_lines_before_are_shown_and_read(nora: User, north: BranchProfile) -> None:
    text = HEADER + "".join(ROW.format(at, "delivered", f"250 {at}") for at in range(3))
    upload = upload_of(torn(text, 3), by=nora, branch=north)
    preview = preview_of(upload)
    assert (preview.good, preview.bad, preview.damage, preview.is_hopeless) == (2, 1, "cut_off", False)
    assert [item.line for item in preview.rejected] == [4]
    assert (read(upload).new, upload.rejected_count, upload.state) == (2, 1, "done")


def test_what_it_is_shows_before_the_break(nora: User, north: BranchProfile) -> None:
    line = "2026-03-04 14:02:10 1xWzsw-00063T-0X => a@b.example R=r T=t H=h [192.0.2.1]\n"
    assert upload_of(torn(line * 2, 1), by=nora, branch=north).source == "exim"


def test_every_column_is_offered_and_known_names_are_known_wherever_they_stand(
    nora: User, north: BranchProfile
) -> None:
    names = [f"col{at}" for at in range(98)]
    text = ",".join([*names, "recipient", "at"]) + "\n" + "x," * 98 + "a@b.example,2026-03-04T14:00:00Z\n"
    upload = upload_of(text, by=nora, branch=north)
    assert [column.name for column in table_in(upload).columns] == [*names, "recipient", "at"]
    assert upload.columns["fields"] == {"recipient": "recipient", "at": "at"}
    assert preview_of(upload).good == 1


def test_a_table_that_is_too_wide_is_refused_as_a_whole(nora: User, north: BranchProfile) -> None:
    header = ",".join(f"col{at}" for at in range(MOST_COLUMNS))
    text = f"{header},recipient,at\n" + "x," * MOST_COLUMNS + "a@b.example,\n"
    preview = preview_of(upload_of(text, by=nora, branch=north))
    assert [item.problem.code for item in preview.rejected if item.problem] == ["wide"]


def test_of_very_many_names_in_json_the_known_are_offered_and_the_others_counted(
    nora: User, north: BranchProfile
) -> None:
    line = {f"name{at}": 1 for at in range(MOST_COLUMNS + 3)} | {"Recipient": "a@b.example"}
    table = table_in(upload_of(json.dumps(line) + "\n", by=nora, branch=north))
    assert (len(table.columns), table.columns[-1].name, table.left_out) == (MOST_COLUMNS + 1, "Recipient", 3)
