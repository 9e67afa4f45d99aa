"""The demo world: loads into an empty database alone, and tells one story of each kind."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from diagnostics.models import Run
from portal.branches.models import BranchProfile
from portal.maillog.models import Delivery, IngestBatch
from tickets.models import Exit, Report, Ticket


def test_it_is_a_lived_in_world(db: None) -> None:
    call_command("demo", stdout=StringIO())
    assert set(BranchProfile.objects.values_list("code", flat=True)) == {"north", "harbor", "summit"}
    assert IngestBatch.objects.get().rejected_count == 0
    assert Delivery.objects.count() > 400
    causes = set(Delivery.objects.exclude(cause="").values_list("cause", flat=True))
    assert causes >= {
        "no_such_user", "mailbox_full", "mailbox_disabled", "domain_or_dns", "recipient_policy", "sender_ip_blocked",
        "message_too_big", "malware_or_attachment", "spam_content", "tls_required", "relay_denied", "malformed_message",
        "network_or_timeout", "auth_failure", "self_to_self_blocked", "rdns_missing", "sender_address_rejected",
        "rate_limited", "send_error",
    }  # fmt: skip
    exits = set(Report.objects.values_list("exit", flat=True))
    assert exits >= {Exit.ADDRESS_CORRECTED, Exit.NOT_SENT, Exit.FOUND_IN_JUNK, Exit.SUSPENDED, Exit.TICKET}
    assert set(Ticket.objects.values_list("state", flat=True)) >= {"new", "open", "waiting", "solved"}
    assert Run.objects.count() == Report.objects.count()


def test_it_never_mixes_with_what_is_there(north: BranchProfile) -> None:
    with pytest.raises(CommandError):
        call_command("demo")
    assert BranchProfile.objects.count() == 1
