"""Reading an upload: claimed once, stopped, taken over, restarted, and never doubled."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.intake import runner, services, tasks
from portal.intake.models import Upload, UploadState
from portal.maillog import reading
from portal.maillog.models import Delivery, DeliveryEvent, IngestBatch
from portal.maillog.reading import Part
from tests.portal.intake.conftest import HEADER, ROW, TABLE, read, upload_of


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "BATCH", 10)


@pytest.fixture
def large(nora: User, north: BranchProfile) -> Upload:
    """Fifty rows in five parts."""
    return upload_of(HEADER + "".join(ROW.format(at, "delivered", "250") for at in range(50)), by=nora, branch=north)


def interrupted(monkeypatch: pytest.MonkeyPatch, upload: Upload, *, after: int, error: BaseException) -> None:
    """Let reading break off when so many parts are stored."""
    stored = []
    ingest = reading.ingest

    def breaking(*args: Any, **kwargs: Any) -> IngestBatch:
        if len(stored) == after:
            raise error
        stored.append(1)
        return ingest(*args, **kwargs)

    monkeypatch.setattr(reading, "ingest", breaking)
    try:
        runner.perform(upload.pk)
    except type(error):
        pass
    finally:
        monkeypatch.setattr(reading, "ingest", ingest)


def expired(upload: Upload) -> None:
    Upload.objects.filter(pk=upload.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def test_what_came_of_it(upload: Upload) -> None:
    read(upload)
    assert (upload.state, upload.lines, upload.new, upload.known, upload.rejected_count) == ("done", 4, 3, 0, 1)
    assert upload.batch is not None
    assert (upload.batch.new, upload.batch.rejected_count, upload.percent) == (3, 1, 100)
    assert Delivery.objects.filter(branch=upload.branch).count() == 3


def test_the_same_log_a_second_time_adds_nothing(upload: Upload, nora: User) -> None:
    read(upload)
    again = read(upload_of(TABLE, by=nora, branch=upload.branch))
    assert (again.new, again.known, DeliveryEvent.objects.count()) == (0, 3, 3)


def test_the_same_upload_a_second_time_keeps_what_was_new(upload: Upload) -> None:
    read(read(upload))
    assert (upload.new, upload.known, IngestBatch.objects.count()) == (3, 0, 1)


def test_a_second_bell_goes_home(upload: Upload) -> None:
    services.start(upload)
    assert runner.claim(upload.pk) is not None
    assert runner.perform(upload.pk) is False


def test_one_is_read_at_a_time(upload: Upload, large: Upload) -> None:
    services.start(upload)
    services.start(large)
    assert runner.claim(large.pk) is not None
    assert runner.claim(upload.pk) is None
    expired(large)
    assert runner.claim(upload.pk) is not None


def test_a_worker_that_dies_is_followed_by_another(monkeypatch: pytest.MonkeyPatch, large: Upload) -> None:
    services.start(large)
    interrupted(monkeypatch, large, after=3, error=SystemExit())
    large.refresh_from_db()
    assert (large.state, large.new, DeliveryEvent.objects.count()) == ("reading", 30, 30)
    assert runner.next_in_line() is None
    expired(large)
    assert runner.next_in_line() == large.pk
    runner.perform(large.pk)
    large.refresh_from_db()
    assert (large.state, large.new, large.known, large.lines) == ("done", 50, 0, 50)
    batch = IngestBatch.objects.get()
    assert (batch.new, batch.duplicate, DeliveryEvent.objects.count()) == (50, 0, 50)


def test_a_worker_that_was_given_up_on_does_no_harm(monkeypatch: pytest.MonkeyPatch, large: Upload) -> None:
    services.start(large)
    ahead = reading.ahead

    def taken_over(parts: Iterator[Part]) -> Iterator[Part]:
        for number, part in enumerate(ahead(parts)):
            if number == 2:
                expired(large)
                assert runner.claim(large.pk) is not None
            yield part

    monkeypatch.setattr(reading, "ahead", taken_over)
    assert runner.perform(large.pk) is True
    large.refresh_from_db()
    assert (large.state, large.attempt, DeliveryEvent.objects.count()) == ("reading", 2, 20)


def test_what_kills_every_worker_is_given_up(monkeypatch: pytest.MonkeyPatch, large: Upload) -> None:
    services.start(large)
    for _ in range(runner.MAX_ATTEMPTS):
        interrupted(monkeypatch, large, after=0, error=SystemExit())
        expired(large)
    runner.perform(large.pk)
    large.refresh_from_db()
    assert large.state == "failed"
    assert read(large).state == "done"


def test_stopping_keeps_what_was_stored(monkeypatch: pytest.MonkeyPatch, large: Upload) -> None:
    services.start(large)
    ingest = reading.ingest

    def stopped(*args: Any, **kwargs: Any) -> IngestBatch:
        services.stop(Upload.objects.get(pk=large.pk))
        return ingest(*args, **kwargs)

    monkeypatch.setattr(reading, "ingest", stopped)
    runner.perform(large.pk)
    large.refresh_from_db()
    assert (large.state, large.is_stopping) == ("stopped", False)
    assert 10 <= large.new == DeliveryEvent.objects.count() < 50
    monkeypatch.setattr(reading, "ingest", ingest)
    assert (read(large).new, DeliveryEvent.objects.count()) == (50, 50)


def test_a_file_of_quite_another_kind_is_given_up(
    monkeypatch: pytest.MonkeyPatch, nora: User, north: BranchProfile
) -> None:
    monkeypatch.setattr(runner, "MOST_REJECTED", 20)
    upload = read(upload_of("no json\n" * 500, by=nora, branch=north, source="jsonl"))
    assert upload.state == "failed"
    assert "another kind" in upload.why


def test_a_file_that_is_gone(upload: Upload) -> None:
    os.unlink(upload.file.path)
    assert read(upload).state == "failed"


def test_who_is_gone_may_have_been_anybody(ida: User, north: BranchProfile, south: BranchProfile) -> None:
    upload = upload_of("branch,id,to,time\nsouth,m1,a@b.example,2026-03-04T14:00:00Z\n", by=ida, branch=north)
    upload.by = None
    upload.save()
    assert (read(upload).new, upload.rejected_count) == (0, 1)


def test_postfix_without_a_branch_is_placed_by_its_senders(ida: User, north: BranchProfile) -> None:
    text = (
        "2026-03-04T14:02:10Z out1 postfix/qmgr[1]: 4jbgK90c8HzKWXP: from=<b@north.example>, size=9, nrcpt=1 (queue)\n"
        "2026-03-04T14:02:11Z out1 postfix/smtp[1]: 4jbgK90c8HzKWXP: to=<lee@corp.example>, relay=mx[192.0.2.7]:25, "
        "delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 OK)\n"
    )
    upload = read(upload_of(text, by=ida, branch=None))
    assert (upload.source, upload.lines, upload.new) == ("postfix", 2, 1)
    assert Delivery.objects.get().branch == north


class TestTasks:
    def test_when_one_is_done_the_next_is_rung_for(
        self, monkeypatch: pytest.MonkeyPatch, upload: Upload, large: Upload
    ) -> None:
        rung: list[int] = []
        monkeypatch.setattr(tasks.read_upload, "delay", rung.append)
        services.start(upload)
        services.start(large)
        tasks.read_upload(upload.pk)
        assert rung == [large.pk]

    def test_whose_turn_it_is_not_rings_for_nobody(
        self, monkeypatch: pytest.MonkeyPatch, upload: Upload, large: Upload
    ) -> None:
        monkeypatch.setattr(tasks.read_upload, "delay", lambda _: pytest.fail("rung"))
        services.start(upload)
        services.start(large)
        assert runner.claim(large.pk) is not None
        tasks.read_upload(upload.pk)


class TestForgetting:
    def age(self, upload: Upload, days: int) -> None:
        then = timezone.now() - timedelta(days=days)
        Upload.objects.filter(pk=upload.pk).update(at=then, finished_at=upload.finished_at and then)

    def test_files_go_after_some_days_and_what_was_read_stays(self, upload: Upload, settings: Any) -> None:
        read(upload)
        assert runner.forget() == 0
        self.age(upload, settings.LOG_UPLOAD_DAYS + 1)
        assert runner.forget() == 1
        upload.refresh_from_db()
        assert (bool(upload.file), bool(upload.rejected), upload.new) == (False, True, 3)
        self.age(upload, settings.REJECTED_DAYS + 1)
        assert runner.forget() == 1
        assert [path for path in settings.MEDIA_ROOT.rglob("*") if path.is_file()] == []

    def test_also_what_was_never_read(self, upload: Upload, settings: Any) -> None:
        self.age(upload, settings.LOG_UPLOAD_DAYS + 1)
        assert runner.forget() == 1

    def test_not_what_is_being_read(self, upload: Upload, settings: Any) -> None:
        services.start(upload)
        self.age(upload, settings.LOG_UPLOAD_DAYS + 1)
        assert runner.forget() == 0

    def test_at_once_where_the_settings_say_so(self, upload: Upload, settings: Any) -> None:
        settings.LOG_UPLOAD_DAYS = 0
        assert not read(upload).file

    def test_what_never_came_in_whole(self, db: None, settings: Any) -> None:
        left = settings.MEDIA_ROOT / "incoming" / "x.upload"
        left.parent.mkdir(parents=True)
        left.write_bytes(b"x")
        assert runner.forget() == 0
        os.utime(left, (1, 1))
        assert runner.forget() == 1
        assert not left.exists()


def test_states_that_may_be_started_and_those_under_way_are_all() -> None:
    assert {*UploadState} == {"new", "queued", "reading", "done", "stopped", "failed"}
