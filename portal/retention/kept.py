"""What is kept for how long: one row a kind, with how to count and how to drop what is older.

Counts by day, month and domain are kept for good: they name nobody. Settings give the days.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from portal.maillog import partitions
from portal.maillog.models import (
    AttemptCount,
    CaseNote,
    Delivery,
    DeliveryEvent,
    ErasedRecipient,
    HourCount,
    IngestBatch,
    LogCoverage,
    MessageLog,
)
from tickets.models import Report

PIECE = 5000


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of record: what it is, which setting says for how many days, how old ones are counted and dropped.

    ``oldest`` gives the time of the oldest row, ``count`` and ``drop`` take the first day that stays.
    """

    slug: str
    name: str
    about: str
    setting: str
    model: type[models.Model]
    column: str
    count: Callable[[date], int]
    drop: Callable[[date], int]

    @property
    def days(self) -> int:
        return int(getattr(settings, self.setting))

    @property
    def first_kept(self) -> date:
        """The first day whose records stay."""
        return (timezone.now() - timedelta(days=self.days)).date()

    def months(self) -> list[str]:
        """The months (partitions) that would be dropped whole."""
        cut = self.first_kept.replace(day=1)
        return [item.name for item in partitions.partitions_of(self.model) if item.ends.date() <= cut]


def _partitioned(slug: str, name: str, about: str, setting: str, model: type[models.Model]) -> Kind:
    return Kind(
        slug,
        name,
        about,
        setting,
        model,
        "at",
        lambda day: partitions.count_before(model, day),
        lambda day: _drop_log(model, day),
    )


def _plain(slug: str, name: str, about: str, setting: str, model: type[models.Model], column: str = "at") -> Kind:
    def rows(day: date) -> models.QuerySet[Any]:
        return model._default_manager.filter(**{f"{column}__lt": datetime.combine(day, time(), UTC)})

    return Kind(slug, name, about, setting, model, column, lambda day: rows(day).count(), lambda day: _drop(rows(day)))


def _drop_log(model: type[models.Model], day: date) -> int:
    if model is Delivery:
        # The database cannot do this for a partitioned table.
        cut = _cut(day)
        Report.objects.filter(delivery__at__lt=cut).update(delivery=None)
        # Of the time whose records have gone, nothing follows from there being none.
        LogCoverage.objects.filter(ends__lte=cut).delete()
        LogCoverage.objects.filter(begins__lt=cut).update(begins=cut)
    return partitions.drop_before(model, day)


def _cut(day: date) -> datetime:
    """From when on deliveries stay: months are dropped whole, where there are partitions."""
    first = day.replace(day=1) if partitions.is_partitioned() else day
    return datetime.combine(first, time(), UTC)


def _erased(day: date) -> models.QuerySet[ErasedRecipient]:
    """As long as the log is known to be complete of a time before it, an erased recipient has to be known."""
    return ErasedRecipient.objects.filter(at__lt=_cut(day))


def _drop(rows: models.QuerySet[Any]) -> int:
    """Delete in pieces, each a transaction of its own, so that others get their turn."""
    dropped = 0
    while numbers := list(rows.values_list("pk", flat=True)[:PIECE]):
        dropped += rows.model._default_manager.filter(pk__in=numbers).delete()[0]
    return dropped


KINDS: tuple[Kind, ...] = (
    _partitioned(
        "events",
        "Lines of logs",
        "Each thing that happened to a delivery, with the raw line. How far it got, and the last reply, stay with it.",
        "EVENT_DAYS",
        DeliveryEvent,
    ),
    _partitioned("deliveries", "Deliveries", "One row a message and recipient.", "LOG_DAYS", Delivery),
    _partitioned("messages", "Messages", "One row a message: subject, Message-ID, function.", "LOG_DAYS", MessageLog),
    _plain("case-notes", "Case notes", "Clients' profiles say that a message was sent.", "LOG_DAYS", CaseNote),
    Kind(
        "erased",
        "That a recipient was erased",
        "Without the address. Until then nobody may be told that nothing was sent to them.",
        "LOG_DAYS",
        ErasedRecipient,
        "at",
        lambda day: _erased(day).count(),
        lambda day: _drop(_erased(day)),
    ),
    _plain("hours", "Counts by the hour", "Those by the day and the month stay.", "HOUR_DAYS", HourCount, "hour"),
    _plain("attempts", "Attempts by the hour", "By server and provider.", "HOUR_DAYS", AttemptCount, "hour"),
    _plain("batches", "Readings of logs", "What each reading brought in and rejected.", "LOG_DAYS", IngestBatch),
)
