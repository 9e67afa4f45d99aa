"""One message over all its recipients: who they are, page by page, and what happened to them together."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from portal.accounts.models import User
from portal.branches.access import branches_of
from portal.maillog.models import Delivery, DeliveryEvent, MessageLog, State
from portal.maillog.selectors import TimelineItem, told

#: Recipients on one page of a message.
SIZE = 50
#: Events read for one page; a recipient is tried some dozen times at most.
MOST_EVENTS = 2000
#: Other records of the same Message-ID beside a message.
MOST_OTHERS = 10
#: Recipients that are counted by state; a message to more says so.
MOST_COUNTED = 5000


@dataclass(frozen=True, slots=True)
class Recipients:
    """A page of a message's recipients, in the order of their addresses; ``next`` is where the following one begins."""

    rows: list[Delivery]
    next: str = ""
    is_first: bool = True


@dataclass(frozen=True, slots=True)
class Standing:
    """How many recipients of a message stand in one state."""

    state: str
    recipients: int


def recipients_of(message: MessageLog, after: str = "") -> Recipients:
    """The recipients whose addresses follow ``after`` (the address and leg a page ended with)."""
    rows = Delivery.objects.filter(message=message.pk).defer("reply")
    address, _, leg = after.rpartition("/")
    if address and leg.isascii() and leg.isdigit() and len(leg) < 5:
        rows = rows.filter(Q(recipient_normal__gte=address), Q(recipient_normal__gt=address) | Q(leg__gt=int(leg)))
    found = list(rows.order_by("recipient_normal", "leg", "pk")[: SIZE + 1])
    is_more, found = len(found) > SIZE, found[:SIZE]
    for row in found:
        row.message = message
    return Recipients(found, f"{found[-1].recipient_normal}/{found[-1].leg}" if is_more else "", not after)


def standings_of(message: MessageLog) -> tuple[list[Standing], bool]:
    """How many recipients stand in which state, and whether there are more than were counted."""
    rows = Delivery.objects.filter(message=message.pk).order_by("recipient_normal", "leg")
    states = Counter(rows.values_list("state", flat=True)[:MOST_COUNTED])
    found = [Standing(state, states[state]) for state in State if state in states]
    return found, states.total() == MOST_COUNTED


@dataclass(frozen=True, slots=True)
class Shared:
    """Something that happened to several recipients in the same way within the same minute."""

    item: TimelineItem
    deliveries: list[Delivery]


def story_of(rows: list[Delivery]) -> list[Shared]:
    """What happened to these recipients, in the order of time, what is alike told once (one query)."""
    known = {row.pk: row for row in rows}
    found: dict[tuple[datetime, str, str, str], Shared] = {}
    events = DeliveryEvent.objects.filter(delivery__in=list(known)).order_by("at", "id")[:MOST_EVENTS]
    for event in events:
        minute = event.at.replace(second=0, microsecond=0)
        key = (minute, event.state, event.remote_host, event.cause)
        shared = found.setdefault(key, Shared(told(event), []))
        if known[event.delivery_id] not in shared.deliveries:
            shared.deliveries.append(known[event.delivery_id])
    return list(found.values())


def others_of(viewer: User, message: MessageLog) -> list[MessageLog]:
    """Other records of the same Message-ID: what another server or source told of it."""
    if not message.message_id:
        return []
    rows = MessageLog.objects.filter(message_id=message.message_id).exclude(pk=message.pk)
    if not viewer.is_support:
        rows = rows.filter(branch__in=branches_of(viewer))
    return list(rows.select_related("branch").order_by("-at")[:MOST_OTHERS])
