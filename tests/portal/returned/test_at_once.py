"""Many at once: a mail that comes by two ways in the same moment, and one that two workers take up."""

from __future__ import annotations

import pytest
from django.db import connection
from django.utils import timezone

from portal.branches.models import BranchProfile
from portal.maillog.models import Delivery, DeliveryEvent
from portal.returned import runner
from portal.returned.models import ReturnedMail
from portal.returned.services import take
from tests.portal.returned.conftest import dsn, log
from tests.portal.suppression.test_at_once import at_once

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite in memory is one connection's."),
]


def test_one_mail_and_one_event(north: BranchProfile) -> None:
    now = timezone.now()
    log(north, at=now)
    at_once(lambda number: take(dsn(at=now), source=f"way {number}", rings=False), 16)
    mail = ReturnedMail.objects.get()
    at_once(lambda number: runner.perform(mail.pk), 16)
    assert mail.recipients.count() == 1
    assert DeliveryEvent.objects.filter(state="refused").count() == 1
    assert Delivery.objects.get().state == "refused"


def test_logs_and_mails_at_once(north: BranchProfile) -> None:
    """Whichever comes first, and in the midst of each other: in the end each delivery has its event once."""
    now = timezone.now()

    def come(number: int) -> None:
        name = f"p{number // 2}@corp.example"
        if number % 2:
            log(north, name, key=name, message_id=f"<{name}>", at=now)
        else:
            mail, _ = take(dsn(name, message_id=name, at=now), source="way", rings=False)
            runner.perform(mail.pk)

    at_once(come, 40)
    for pk in ReturnedMail.objects.values_list("pk", flat=True):
        runner.perform(pk)
    assert list(Delivery.objects.values_list("state", flat=True)) == ["refused"] * 20
    assert DeliveryEvent.objects.filter(state="refused").count() == 20
