"""Saying that a mail is no bounce."""

from __future__ import annotations

from django.test import Client

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from tests.portal.returned.conftest import came, dsn, log, only


def test_it_works(as_ida: Client, ida: User, north: BranchProfile) -> None:
    delivery = log(north)
    mail = came(dsn())
    assert as_ida.post(f"/returned/{mail.pk}/not-a-bounce/").headers["Location"] == f"/returned/{mail.pk}/"
    mail.refresh_from_db()
    delivery.refresh_from_db()
    assert (mail.kind, mail.marked_by, delivery.state, only(mail).how) == ("not_a_bounce", ida, "submitted", "")
    assert b"Ida Berg" in as_ida.get(f"/returned/{mail.pk}/").content


def test_who_may_not(as_nora: Client, as_ida: Client, north: BranchProfile) -> None:
    mail = came(dsn())
    assert as_nora.post(f"/returned/{mail.pk}/not-a-bounce/").status_code == 403
    assert as_ida.get(f"/returned/{mail.pk}/not-a-bounce/").status_code == 405
    assert as_ida.post(f"/returned/{mail.pk + 1}/not-a-bounce/").status_code == 404
    mail.refresh_from_db()
    assert mail.kind == "bounce"
