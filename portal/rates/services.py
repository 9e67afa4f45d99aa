"""Writing what admins know of providers' limits; each change is recorded with who made it."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone

from portal.accounts.models import User
from portal.rates.limits import FIELDS, Limit, key_of, limit_for, shipped, stored_row
from portal.rates.models import LimitChange, ProviderLimit


@transaction.atomic
def save_limit(limit: Limit | None, *, by: User, **values: Any) -> Limit:
    """Set what ``limit`` is (None: add one), with the values of :data:`~portal.rates.limits.FIELDS`.

    A shipped limit that is set to what is shipped is a shipped limit again.
    """
    before = {name: getattr(limit, name) for name in FIELDS} if limit else {}
    if limit is not None and before == values:
        return limit
    original = shipped().get(limit.key) if limit else None
    if original is not None and all(getattr(original, name) == values[name] for name in FIELDS):
        return reset_limit(original, by=by)
    row = stored_row(limit.key) if limit else None
    if row is None:
        row = ProviderLimit(shipped=limit.key if limit else None)
    for name in FIELDS:
        setattr(row, name, values[name])
    row.changed_by, row.changed_at = by, timezone.now()
    row.save()
    _record(key_of(row), "changed" if limit else "added", by, before, values)
    return limit_for(key_of(row))


@transaction.atomic
def reset_limit(limit: Limit, *, by: User) -> Limit:
    """Set a shipped limit back to what comes with the program."""
    original, row = shipped()[limit.key], stored_row(limit.key)
    if row is not None:
        _record(limit.key, "reset", by, {name: getattr(row, name) for name in FIELDS}, _values(original))
        row.delete()
    return original


@transaction.atomic
def remove_limit(limit: Limit, *, by: User) -> None:
    """Take one of this desk's own limits away. A shipped one cannot go; it is set otherwise or reset."""
    assert not limit.is_shipped  # The view offers it for others alone.
    row = stored_row(limit.key)
    if row is not None:
        _record(limit.key, "removed", by, {name: getattr(row, name) for name in FIELDS}, {})
        row.delete()


def _values(limit: Limit) -> dict[str, Any]:
    return {name: getattr(limit, name) for name in FIELDS}


def _record(key: str, kind: str, by: User, before: dict[str, Any], after: dict[str, Any]) -> None:
    changes = {
        name: [_told(before.get(name)), _told(after.get(name))]
        for name in FIELDS
        if before.get(name) != after.get(name)
    }
    LimitChange.objects.create(key=key, by=by, kind=kind, changes=changes)


def _told(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
