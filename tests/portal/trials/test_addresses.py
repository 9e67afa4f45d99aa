"""Where test messages are sent, and what is said of whether they can come."""

from __future__ import annotations

from typing import Any

import pytest

from portal.trials.addresses import Reach, address_of, new_token, reach, trial_at
from portal.trials.models import Trial
from portal.trials.system_checks import address_can_be_read


def test_the_address_leads_back(trial: Trial) -> None:
    assert trial_at(address_of(trial)) == trial
    assert trial_at(address_of(trial).upper()) == trial
    assert trial_at(address_of(trial).replace("desk.example", "other.example")) is None
    assert trial_at("test+%00@desk.example") is None
    assert len({new_token() for _ in range(50)}) == 50


@pytest.mark.parametrize(
    ("address", "mailroom", "mailbox", "expected"),
    [
        ("", "0.0.0.0:25", "imap.vendor.net", Reach.NONE),
        ("test+<token>@desk.example", "0.0.0.0:25", "", Reach.NOWHERE),
        ("test+<token>@desk.vendor.net", "127.0.0.1:8025", "", Reach.HERE),
        ("test+<token>@desk.vendor.net", "[::1]:8025", "", Reach.HERE),
        ("test+<token>@desk.vendor.net", "localhost", "", Reach.HERE),
        ("test+<token>@desk.vendor.net", "127.0.0.1:8025", "imap.vendor.net", Reach.OUTSIDE),
        ("test+<token>@desk.vendor.net", "0.0.0.0:25", "", Reach.OUTSIDE),
        ("test+<token>@desk.vendor.net", "", "", Reach.UNKNOWN),
    ],
)
def test_what_is_known_of_the_way(settings: Any, address: str, mailroom: str, mailbox: str, expected: Reach) -> None:
    settings.TRIAL_ADDRESS, settings.MAILROOM, settings.IMAP_HOST = address, mailroom, mailbox
    assert reach() is expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("", []),
        ("test+<token>@desk.example", []),
        ("test@desk.example", ["trials.E001"]),
        ("test", ["trials.E001"]),
        ("test+<token>-<recipient>@desk.example", ["trials.E001"]),
    ],
)
def test_the_setting(settings: Any, address: str, expected: list[str]) -> None:
    settings.TRIAL_ADDRESS = address
    assert [item.id for item in address_can_be_read(None)] == expected
