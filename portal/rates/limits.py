"""Providers' limits: the shipped table, with what admins of this desk have changed and added laid over it.

A limit is what somebody says it is, never a promise: each carries its source, the day that was looked at, and how far
it can be believed.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from django.http import Http404

from diagnostics.engine.receivers import UNNAMED, receiver_called, receivers
from portal.accounts.models import User
from portal.rates.models import Confidence, LimitChange, ProviderLimit, Scope, Unit

TABLE = Path(__file__).parent / "data" / "limits.toml"
#: What an admin sets of a limit, in the order of the form.
FIELDS = ("provider", "unit", "scope", "number", "signal", "source", "looked_at", "confidence", "note")
#: More than these of one's own would be a mistake.
MOST = 500
OWN = "own-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One limit of one provider. ``number`` None: it is known to exist, and no more.

    ``key`` names it in addresses. ``is_shipped``: it comes with the program; ``is_changed``: an admin has set it.
    """

    key: str
    provider: str
    unit: str
    scope: str
    number: int | None
    signal: str
    source: str
    looked_at: date
    confidence: str
    note: str
    url: str = ""
    is_shipped: bool = True
    is_changed: bool = False
    changed_by: User | None = None
    changed_at: datetime | None = None

    @property
    def name(self) -> str:
        """The provider's name."""
        return provider_name(self.provider)

    @property
    def words(self) -> str:
        """ "25 connections at once", or what is limited where no figure is known."""
        unit = Unit(self.unit).label
        return f"{self.number:,} {unit}" if self.number is not None else f"{unit[:1].upper()}{unit[1:]}"

    @property
    def scope_words(self) -> str:
        return str(Scope(self.scope).label)

    @property
    def confidence_words(self) -> str:
        return str(Confidence(self.confidence).label)


@cache
def shipped() -> dict[str, Limit]:
    """The table that comes with the program, by the keys of its rows; read once."""
    document: dict[str, Any] = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return {row["id"]: _shipped(row, document["sources"][row["source"]]) for row in document["limit"]}


def _shipped(row: dict[str, Any], source: dict[str, str]) -> Limit:
    return Limit(
        key=row["id"],
        provider=row["provider"],
        unit=Unit(row["unit"]),
        scope=Scope(row["scope"]),
        number=row.get("number"),
        signal=row["signal"],
        source=source["name"],
        url=source["url"],
        looked_at=row["date"],
        confidence=Confidence(row["confidence"]),
        note=row.get("note", ""),
    )


@cache
def _names() -> dict[str, str]:
    document: dict[str, Any] = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return {**document["names"], **{receiver.id: receiver.name for receiver in receivers()}}


def provider_name(provider: str) -> str:
    """What people call the provider; all whom the desk has no name for are told of together."""
    return _names().get(provider, provider) or UNNAMED


def providers() -> list[tuple[str, str]]:
    """All that have a name, as id and name, by name."""
    return sorted(_names().items(), key=lambda item: item[1].casefold())


def is_counted(provider: str) -> bool:
    """The desk can tell the servers of this provider, so that what it is sent is counted."""
    return receiver_called(provider) is not None


def limits() -> list[Limit]:
    """All limits as they hold here, by provider; one query."""
    stored = list(ProviderLimit.objects.select_related("changed_by")[:MOST])
    changed = {row.shipped: row for row in stored if row.shipped}
    found = [_stored(changed[key]) if key in changed else limit for key, limit in shipped().items()]
    # A row that stands in for one that is shipped no longer is one of their own now.
    found += [_stored(row) for row in stored if row.shipped not in shipped()]
    return sorted(found, key=lambda limit: (limit.name.casefold(), list(Unit).index(Unit(limit.unit)), limit.key))


def limits_of(provider: str) -> list[Limit]:
    """The limits of one provider; one query."""
    return [limit for limit in limits() if limit.provider == provider]


def by_provider(all_limits: Iterable[Limit]) -> dict[str, list[Limit]]:
    """The limits by provider, in their order."""
    found: dict[str, list[Limit]] = {}
    for limit in all_limits:
        found.setdefault(limit.provider, []).append(limit)
    return found


def per_hour(found: Iterable[Limit]) -> Limit | None:
    """The lowest limit with a figure on what one sending address may hand over in an hour, if any is known."""
    units = {Unit.RECIPIENTS_PER_HOUR, Unit.MESSAGES_PER_HOUR}
    hourly = [
        limit
        for limit in found
        if limit.unit in units and limit.number is not None and limit.scope in {Scope.ADDRESS, Scope.NETBLOCK}
    ]
    return min(hourly, key=lambda limit: limit.number or 0, default=None)


def limit_for(key: str) -> Limit:
    """The limit of that key; else Http404."""
    row = stored_row(key)
    if row is not None:
        return _stored(row)
    if key not in shipped():
        raise Http404("No limit of that name.")
    return shipped()[key]


def stored_row(key: str) -> ProviderLimit | None:
    """What an admin has set of the limit of that key, if anything."""
    rows = ProviderLimit.objects.select_related("changed_by")
    number = key.removeprefix(OWN)
    if key.startswith(OWN) and number.isdecimal() and len(number) < 19:
        return rows.filter(pk=int(number)).first()
    return rows.filter(shipped=key).first()


def key_of(row: ProviderLimit) -> str:
    """The key that ``row`` goes by."""
    return row.shipped if row.shipped in shipped() else f"{OWN}{row.pk}"


def changes_of(key: str) -> list[LimitChange]:
    """What was done to a limit, the latest first."""
    return list(LimitChange.objects.filter(key=key).select_related("by")[:50])


def _stored(row: ProviderLimit) -> Limit:
    original = shipped().get(row.shipped or "")
    return Limit(
        key=key_of(row),
        url=original.url if original and original.source == row.source else "",
        is_shipped=original is not None,
        is_changed=True,
        changed_by=row.changed_by,
        changed_at=row.changed_at,
        **{name: getattr(row, name) for name in FIELDS},
    )
