"""Rows of the log and its counts, for the tests of what is read from them. Nothing here is random."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from portal.branches.models import BranchProfile
from portal.maillog.models import Delivery, MessageLog
from tests import make
from tests.make import NOON

#: Counted days of the tests: the day it is there, and one before.
TODAY = NOON.date()


def counted(branch: BranchProfile, state: str, recipients: int, day: date = TODAY, **fields: Any) -> None:
    """So many recipients in a state on a day."""
    make.day_count(branch, day, state, recipients, **fields)


def many(branch: BranchProfile, rows: int, *, begins: datetime = NOON, **fields: Any) -> list[Delivery]:
    """``rows`` deliveries of one recipient each, a second apart, the newest last."""
    at = [begins + timedelta(seconds=number) for number in range(rows)]
    messages = MessageLog.objects.bulk_create(
        MessageLog(branch=branch, at=moment, key=f"m{moment.isoformat()}") for moment in at
    )
    values: dict[str, Any] = {"state": "accepted", "recipient_domain": "corp.example", **fields}
    return Delivery.objects.bulk_create(
        Delivery(
            message=message, branch=branch, at=message.at, state_at=message.at,
            recipient=f"r{number}@{values['recipient_domain']}",
            recipient_normal=f"r{number}@{values['recipient_domain']}", **values,
        )
        for number, message in enumerate(messages)
    )  # fmt: skip
