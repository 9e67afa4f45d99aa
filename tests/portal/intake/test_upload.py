"""The page of one upload: what it would tell, how far it was read, what came of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.intake.models import Upload, UploadState
from tests.portal.intake.conftest import HEADER, TABLE, read, upload_of


def page(client: Client, upload: Upload, **headers: Any) -> Any:
    return client.get(f"/logs/{upload.code}/", **headers)


def test_what_would_be_read(as_nora: Client, upload: Upload) -> None:
    response = page(as_nora, upload)
    preview = response.context["preview"]
    assert [event.kind for event in preview.events] == ["accepted", "refused", "deferred"]
    assert [item.line for item in preview.rejected] == [4]
    assert (preview.good, preview.bad, preview.is_all, response.context["is_sure"]) == (3, 1, True, True)


def test_looking_changes_nothing(as_nora: Client, upload: Upload) -> None:
    before = Upload.objects.values().get()
    page(as_nora, upload)
    assert Upload.objects.values().get() == before


def test_another_branchs_is_not_there(as_sven: Client, upload: Upload) -> None:
    assert page(as_sven, upload).status_code == 404


def test_support_see_all(as_ida: Client, upload: Upload) -> None:
    assert page(as_ida, upload).status_code == 200


def test_what_support_brought_in_for_no_branch_is_not_for_staff(as_nora: Client, ida: User) -> None:
    assert page(as_nora, upload_of(TABLE, by=ida, branch=None)).status_code == 404


def test_other_methods(as_nora: Client, upload: Upload) -> None:
    assert as_nora.post(f"/logs/{upload.code}/").status_code == 405


def test_lines_of_another_branch_are_not_for_staff_to_bring_in(
    as_nora: Client, nora: User, north: BranchProfile
) -> None:
    text = "branch,id,event,to,time\nsouth,m1,delivered,a@b.example,2026-03-04T14:00:00Z\n"
    preview = page(as_nora, upload_of(text, by=nora, branch=north)).context["preview"]
    assert (preview.good, preview.bad) == (0, 1)
    assert "south" in preview.rejected[0].why


def test_columns_that_were_not_recognised_are_asked_for(as_nora: Client, nora: User, north: BranchProfile) -> None:
    response = page(as_nora, upload_of("Wen,Wer,Wann\na@b.example,c@d.example,x\n", by=nora, branch=north))
    assert [bound.label for bound in response.context["form"].column_fields] == ["Wen", "Wer", "Wann"]
    assert response.context["preview"].is_hopeless


def test_hostile_columns_and_cells_are_shown_and_do_nothing(as_nora: Client, nora: User, north: BranchProfile) -> None:
    text = "<script>x</script>,to,time\n<img src=x onerror=alert(1)>,a\u202eb@c.example,2026-03-04T14:00:00Z\n"
    content = page(as_nora, upload_of(text, by=nora, branch=north)).content.decode()
    assert "<script>x" not in content
    assert "<img src=x" not in content
    assert "\u202e" not in content


@pytest.mark.parametrize(
    ("text", "source"),
    [("", "postfix"), (HEADER, ""), ("\n\n\n", "csv"), ("x" * 400_000, "csv"), ("{\n" * 50, "jsonl"), ("{}\n", "")],
)
def test_files_that_tell_nothing(as_nora: Client, nora: User, north: BranchProfile, text: str, source: str) -> None:
    assert page(as_nora, upload_of(text or " ", by=nora, branch=north, source=source)).status_code == 200


class TestWhileItIsRead:
    @pytest.fixture
    def reading(self, upload: Upload) -> Upload:
        upload.state, upload.lines, upload.octets = UploadState.READING, 12_345, upload.size // 2
        upload.queued_at = upload.lease_until = timezone.now()
        upload.save()
        return upload

    def test_it_says_how_far_it_is_and_refreshes_itself(self, as_nora: Client, reading: Upload) -> None:
        content = page(as_nora, reading).content.decode()
        assert "12,345 lines read" in content
        assert f'hx-get="/logs/{reading.code}/"' in content
        assert "<noscript>" in content

    def test_the_part_that_refreshes_is_no_whole_page(self, as_nora: Client, reading: Upload) -> None:
        content = page(as_nora, reading, HTTP_HX_REQUEST="true").content.decode()
        assert "<html" not in content
        assert 'id="upload"' in content

    def test_one_that_waits_tells_how_many_go_before(self, as_nora: Client, reading: Upload, nora: User) -> None:
        later = upload_of(TABLE, by=nora, branch=reading.branch)
        Upload.objects.filter(pk=later.pk).update(state=UploadState.QUEUED, queued_at=timezone.now())
        assert page(as_nora, later).context["before"] == 1


class TestWhenItWasRead:
    def test_counts_and_rejected_lines(self, as_nora: Client, upload: Upload) -> None:
        response = page(as_nora, read(upload))
        assert [(item.line, item.raw.partition(",")[0]) for item in response.context["rejected"]] == [(4, "m3")]
        assert "hx-get" not in response.content.decode()
        assert f"/logs/{upload.code}/rejected.csv" in response.content.decode()

    def test_what_could_not_be_read_says_why(self, as_nora: Client, upload: Upload) -> None:
        Upload.objects.filter(pk=upload.pk).update(
            state=UploadState.FAILED, why="<b>no</b>", finished_at=timezone.now()
        )
        assert "&lt;b&gt;no&lt;/b&gt;" in page(as_nora, upload).content.decode()

    def test_a_file_that_is_gone_from_the_disk(self, as_nora: Client, upload: Upload) -> None:
        upload.file.storage.delete(upload.file.name)
        assert page(as_nora, upload).context["preview"].is_hopeless

    def test_after_its_file_was_removed(self, as_nora: Client, upload: Upload) -> None:
        read(upload).file.delete()
        assert page(as_nora, upload).status_code == 200
