"""What the checks found first stands as a problem in the queue only where it may be why."""

from __future__ import annotations

import pytest

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from tests.tickets.queue.conftest import make_ticket
from tickets.templatetags.tickets import headline_explains


@pytest.mark.parametrize(
    ("cause", "code", "expected"),
    [
        ("", "list.listed", True),
        ("unknown", "list.listed", True),
        ("sender_ip_blocked", "list.listed", True),
        ("mailbox_full", "list.listed", False),
        ("auth_failure", "dkim.absent", True),
        ("not_sent", "dkim.absent", False),
        ("address_typo", "mx.no_domain", True),
        ("rate_limited", "mx.no_domain", False),
    ],
)
def test_it_explains(north: BranchProfile, nora: User, cause: str, code: str, expected: bool) -> None:
    ticket = make_ticket(3, north, nora, suggested_cause=cause)
    assert ticket.run is not None
    ticket.run.headline_code = code
    assert headline_explains(ticket) is expected
