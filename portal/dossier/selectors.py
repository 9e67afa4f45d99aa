"""Gathering what every room knows of a recipient domain, as far as the viewer may see it; each part is bounded."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from django.db.models import Count, Q, QuerySet, Sum
from django.utils import timezone

from diagnostics.engine.receivers import Receiver, receiver_called, receiver_of_domain
from diagnostics.models import StoredFinding
from portal.accounts.models import User
from portal.allowing.models import AllowRequest
from portal.allowing.selectors import requests_of
from portal.branches.access import branches_of
from portal.branches.models import AllowListEntry
from portal.branches.selectors import allow_list
from portal.maillog.models import Delivery, DomainCount, State
from portal.maillog.selectors import deliveries_of
from portal.maillog.spans import months_back
from portal.rates.limits import Limit, limits_of
from portal.rates.places import Place, place_at
from portal.rates.selectors import DAY
from tickets.models import Ticket
from tickets.selectors.tickets import tickets_of

#: So many of the latest deliveries tell how mail fares there.
LOOKED_THROUGH = 500
MOST = 10
#: A suggestion is judged by the tickets of so long.
SPAN = timedelta(days=180)
#: Counts of a domain are kept by the month; so many with this one are told.
MONTHS = 3
FIGURES = ("recipients", "accepted", "deferred", "refused", "complaints")
#: The states that tell how mail fares.
TELLING = (State.ACCEPTED, State.DEFERRED, State.REFUSED, State.EXPIRED, State.ERROR)


@dataclass(frozen=True, slots=True)
class Fared:
    """How mail to the domain fared since ``first``, a day: all of it, as counted.

    ``causes`` are those of the latest deliveries that ended or wait, of which ``looked_at`` were looked at.
    """

    first: date
    sent: int
    accepted: int
    deferred: int
    refused: int
    complaints: int
    looked_at: int
    causes: list[tuple[str, int]]
    last_refusal: Delivery | None


class Knows(StrEnum):
    """From where it is known who takes a domain's mail."""

    LOG = "the log"
    CHECK = "a check"
    TABLE = "its name"


@dataclass(frozen=True, slots=True)
class Dossier:
    """All that is known of one recipient domain."""

    domain: str
    receiver: Receiver | None
    known_from: str
    place: Place | None
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
    # What has not been heard of again says nothing of how mail fares, and must not hide what does.
    rows = deliveries_of(viewer).filter(recipient_domain=domain, state__in=TELLING, at__gte=timezone.now() - SPAN)
    latest = list(rows.order_by("-at", "-pk").select_related("branch").defer("reply")[:LOOKED_THROUGH])
    receiver, known_from = _receiver(viewer, domain, latest)
    is_nameless = viewer.is_support and receiver is None
    about = tickets_of(viewer).filter(recipient_domain=domain)
    confirmed = about.exclude(cause="").order_by("-last_activity").values_list("cause", flat=True)[:LOOKED_THROUGH]
    allowed = list(allow_list(viewer, domain=domain).order_by("-at")[:MOST])
    requests = list(requests_of(viewer, domain=domain).order_by("-created")[:MOST])
    named = [*(entry.by for entry in allowed), *(item.contact for item in requests)]
    return Dossier(
        domain=domain,
        receiver=receiver,
        known_from=known_from,
        place=place_at(domain, since=timezone.now() - DAY) if is_nameless else None,
        hosts=[host for host, _ in Counter(row.remote_host for row in latest if row.remote_host).most_common(5)],
        fared=_fared(viewer, domain, latest),
        open_tickets=list(about.filter(is_open=True).select_related("branch").order_by("-last_activity")[:MOST]),
        confirmed=Counter(confirmed).most_common(MOST),
        allowed=allowed,
        requests=requests,
        contacts=[name for name in dict.fromkeys(named) if name][:MOST],
        limits=limits_of(receiver.id)[:MOST] if receiver else [],
    )


def _receiver(viewer: User, domain: str, latest: list[Delivery]) -> tuple[Receiver | None, str]:
    """Who takes the domain's mail: as the log tells, else as the latest check of an address there found."""
    providers = Counter(row.provider for row in latest if row.provider)
    if providers:
        return receiver_called(providers.most_common(1)[0][0]), Knows.LOG
    known = receiver_of_domain(domain)
    if known is not None:
        return known, Knows.TABLE
    runs = tickets_of(viewer).filter(recipient_domain=domain).exclude(run=None).order_by("-last_activity")
    found = StoredFinding.objects.filter(run__in=list(runs.values_list("run", flat=True)[:MOST]))
    for arguments in found.filter(check_slug="receiver-gateway").order_by("-at").values_list("arguments", flat=True):
        if arguments.get("receiver"):
            return receiver_called(arguments["receiver"]), Knows.CHECK
    return None, ""


def _fared(viewer: User, domain: str, latest: list[Delivery]) -> Fared:
    first = months_back(timezone.now().date(), MONTHS - 1)
    months = [months_back(timezone.now().date(), ago) for ago in range(MONTHS)]
    branches = list(branches_of(viewer).values_list("pk", flat=True))
    counted = DomainCount.objects.filter(branch__in=branches, month__in=months, domain=domain)
    sums = counted.aggregate(*(Sum(name, default=0) for name in FIGURES))
    refused = [row for row in latest if row.state in (State.REFUSED, State.EXPIRED)]
    return Fared(
        first=first,
        sent=sums["recipients__sum"],
        accepted=sums["accepted__sum"],
        deferred=sums["deferred__sum"],
        refused=sums["refused__sum"],
        complaints=sums["complaints__sum"],
        looked_at=len(latest),
        causes=Counter(row.cause for row in latest if row.cause).most_common(MOST),
        last_refusal=refused[0] if refused else None,
    )


#: Of fewer suggestions a share in percent would say more than is known.
ENOUGH = 30


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How often a suggested cause was the one support confirmed; ``instead`` are what it was otherwise."""

    cause: str
    suggested: int
    right: int
    instead: list[tuple[str, int]]

    @property
    def words(self) -> str:
        return how_many(self.right, self.suggested)


def judged(viewer: User, suggested: str = "", confirmed: str = "") -> QuerySet[Ticket]:
    """The tickets of the last half year with a suggested and a confirmed cause, or with these.

    The caller takes a keyset page of them by ``created``.
    """
    rows = Ticket.objects.filter(created__gt=timezone.now() - SPAN).exclude(Q(cause="") | Q(suggested_cause=""))
    if not viewer.is_support:
        rows = rows.filter(branch__in=branches_of(viewer))
    if suggested:
        rows = rows.filter(suggested_cause=suggested)
    return rows.filter(cause=confirmed) if confirmed else rows


def accuracy(viewer: User) -> list[Accuracy]:
    """The suggestions of the last half year whose cause support has confirmed, the most frequent first; one query."""
    rows = judged(viewer).order_by().values_list("suggested_cause", "cause").annotate(count=Count("pk"))
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


def right_of(rows: list[Accuracy]) -> str:
    """How many of all suggestions were right; empty where none has been judged."""
    suggested = sum(row.suggested for row in rows)
    return how_many(sum(row.right for row in rows), suggested) if suggested else ""


def how_many(right: int, suggested: int) -> str:
    """Such as "3 of 4", with the share where there are enough of them for one to say something."""
    share = f", {100 * right / suggested:.0f} %" if suggested >= ENOUGH else ""
    return f"{right:,} of {suggested:,}{share}"
