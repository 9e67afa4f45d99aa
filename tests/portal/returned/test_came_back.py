"""What came back of a delivery, as its own page shows it."""

from __future__ import annotations

import pytest
from django.template import Context, Template

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.maillog.models import Delivery
from tests.portal.returned.conftest import came, dsn, log, out_of_office

PAGE = Template("{% load returned %}{% came_back delivery %}")


def panel(viewer: User, delivery: Delivery) -> str:
    return PAGE.render(Context({"user": viewer, "delivery": delivery}))


@pytest.fixture
def delivery(north: BranchProfile) -> Delivery:
    return log(north)


def test_nothing_where_nothing_came_back(delivery: Delivery, ida: User) -> None:
    assert not panel(ida, delivery).strip()


def test_support_opens_the_mail_and_staff_read_what_it_says(
    delivery: Delivery, ida: User, nora: User, sven: User
) -> None:
    mail = came(dsn())
    came(out_of_office())
    assert f"/returned/{mail.pk}/" in panel(ida, delivery)
    assert "/returned/" not in panel(nora, delivery)
    assert 'data-actor="branch"' in panel(nora, delivery)
    assert not panel(sven, delivery).strip()
