"""Saying what the columns are: kept with the upload and for the next file, refused where it leaves rows unusable."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.intake.models import SavedColumns, Upload
from portal.maillog.importers.columns import Columns
from tests.portal.intake.conftest import read, upload_of

#: Times of which nobody can tell whether they are of March or of April.
TABLE = "Wen;Wann;Was;Nr\nlee@corp.example;3/4/2026 14:02;Zugestellt;7\nbo@corp.example;3/5/2026 14:02;offen;8\n"
GIVEN = {
    "column_0": "recipient", "column_1": "at", "column_2": "kind", "column_3": "key", "form": "dmy", "kind": "message",
    "word_0": "accepted", "word_1": "leave_out",
}  # fmt: skip


@pytest.fixture
def foreign(nora: User, north: BranchProfile) -> Upload:
    return upload_of(TABLE, by=nora, branch=north)


def post(client: Client, upload: Upload, **changes: str) -> Any:
    return client.post(f"/logs/{upload.code}/columns/", {**GIVEN, **changes})


def test_what_was_said_is_what_is_read(as_nora: Client, foreign: Upload) -> None:
    assert post(as_nora, foreign).headers["Location"] == f"/logs/{foreign.code}/"
    preview = as_nora.get(f"/logs/{foreign.code}/").context["preview"]
    (event,) = preview.events
    assert (event.kind, event.recipient, event.key) == ("accepted", "lee@corp.example", "7")
    assert (event.at.month, event.at.day) == (4, 3)
    foreign.refresh_from_db()
    assert (read(foreign).new, foreign.rejected_count) == (1, 0)


def test_it_is_remembered_for_the_branch_and_the_header(as_nora: Client, foreign: Upload, nora: User) -> None:
    post(as_nora, foreign)
    post(as_nora, foreign, form="mdy")
    saved = SavedColumns.objects.get()
    assert (saved.branch, saved.by, saved.columns["form"]) == (foreign.branch, nora, "mdy")
    assert upload_of(TABLE, by=nora, branch=foreign.branch).columns == saved.columns


def test_words_are_asked_for_once_their_column_is_named(as_nora: Client, foreign: Upload) -> None:
    assert as_nora.get(f"/logs/{foreign.code}/").context["form"].word_fields == []
    post(as_nora, foreign, word_0="", word_1="")
    fields = as_nora.get(f"/logs/{foreign.code}/").context["form"].word_fields
    assert [bound.label for bound in fields] == ["“Zugestellt” means", "“offen” means"]


def test_words_that_are_known_need_no_second_answer(as_nora: Client, nora: User, north: BranchProfile) -> None:
    """The column of the state was just named; a word nobody knows is asked for in the open."""
    rows = "lee@corp.example;2026-03-04 14:02;Bounced;7\nbo@corp.example;2026-03-04 14:02;vanished;8\n"
    upload = upload_of("Wen;Wann;Was;Nr\n" + rows, by=nora, branch=north)
    given = {name: value for name, value in GIVEN.items() if not name.startswith("word_")}
    as_nora.post(f"/logs/{upload.code}/columns/", {**given, "form": "iso"})
    context = as_nora.get(f"/logs/{upload.code}/").context
    assert [(event.kind, event.key) for event in context["preview"].events] == [("refused", "7")]
    assert context["form"].open_words == ["vanished"]


@pytest.mark.parametrize(
    "changes",
    [
        {"column_0": ""},
        {"column_1": ""},
        {"column_3": "recipient"},
        {"column_0": "smoke"},
        {"form": "roman"},
        {"kind": "coverage"},
        {"word_0": "vanished"},
    ],
)
def test_what_leaves_rows_unusable_shows_the_form_again(
    as_nora: Client, foreign: Upload, changes: dict[str, str]
) -> None:
    kept = foreign.columns
    assert post(as_nora, foreign, **changes).status_code == 400
    foreign.refresh_from_db()
    assert foreign.columns == kept
    assert not SavedColumns.objects.exists()


def test_two_columns_may_be_the_time_together(as_nora: Client, nora: User, north: BranchProfile) -> None:
    upload = upload_of("Wen,Tag,Stunde\nlee@corp.example,4.3.2026,14:02\n", by=nora, branch=north)
    given = {"column_0": "recipient", "column_1": "at", "column_2": "at", "form": "dmy", "kind": "handed"}
    as_nora.post(f"/logs/{upload.code}/columns/", given)
    upload.refresh_from_db()
    assert upload.columns["fields"] == {"Wen": "recipient", "Tag": "at", "Stunde": "at"}


def test_a_servers_log_has_no_columns(as_nora: Client, nora: User, north: BranchProfile) -> None:
    upload = upload_of("x\n", by=nora, branch=north, source="postfix")
    assert post(as_nora, upload).status_code == 302
    upload.refresh_from_db()
    assert upload.columns == {}


def test_another_branchs_is_not_there(as_sven: Client, foreign: Upload) -> None:
    assert post(as_sven, foreign).status_code == 404


def test_other_methods(as_nora: Client, foreign: Upload) -> None:
    assert as_nora.get(f"/logs/{foreign.code}/columns/").headers["Location"] == f"/logs/{foreign.code}/"


def test_the_banner_asks_for_what_is_open_still(as_nora: Client, foreign: Upload) -> None:
    """Before the columns are said, it is they; then the words; then what is wrong with each row."""

    def banner() -> str:
        page: str = as_nora.get(f"/logs/{foreign.code}/").content.decode()
        return page.partition("dd-callout")[2].partition("</p>")[0]

    foreign.columns = Columns().to_json()
    foreign.save()
    assert "Say what the columns are" in banner()
    post(as_nora, foreign, word_0="", word_1="")
    assert "Zugestellt, offen" in banner()
    post(as_nora, foreign, column_2="", form="iso", kind="message")
    assert "another kind" not in banner()
