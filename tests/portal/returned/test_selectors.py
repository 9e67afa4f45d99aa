"""Who reads what of what came back."""

from __future__ import annotations

import pytest
from django.http import Http404

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.returned import selectors
from portal.returned.models import Kind
from portal.returned.words import told_of
from tests.portal.returned.conftest import came, complaint, dsn, log, only, out_of_office


def test_what_came_back_of_a_delivery(
    north: BranchProfile, nora: User, sven: User, ida: User, django_assert_num_queries: object
) -> None:
    delivery = log(north)
    bounce, notice = came(dsn()), came(out_of_office())
    for viewer in (nora, ida):
        found = selectors.returned_for(viewer, delivery)
        assert {row.recipient.mail for row in found} == {bounce, notice}
    assert selectors.returned_for(sven, delivery) == []
    with django_assert_num_queries(2):  # type: ignore[operator]
        selectors.returned_for(ida, delivery)


def test_staff_open_no_mail(north: BranchProfile, nora: User, ida: User) -> None:
    log(north)
    mail = came(dsn())
    assert not selectors.returned_mails(nora).exists()
    with pytest.raises(Http404):
        selectors.returned_mail_for(nora, mail.pk)
    assert selectors.returned_mail_for(ida, mail.pk) == mail


@pytest.mark.parametrize(
    ("narrowed", "found"),
    [
        ({}, {"bounce", "complaint", "auto_reply"}),
        ({"kind": "bounce"}, {"bounce"}),
        ({"matched": "yes"}, {"bounce"}),
        ({"matched": "no"}, {"complaint"}),
        ({"address": "Lee@corp.example"}, {"bounce", "auto_reply"}),
        ({"address": "kim@corp.example"}, {"complaint"}),
        ({"address": "nobody@corp.example"}, set()),
    ],
)
def test_narrowing(north: BranchProfile, ida: User, narrowed: dict[str, str], found: set[str]) -> None:
    log(north)
    for octets in (dsn(), complaint("kim@corp.example", message_id="x@y"), out_of_office()):
        came(octets)
    assert {mail.kind for mail in selectors.returned_mails(ida, **narrowed)} == found


def test_how_many_wait(ida: User, north: BranchProfile) -> None:
    for number in range(3):
        came(dsn(f"p{number}@corp.example"))
    assert selectors.how_many_unmatched(ida) == "3"
    assert selectors.how_many_unmatched(ida, most=2) == "2+"


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_words(north: BranchProfile, kind: Kind) -> None:
    mail = came(dsn())
    mail.kind = kind
    told = told_of(mail, only(mail))
    assert told.title
    assert told.actor


@pytest.mark.parametrize("feedback", ["abuse", "fraud", "virus", "other", "opt-out", "not-spam", "auth-failure", "new"])
def test_every_complaint_has_words(north: BranchProfile, feedback: str) -> None:
    mail = came(complaint(feedback=feedback))
    assert told_of(mail, only(mail)).remedy
