"""Taking a file off a draft."""

from __future__ import annotations

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse

from tickets.models import Attachment, Report, ReportState


@pytest.fixture
def attachment(report: Report) -> Attachment:
    made = Attachment(report=report, name="a.txt", content_type="text/plain", size=2, sha256="a")
    made.file.save("stored", ContentFile(b"hi"), save=True)
    return made


def there(attachment: Attachment) -> str:
    return reverse("attachment_remove", args=[attachment.code])


def test_it_goes_with_its_content(
    as_nora: Client,
    attachment: Attachment,
    django_capture_on_commit_callbacks,  # type: ignore[no-untyped-def]
) -> None:
    name, storage = attachment.file.name, attachment.file.storage
    with django_capture_on_commit_callbacks(execute=True):
        assert as_nora.post(there(attachment)).status_code == 302
    assert not Attachment.objects.exists()
    assert not storage.exists(name)


def test_what_is_part_of_a_ticket_stays(as_nora: Client, attachment: Attachment) -> None:
    Report.objects.update(state=ReportState.SUBMITTED)
    as_nora.post(there(attachment))
    assert Attachment.objects.exists()


def test_stranger(as_sven: Client, attachment: Attachment) -> None:
    assert as_sven.post(there(attachment)).status_code == 404
    assert Attachment.objects.exists()


def test_method(as_nora: Client, attachment: Attachment) -> None:
    assert as_nora.get(there(attachment)).status_code == 405
