"""The list of what was read, and of what waits to be."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.intake import selectors
from portal.intake.models import Upload
from portal.maillog.models import IngestBatch
from tests import make
from tests.portal.intake.conftest import TABLE, read, upload_of

URL = "/logs/"


def test_nothing_yet(as_nora: Client) -> None:
    assert as_nora.get(URL).status_code == 200


def test_what_is_not_read_stands_above_what_is(as_nora: Client, upload: Upload, nora: User) -> None:
    done = read(upload_of(TABLE, by=nora, branch=upload.branch, name="done.csv"))
    context = as_nora.get(URL).context
    assert context["open"] == [upload]
    assert [(batch.name, batch.upload.code) for batch in context["page"].rows] == [("done.csv", done.code)]


def test_staff_see_their_branchs_alone(as_sven: Client, as_ida: Client, upload: Upload) -> None:
    read(upload)
    make_batch = IngestBatch.objects.create(source="postfix", name="/var/log/mail.log")
    assert list(as_sven.get(URL).context["page"].rows) == []
    assert {batch.pk for batch in as_ida.get(URL).context["page"].rows} == {make_batch.pk, upload.batch_id}


def test_the_same_file_twice_is_told(as_nora: Client, as_ida: Client, upload: Upload, nora: User, ida: User) -> None:
    again = upload_of(TABLE, by=nora, branch=upload.branch, name="another name.csv")
    upload_of(TABLE + "\n", by=nora, branch=upload.branch)
    assert {item.pk: item.twin for item in as_nora.get(URL).context["open"] if item.twin} == {again.pk: upload}
    assert as_nora.get(f"/logs/{again.code}/").context["upload"].twin == upload
    # What support brought in for no branch is not for staff to know of.
    Upload.objects.filter(pk=upload.pk).update(branch=None)
    assert as_nora.get(f"/logs/{again.code}/").context["upload"].twin is None
    assert as_ida.get(f"/logs/{again.code}/").context["upload"].twin == upload


def test_pages(as_ida: Client, django_assert_max_num_queries: object) -> None:
    for number in range(60):
        IngestBatch.objects.create(source="postfix", name=f"{number}", at=make.NOON + timedelta(minutes=number))
    page = as_ida.get(URL).context["page"]
    assert (len(page.rows), page.rows[0].name, page.newer) == (50, "59", "")
    older = as_ida.get(URL, {"after": page.older}).context["page"]
    assert [batch.name for batch in older.rows] == [str(number) for number in range(9, -1, -1)]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL scans a table of some rows as it likes.")
def test_the_readings_come_off_an_index(ida: User) -> None:
    rows = selectors.batches_of(ida).order_by("-at", "-pk")[:51]
    assert "INDEX batch_by_time" in rows.explain()
    assert "TEMP B-TREE" not in rows.explain()


def test_it_asks_few_questions(
    as_nora: Client, nora: User, north: BranchProfile, django_assert_max_num_queries
) -> None:  # type: ignore[no-untyped-def]
    for _ in range(3):
        read(upload_of(TABLE, by=nora, branch=north))
        upload_of(TABLE, by=nora, branch=north)
    with django_assert_max_num_queries(10):
        as_nora.get(URL)


def test_other_methods(as_nora: Client) -> None:
    assert as_nora.post(URL).status_code == 405
