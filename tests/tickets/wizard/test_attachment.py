"""Handing a file out: to those who may see the report, to be saved, never shown in place."""

from __future__ import annotations

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse

from portal.accounts.models import User
from tickets.models import Attachment, Event, Report, Ticket


@pytest.fixture
def attachment(report: Report) -> Attachment:
    made = Attachment(
        report=report, name="bounce – 1.txt", content_type="text/plain; charset=utf-8", size=5, sha256="a"
    )
    made.file.save("stored", ContentFile(b"<b>hi"), save=True)
    return made


def there(attachment: Attachment) -> str:
    return reverse("attachment", args=[attachment.code])


def test_it_is_to_be_saved(as_nora: Client, attachment: Attachment) -> None:
    response = as_nora.get(there(attachment))
    assert b"".join(response.streaming_content) == b"<b>hi"  # type: ignore[attr-defined]
    assert response.headers["Content-Disposition"].startswith("attachment;")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_support_and_admins_see_it(as_ida: Client, as_ada: Client, attachment: Attachment) -> None:
    for client in (as_ida, as_ada):
        response = client.get(there(attachment))
        assert response.status_code == 200
        assert b"".join(response.streaming_content)  # type: ignore[attr-defined]


def test_stranger(as_sven: Client, attachment: Attachment) -> None:
    assert as_sven.get(there(attachment)).status_code == 404


def test_a_file_of_a_note_is_supports(as_nora: Client, as_ida: Client, attachment: Attachment, ida: User) -> None:
    report = attachment.report
    ticket = Ticket.objects.create(
        number=1, report=report, branch=report.branch, recipient=report.recipient, recipient_domain="corp.example"
    )
    attachment.event = Event.objects.create(ticket=ticket, by=ida, kind="note", is_public=False)
    attachment.save()
    assert as_nora.get(there(attachment)).status_code == 404
    response = as_ida.get(there(attachment))
    assert response.status_code == 200
    assert b"".join(response.streaming_content)  # type: ignore[attr-defined]


def test_a_file_that_is_gone(as_nora: Client, attachment: Attachment) -> None:
    attachment.file.storage.delete(attachment.file.name)
    assert as_nora.get(there(attachment)).status_code == 404


def test_anonymous(client: Client, attachment: Attachment) -> None:
    assert client.get(there(attachment)).status_code == 302


def test_method(as_nora: Client, attachment: Attachment) -> None:
    assert as_nora.post(there(attachment)).status_code == 405
