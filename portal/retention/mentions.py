"""Wherever else an address is written: notes, reasons, filters, answers of the API, what people typed.

Every text and JSON field of the desk's own tables is looked through, but for those that are named below with why. So a
field that a later version adds is reached without anybody thinking of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from operator import or_
from typing import Any

from django.apps import apps
from django.db import models

from portal.retention.person import Person, is_named, is_named_in_json, may_name

#: Of these rooms nothing is ours to rewrite: their tables belong to Django and the libraries.
ROOMS = ("portal.", "tickets", "diagnostics")
#: Tables that another place takes care of, by an index or by reading files; they may be very large.
ELSEWHERE = frozenset(
    {
        "maillog.Delivery", "maillog.DeliveryEvent", "maillog.MessageLog", "maillog.IngestBatch",
        "maillog.HourCount", "maillog.DayCount", "maillog.DayPart", "maillog.DomainCount", "maillog.AttemptCount",
        "maillog.MissingCount",
        "diagnostics.Run", "diagnostics.StoredFinding", "diagnostics.ReceivedMessage",
        # The certificate is being written; both hold only a digest of the address.
        "retention.Erasure", "maillog.ErasedRecipient",
    }
)  # fmt: skip
#: Fields that keep the address on purpose; ``KEPT`` in ``places`` tells of them on the certificate.
KEPT_FIELDS = frozenset(
    {
        "suppression.Suppression.address", "suppression.Suppression.address_normal",
        "accounts.User.email", "accounts.User.name",
        "branches.BranchProfile.notification_address", "ownserver.OwnServer.sender", "ownserver.OwnServer.username",
        "api.Token.digest",
    }
)  # fmt: skip


def _tables() -> Iterator[tuple[type[models.Model], list[models.Field[Any, Any]]]]:
    """Each table with the fields in which an address can be written."""
    for model in apps.get_models():
        if not model.__module__.startswith(ROOMS) or model._meta.label in ELSEWHERE:
            continue
        fields: list[models.Field[Any, Any]] = [
            field
            for field in model._meta.concrete_fields
            if isinstance(field, models.CharField | models.TextField | models.JSONField)
            and not isinstance(field, models.FileField)
            and not field.choices
            and not field.primary_key
            and f"{model._meta.label}.{field.name}" not in KEPT_FIELDS
        ]
        if fields:
            yield model, fields


def _holding(field: models.Field[Any, Any], value: Any, address: str) -> bool:
    if not value:
        return False
    return is_named_in_json(address, value) if isinstance(field, models.JSONField) else is_named(address, str(value))


def _rows(address: str) -> Iterator[tuple[models.Model, list[models.Field[Any, Any]]]]:
    """Each row that names the address, and in which of its fields."""
    for model, fields in _tables():
        wanted = reduce(or_, (may_name(field.name, address) for field in fields))
        for row in model._default_manager.filter(wanted).order_by("pk").iterator(200):
            named = [field for field in fields if _holding(field, getattr(row, field.name), address)]
            if named:
                yield row, named


def count_mentions(address: str) -> int:
    return sum(1 for _ in _rows(address))


def take_out_of_mentions(person: Person) -> int:
    done = 0
    for row, fields in list(_rows(person.normal)):
        for field in fields:
            value = getattr(row, field.name)
            if isinstance(field, models.JSONField):
                setattr(row, field.name, person.rewritten_json(value))
            else:
                setattr(row, field.name, person.rewritten(value)[: field.max_length])
        row.save(update_fields=[field.name for field in fields])
        done += 1
    return done
