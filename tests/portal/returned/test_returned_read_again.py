"""Reading a mail again."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from portal.branches.models import BranchProfile
from portal.returned import tasks
from portal.returned.models import ReturnedMail
from tests.portal.returned.conftest import came, dsn, log, only


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    calls: list[Any] = []
    monkeypatch.setattr(tasks.read_returned, "apply_async", lambda args, **options: calls.append(args))
    return calls


def test_it_works(
    as_ida: Client, north: BranchProfile, rung: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    mail = came(dsn())
    delivery = log(north)
    with django_capture_on_commit_callbacks(execute=True):
        assert as_ida.post(f"/returned/{mail.pk}/read-again/").headers["Location"] == f"/returned/{mail.pk}/"
    assert rung == [(mail.pk,)]
    tasks.read_returned(mail.pk)
    mail.refresh_from_db()
    assert (mail.kind, only(mail).delivery) == ("bounce", delivery.pk)


def test_a_text_that_has_been_forgotten(as_ida: Client, north: BranchProfile, rung: list[Any]) -> None:
    mail = came(dsn())
    ReturnedMail.objects.update(raw=None)
    assert as_ida.post(f"/returned/{mail.pk}/read-again/").status_code == 302
    mail.refresh_from_db()
    assert (mail.kind, mail.recipients.count(), rung) == ("bounce", 1, [])


def test_who_may_not(as_nora: Client, as_ida: Client, north: BranchProfile) -> None:
    mail = came(dsn())
    assert as_nora.post(f"/returned/{mail.pk}/read-again/").status_code == 403
    assert as_ida.get(f"/returned/{mail.pk}/read-again/").status_code == 405
    assert as_ida.post(f"/returned/{mail.pk + 1}/read-again/").status_code == 404


def test_the_sweep_reads_too(db: None) -> None:
    mail = came(dsn())
    ReturnedMail.objects.update(kind="unread", next_try=mail.received, tries=0)
    mail.recipients.all().delete()
    tasks.sweep_returned()
    tasks.forget_returned()
    mail.refresh_from_db()
    assert mail.kind == "bounce"
