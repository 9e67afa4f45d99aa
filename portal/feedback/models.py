"""What receivers and mail services told us by themselves, and which branch it is about."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper
from django.utils import timezone

from portal.branches.models import BranchProfile


class AggregateReport(models.Model):
    """A DMARC aggregate report of one receiver about one domain. ``branch`` is empty for a domain of none of ours."""

    branch = models.ForeignKey(BranchProfile, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    domain = models.CharField(max_length=255)
    organisation = models.CharField(max_length=255)
    report_id = models.CharField(max_length=255)
    begins = models.DateTimeField()
    ends = models.DateTimeField()
    policy = models.JSONField(default=dict)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["domain", "organisation", "report_id", "begins"], name="aggregate_report_once"
            )
        ]
        indexes = [
            # The reports about a branch's domains, newest first.
            models.Index(fields=["branch", "-ends", "-id"], name="aggregate_of_branch"),
            # What is over its time.
            models.Index(fields=["ends"], name="aggregate_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.organisation} on {self.domain}"


class SourceDay(models.Model):
    """Mail that was sent as a domain from one address on one day, over all reports: how much, and how it was judged.

    ``passed`` counts what DKIM or SPF vouched for in the name of the From-domain; ``held`` what receivers put to junk
    or refused for that.
    """

    branch = models.ForeignKey(BranchProfile, on_delete=models.CASCADE, related_name="+")
    domain = models.CharField(max_length=255)
    day = models.DateField()
    source_ip = models.GenericIPAddressField()
    messages = models.BigIntegerField(default=0)
    dkim = models.BigIntegerField(default=0)
    spf = models.BigIntegerField(default=0)
    passed = models.BigIntegerField(default=0)
    held = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["branch", "domain", "day", "source_ip"], name="source_once_a_day")
        ]

    def __str__(self) -> str:
        return f"{self.source_ip} as {self.domain} on {self.day}"


class TLSReport(models.Model):
    """A TLS report of one sender about one of our domains as a receiver."""

    branch = models.ForeignKey(BranchProfile, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    domain = models.CharField(max_length=255)
    organisation = models.CharField(max_length=255)
    report_id = models.CharField(max_length=255)
    policy = models.CharField(max_length=20)
    begins = models.DateTimeField()
    ends = models.DateTimeField()
    successes = models.BigIntegerField(default=0)
    failures = models.BigIntegerField(default=0)
    details = models.JSONField(default=list)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["domain", "organisation", "report_id", "policy", "begins"], name="tls_report_once"
            )
        ]
        indexes = [
            # The reports about a branch's domains, newest first.
            models.Index(fields=["branch", "-ends", "-id"], name="tls_report_of_branch"),
            # What is over its time.
            models.Index(fields=["ends"], name="tls_report_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.organisation} on {self.domain}"


class ServiceEvent(models.Model):
    """What a mail service told by its webhook. One that fits no message of ours yet is kept, and tried again."""

    service = models.CharField(max_length=40)
    key = models.CharField(max_length=64, unique=True, help_text="What makes the same event told twice one.")
    kind = models.CharField(max_length=20)
    at = models.DateTimeField()
    recipient = models.CharField(max_length=320, blank=True)
    message_id = models.CharField(max_length=255, blank=True)
    reply = models.TextField(blank=True)
    branch_code = models.CharField(max_length=40, blank=True, help_text="The branch the event names in its metadata.")
    raw = models.JSONField(default=dict)
    branch = models.ForeignKey(BranchProfile, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    why_not = models.CharField(max_length=200, blank=True, help_text="Why it is not in the log.")
    came = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [
            # What fits nothing yet, newest first.
            models.Index(fields=["-came", "-id"], condition=~Q(why_not=""), name="service_event_unplaced"),
            # What is over its time.
            models.Index(fields=["came"], name="service_event_by_time"),
            # What was told of an address.
            models.Index(Upper("recipient"), name="service_event_of_address"),
        ]

    def __str__(self) -> str:
        return f"{self.service}: {self.kind} for {self.recipient}"
