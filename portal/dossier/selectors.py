"""Gathering what every room knows of a recipient domain, as far as the viewer may see it; each part is bounded."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q
from django.utils import timezone

from diagnostics.engine.receivers import Receiver, receiver_called, receiver_of_domain
from portal.accounts.models import User
from portal.allowing.models import AllowRequest
from portal.allowing.selectors import requests_of
from portal.branches.access import branches_of
from portal.branches.models import AllowListEntry
from portal.branches.selectors import allow_list
from portal.maillog.models import Delivery, State
from portal.maillog.selectors import deliveries_of
from portal.rates.limits import Limit, limits_of
from tickets.models import Ticket
from tickets.selectors.tickets import tickets_of

#: So many of the latest deliveries tell how mail fares there.
LOOKED_THROUGH = 500
MOST = 10
#: A suggestion is judged by the tickets of so long.
SPAN = timedelta(days=180)


@dataclass(frozen=True, slots=True)
class Fared:
    """How the latest deliveries to the domain ended. ``since`` is the oldest of them."""

    looked_at: int
    since: datetime | None
    accepted: int
    deferred: int
    refused: int
    causes: list[tuple[str, int]]
    last_refusal: Delivery | None


@dataclass(frozen=True, slots=True)
class Dossier:
    """All that is known of one recipient domain."""

    domain: str
    receiver: Receiver | None
    hosts: list[str]
    fared: Fared
    open_tickets: list[Ticket]
    confirmed: list[tuple[str, int]]
    allowed: list[AllowListEntry]
    requests: list[AllowRequest]
    contacts: list[str]
    limits: list[Limit]


def dossier_of(viewer: User, domain: str) -> Dossier:
    """What ``viewer`` may know of ``domain`` (A-labels); about ten queries, whatever there is."""
    rows = deliveries_of(viewer).filter(recipient_domain=domain).order_by("-at", "-pk")
    latest = list(rows.select_related("branch").defer("reply")[:LOOKED_THROUGH])
    providers = Counter(row.provider for row in latest if row.provider)
    receiver = receiver_called(providers.most_common(1)[0][0]) if providers else receiver_of_domain(domain)
    about = tickets_of(viewer).filter(recipient_domain=domain)
    confirmed = about.exclude(cause="").order_by("-last_activity").values_list("cause", flat=True)[:LOOKED_THROUGH]
    allowed = list(allow_list(viewer, domain=domain).order_by("-at")[:MOST])
    requests = list(requests_of(viewer, domain=domain).order_by("-created")[:MOST])
    named = [*(entry.by for entry in allowed), *(item.contact for item in requests)]
    return Dossier(
        domain=domain,
        receiver=receiver,
        hosts=[host for host, _ in Counter(row.remote_host for row in latest if row.remote_host).most_common(5)],
        fared=_fared(latest),
        open_tickets=list(about.filter(is_open=True).select_related("branch").order_by("-last_activity")[:MOST]),
        confirmed=Counter(confirmed).most_common(MOST),
        allowed=allowed,
        requests=requests,
        contacts=[name for name in dict.fromkeys(named) if name][:MOST],
        limits=limits_of(receiver.id)[:MOST] if receiver else [],
    )


def _fared(latest: list[Delivery]) -> Fared:
    states = Counter(row.state for row in latest)
    refused = [row for row in latest if row.state in (State.REFUSED, State.EXPIRED)]
    return Fared(
        looked_at=len(latest),
        since=latest[-1].at if latest else None,
        accepted=states[State.ACCEPTED],
        deferred=states[State.DEFERRED],
        refused=len(refused),
        causes=Counter(row.cause for row in latest if row.cause).most_common(MOST),
        last_refusal=refused[0] if refused else None,
    )


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How often a suggested cause was the one support confirmed; ``instead`` are what it was otherwise."""

    cause: str
    suggested: int
    right: int
    instead: list[tuple[str, int]]

    @property
    def share(self) -> int:
        return round(100 * self.right / self.suggested) if self.suggested else 0


def accuracy(viewer: User) -> list[Accuracy]:
    """The suggestions of the last half year whose cause support has confirmed, the most frequent first; one query."""
    rows = (
        Ticket.objects.filter(branch__in=branches_of(viewer), created__gt=timezone.now() - SPAN)
        .exclude(Q(cause="") | Q(suggested_cause=""))
        .order_by()
        .values_list("suggested_cause", "cause")
        .annotate(count=Count("pk"))
    )
    counts: dict[str, Counter[str]] = {}
    for suggested, confirmed, count in rows:
        counts.setdefault(suggested, Counter())[confirmed] += count
    found = [
        Accuracy(
            cause,
            sum(confirmed.values()),
            confirmed[cause],
            [(other, count) for other, count in confirmed.most_common(4) if other != cause][:3],
        )
        for cause, confirmed in counts.items()
    ]
    return sorted(found, key=lambda item: (-item.suggested, item.cause))


def right_share(rows: list[Accuracy]) -> int | None:
    """The share of all suggestions that were right, in percent; None where none has been judged."""
    suggested = sum(row.suggested for row in rows)
    return round(100 * sum(row.right for row in rows) / suggested) if suggested else None
