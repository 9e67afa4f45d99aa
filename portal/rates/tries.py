"""The tries behind a figure of the rate view: which recipients one provider was given in some hours, and what it said.

A try is an event of a delivery, and an event is found by its delivery alone. So the deliveries that were handed over
before are walked, the latest first, a bounded number of them for one page, and their tries in those hours are shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from portal.accounts.models import User
from portal.maillog.models import Delivery, DeliveryEvent
from portal.maillog.providers import provider_of
from portal.maillog.selectors import deliveries_of
from portal.maillog.states import AFTERWARDS, ATTEMPTS
from portal.rates.queues import LONGEST_QUEUED
from portal.web.pages import key_of, read_key

#: So many deliveries are looked through for one page.
WINDOW = 2000
#: From so many tries on a page is full.
SIZE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The tries from ``begins`` until before ``ends`` at a provider ("" for none we know).

    ``server`` is one sending server, "" where none is known, and None for all of them; ``state`` "" for all.
    """

    provider: str
    begins: datetime
    ends: datetime
    server: str | None = None
    state: str = ""


@dataclass(frozen=True, slots=True)
class Try:
    """One try, and the delivery it was one of."""

    event: DeliveryEvent
    delivery: Delivery


@dataclass(frozen=True, slots=True)
class Tries:
    """A page of tries, by the time their messages were handed over, the latest first.

    ``further`` is where to go on looking, "" where everything was looked through; ``back_to`` how far that was.
    """

    rows: list[Try]
    further: str = ""
    back_to: datetime | None = None


def tries_of(viewer: User, asked: Asked, after: str = "") -> Tries:
    """The tries that were ``asked`` for, from the key ``after`` on; three queries. For support and admins alone."""
    # A message that had been given up by then was tried no more.
    walked = deliveries_of(viewer).filter(at__lt=asked.ends, at__gte=asked.begins - LONGEST_QUEUED)
    if key := read_key(after):
        at, pk = key
        walked = walked.filter(Q(at__lte=at), Q(at__lt=at) | Q(pk__lt=pk))
    columns = ("at", "recipient", "recipient_domain", "server", "branch_id", "message_id", "state", "provider")
    deliveries = list(walked.only(*columns).order_by("-at", "-pk")[:WINDOW])
    events = DeliveryEvent.objects.filter(
        delivery__in=[row.pk for row in deliveries], at__gte=asked.begins, at__lt=asked.ends, state__in=ATTEMPTS
    ).exclude(source__in=AFTERWARDS)
    if asked.server is not None:
        # As it was counted: by who made this try, and where nobody told that by the server of the delivery.
        of_server = [row.pk for row in deliveries if row.server == asked.server]
        events = events.filter(Q(sending_server__host=asked.server) | Q(sending_server=None, delivery__in=of_server))
    if asked.state:
        events = events.filter(state=asked.state)
    told: dict[int, list[DeliveryEvent]] = {}
    for event in events.defer("raw").order_by("-at", "-pk"):
        told.setdefault(event.delivery_id, []).append(event)
    rows: list[Try] = []
    last: Delivery | None = deliveries[-1] if len(deliveries) == WINDOW else None
    for delivery in deliveries:
        for event in told.get(delivery.pk, ()):
            # As it was counted: by who answered this try, not by who takes the recipient's mail today.
            if provider_of(event.remote_host, delivery.recipient_domain) == asked.provider:
                rows.append(Try(event, delivery))
        if len(rows) >= SIZE and delivery is not deliveries[-1]:
            last = delivery
            break
    return Tries(rows, key_of(last, "at") if last else "", last.at if last else None)
