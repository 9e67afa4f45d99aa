"""What is looked at by itself, how it stood when it was last looked at, and what admins are told of it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from diagnostics.models import Run
from portal.branches.models import SendingDomain, SendingServer


class Watch(models.Model):
    """One thing that is looked at again and again: a From-domain, a sending server, or a list that is asked.

    ``standing`` holds what needs somebody, by a key of code and title: ``{"check", "verdict", "actor", "title"}``. What
    could not be found out this time stands as it stood before. ``run`` is the last look, ``is_read`` whether its
    findings have been compared.
    """

    domain = models.OneToOneField(SendingDomain, on_delete=models.CASCADE, null=True, related_name="watch")
    server = models.OneToOneField(SendingServer, on_delete=models.CASCADE, null=True, related_name="watch")
    zone = models.CharField("list", max_length=253, null=True, unique=True)
    next_at = models.DateTimeField()
    run = models.ForeignKey(Run, on_delete=models.SET_NULL, null=True, related_name="+")
    is_read = models.BooleanField(default=True)
    looked_at = models.DateTimeField(null=True)
    standing = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(domain__isnull=False, server=None, zone=None)
                | Q(domain=None, server__isnull=False, zone=None)
                | Q(domain=None, server=None, zone__isnull=False),
                name="watch_of_one_thing",
            )
        ]
        indexes = [
            # What is due, the longest overdue first.
            models.Index(fields=["next_at"], name="watch_due"),
            # Whose last look has not been read yet.
            models.Index(fields=["id"], condition=Q(is_read=False), name="watch_unread"),
        ]

    def __str__(self) -> str:
        return str(self.domain or self.server or self.zone)


class Notice(models.Model):
    """Something bad that was found by itself: said once when it begins, and closed when it is over.

    ``watch`` is what was looked at. A room that watches by itself opens notices without one
    (:func:`portal.watch.services.open_notice`): ``about`` says what it concerns, ``reason`` why it was opened, ``link``
    where to look. So do notices about a sending address, which is nobody's From-domain: theirs is the sending server.
    """

    watch = models.ForeignKey(Watch, on_delete=models.CASCADE, null=True, related_name="notices")
    key = models.CharField(max_length=255)
    about = models.CharField(max_length=255, blank=True)
    title = models.CharField(max_length=255)
    reason = models.TextField(max_length=1000, blank=True)
    link = models.CharField(max_length=500, blank=True)
    actor = models.CharField(max_length=20)
    opened = models.DateTimeField(default=timezone.now)
    closed = models.DateTimeField(null=True)
    is_told = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["watch", "key"], condition=Q(closed=None), name="notice_once_while_open"),
            models.UniqueConstraint(
                fields=["key"], condition=Q(closed=None, watch=None), name="notice_once_by_its_key"
            ),
        ]
        indexes = [
            # The notices, newest first.
            models.Index(fields=["-opened", "-id"], name="notice_newest"),
            # Those that nobody has been told of.
            models.Index(fields=["opened"], condition=Q(is_told=False, closed=None), name="notice_untold"),
            # Those that other rooms opened, by what they are about.
            models.Index(fields=["key", "-opened"], condition=Q(watch=None), name="notice_by_key"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        return self.closed is None

    @property
    def subject(self) -> str:
        """What it concerns, in a word."""
        return self.about or str(self.watch or "")

    @property
    def url(self) -> str:
        """Where to look; "" where there is nothing to be seen beside the notice."""
        domain = self.watch.domain if self.watch is not None else None
        if self.link or domain is None:
            return self.link
        return reverse("domain_report", args=[domain.branch.code, domain.pk])
