"""The demo world: loads into an empty database alone, and tells one story of each kind."""

from __future__ import annotations

import json
from collections import Counter
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.utils import timezone

from diagnostics import runner
from diagnostics.models import Run
from portal.branches.models import BranchProfile
from portal.maillog.models import AttemptCount, Delivery, IngestBatch
from portal.maillog.rules import unclassified
from portal.planning import runner as planning
from portal.planning.models import Mailing
from portal.returned.models import ReturnedMail
from portal.signing import rounds
from portal.signing.models import SigningKey
from portal.standing.models import Standing
from portal.suppression.models import Suppression
from portal.trials.models import TrialMessage
from portal.trials.selectors import report_of, runs_of
from tickets.models import Event, Exit, Incident, Report, Ticket
from tickets.selectors.reconciled import NOT_THEIRS


@pytest.fixture(autouse=True)
def _takes_test_messages(settings: Any) -> None:
    """As the embedded default does."""
    settings.TRIAL_ADDRESS = "test+<token>@desk.example"


def test_it_is_a_lived_in_world(db: None) -> None:
    call_command("demo", stdout=StringIO())
    assert set(BranchProfile.objects.values_list("code", flat=True)) == {"north", "harbor", "summit"}
    batches = dict(IngestBatch.objects.values_list("source", "rejected_count"))
    assert batches.keys() >= {"jsonl", "dsn"}
    assert not any(batches.values())
    assert Delivery.objects.count() > 400
    causes = set(Delivery.objects.exclude(cause="").values_list("cause", flat=True))
    assert causes >= {
        "no_such_user", "mailbox_full", "mailbox_disabled", "domain_or_dns", "recipient_policy", "sender_ip_blocked",
        "message_too_big", "malware_or_attachment", "spam_content", "tls_required", "relay_denied", "malformed_message",
        "network_or_timeout", "auth_failure", "self_to_self_blocked", "rdns_missing", "sender_address_rejected",
        "rate_limited", "send_error",
    }  # fmt: skip
    kinds = Counter(ReturnedMail.objects.values_list("kind", flat=True))
    assert kinds == {"bounce": 2, "complaint": 3, "auto_reply": 1, "not_a_bounce": 1}
    assert ReturnedMail.objects.filter(unmatched__gt=0).count() == 2
    zone = json.loads(Path(settings.BASE_DIR, "portal/demo/zone.json").read_text())
    answered = Delivery.objects.exclude(reply_code="").exclude(cause__in=NOT_THEIRS).exclude(remote_host="")
    assert {
        domain for domain in answered.values_list("recipient_domain", flat=True) if "MX" not in zone[domain]
    } == set()
    reasons = set(Suppression.objects.values_list("reason", flat=True))
    assert reasons == {"hard_bounce", "complaint", "opt_out", "manual"}
    assert [kind.count for kind in unclassified().rows] == [3, 1]
    assert dict(Standing.objects.values_list("branch__code", "state")) == {
        "north": "good", "harbor": "good", "summit": "suspended",
    }  # fmt: skip
    assert set(AttemptCount.objects.values_list("server", flat=True)) == {
        "smtp.xenegrade.example", "mail.summit.example",
    }  # fmt: skip
    exits = set(Report.objects.values_list("exit", flat=True))
    assert exits >= {Exit.ADDRESS_CORRECTED, Exit.NOT_SENT, Exit.FOUND_IN_JUNK, Exit.SUSPENDED, Exit.TICKET}
    assert set(Ticket.objects.values_list("state", flat=True)) >= {"new", "open", "waiting", "solved"}
    incident = Incident.objects.get()
    assert sorted(incident.tickets.values_list("branch__code", "suggested_cause", "is_open")) == [
        ("harbor", "sender_ip_blocked", True), ("north", "sender_ip_blocked", True),
    ]  # fmt: skip
    merged = Ticket.objects.select_related("merged_into").get(merged_into__isnull=False)
    assert (merged.branch, merged.suggested_cause, merged.state) == (
        merged.merged_into.branch, "sender_ip_blocked", "closed",
    )  # fmt: skip
    assert merged.merged_into in incident.tickets.all()
    assert not Event.objects.filter(is_told=False).exists()
    assert all(event.at <= timezone.now() for event in Event.objects.all())
    message = TrialMessage.objects.select_related("trial").get()
    assert Report.objects.get(code=message.trial.report).recipient == "a.meyer@stateagency.example"
    assert (message.address, message.connection is not None) == ("192.0.2.10", True)
    # A run for each report, and the two that look at the test message.
    assert Run.objects.count() == Report.objects.count() + 2
    keys = dict(SigningKey.objects.values_list("domain__domain", "state"))
    assert keys == {"north.example": "issued", "harbor.example": "issued", "summit-alumni.example": "asked"}


def test_its_rooms_are_furnished_once_a_worker_has_looked(db: None, settings: Any) -> None:
    """What the worker and the beat of a desk that has just begun make of it."""
    settings.DIAGNOSTICS_ZONE = str(Path(settings.BASE_DIR, "portal/demo/zone.json"))
    settings.DNSBL_ZONES, settings.PICTURE_PROBE = ["none"], True
    call_command("demo", stdout=StringIO())
    message = TrialMessage.objects.get()
    for run in runs_of(message):
        runner.perform(run.pk)
    report = report_of(TrialMessage.objects.get())
    assert report.judgement is not None
    assert (report.is_over, report.judgement.code) == (True, "trial.not_believed")
    assert {item.code for item in report.own.findings} >= {"message.dkim_none", "content.image_no_host"}
    mailing = Mailing.objects.get()
    planning.perform(mailing.pk)
    mailing.refresh_from_db()
    assert mailing.state == "done"
    assert mailing.results["counts"].keys() >= {
        "fine",
        "mistyped",
        "malformed",
        "duplicate",
        "suppressed",
        "failed_before",
    }
    for pk in rounds.due():
        rounds.look_at(pk)
    keys = dict(SigningKey.objects.values_list("domain__domain", "state"))
    assert keys == {"north.example": "published", "harbor.example": "issued", "summit-alumni.example": "asked"}


def test_where_no_test_messages_are_taken_there_is_none(db: None, settings: Any) -> None:
    settings.TRIAL_ADDRESS = ""
    call_command("demo", stdout=StringIO())
    assert not TrialMessage.objects.exists()
    assert Mailing.objects.exists()


def test_it_never_mixes_with_what_is_there(north: BranchProfile) -> None:
    with pytest.raises(CommandError):
        call_command("demo")
    assert BranchProfile.objects.count() == 1
