"""Starting, stopping and removing: who may, when it can be done, what stays."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.utils import timezone

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.intake import tasks
from portal.intake.models import Upload, UploadState
from portal.maillog.models import Delivery
from tests.portal.intake.conftest import read, upload_of


@pytest.fixture(autouse=True)
def rung(monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any) -> list[int]:
    """The uploads a worker was rung for."""
    numbers: list[int] = []
    monkeypatch.setattr(tasks.read_upload, "apply_async", lambda args, **_: numbers.append(args[0]))
    return numbers


def post(client: Client, upload: Upload, what: str) -> Any:
    return client.post(f"/logs/{upload.code}/{what}/")


def state(upload: Upload) -> str:
    upload.refresh_from_db()
    return upload.state


def told(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


class TestStart:
    def test_a_worker_is_rung_for(
        self, as_nora: Client, upload: Upload, rung: list[int], django_capture_on_commit_callbacks: Any
    ) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            assert post(as_nora, upload, "start").headers["Location"] == f"/logs/{upload.code}/"
        assert (state(upload), rung) == ("queued", [upload.pk])

    def test_a_second_press_rings_once(
        self, as_nora: Client, upload: Upload, rung: list[int], django_capture_on_commit_callbacks: Any
    ) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            post(as_nora, upload, "start")
            post(as_nora, upload, "start")
        assert rung == [upload.pk]

    def test_a_table_whose_columns_are_not_named(self, as_nora: Client, nora: User, north: BranchProfile) -> None:
        upload = upload_of("Wen,Wann\nx,y\n", by=nora, branch=north)
        assert told(post(as_nora, upload, "start"))
        assert state(upload) == "new"

    def test_again_after_it_was_read(self, as_nora: Client, upload: Upload) -> None:
        read(upload)
        post(as_nora, upload, "start")
        assert state(upload) == "queued"

    def test_without_its_file(self, as_nora: Client, upload: Upload) -> None:
        read(upload).file.delete()
        assert told(post(as_nora, upload, "start"))
        assert state(upload) == "done"


class TestStop:
    def test_one_that_waits_is_stopped_at_once(self, as_nora: Client, upload: Upload) -> None:
        post(as_nora, upload, "start")
        post(as_nora, upload, "stop")
        assert state(upload) == "stopped"

    def test_one_that_is_read_is_asked_to_stop(self, as_nora: Client, upload: Upload) -> None:
        Upload.objects.filter(pk=upload.pk).update(state=UploadState.READING, queued_at=timezone.now())
        post(as_nora, upload, "stop")
        assert (state(upload), upload.is_stopping) == ("reading", True)

    def test_one_that_is_over_stays_so(self, as_nora: Client, upload: Upload) -> None:
        read(upload)
        post(as_nora, upload, "stop")
        assert (state(upload), upload.is_stopping) == ("done", False)


class TestRemove:
    def test_what_was_never_read_is_gone(self, as_nora: Client, upload: Upload, settings: Any) -> None:
        assert post(as_nora, upload, "remove").headers["Location"] == "/logs/"
        assert not Upload.objects.exists()
        assert [path for path in settings.MEDIA_ROOT.rglob("*") if path.is_file()] == []

    def test_what_was_read_stays_in_the_log(self, as_nora: Client, upload: Upload) -> None:
        read(upload)
        post(as_nora, upload, "remove")
        assert (state(upload), bool(upload.file), Delivery.objects.count()) == ("done", False, 3)

    def test_not_while_it_is_read(self, as_nora: Client, upload: Upload) -> None:
        post(as_nora, upload, "start")
        assert told(post(as_nora, upload, "remove"))
        assert upload.file.storage.exists(upload.file.name)


@pytest.mark.parametrize("what", ["start", "stop", "remove"])
class TestWhoMay:
    def test_another_branchs_is_not_there(self, as_sven: Client, upload: Upload, what: str) -> None:
        assert post(as_sven, upload, what).status_code == 404

    def test_other_methods(self, as_nora: Client, upload: Upload, what: str) -> None:
        assert as_nora.get(f"/logs/{upload.code}/{what}/").status_code == 405
