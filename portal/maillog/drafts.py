"""What a part of a server's log writes if no stored message is meant: made while the part before it is stored.

Most messages of a log are new, and of a new one everything is known from its own lines but the numbers that the
database gives. So whoever stores has little to do but to ask which of the messages are known after all, leave those to
:class:`~portal.maillog.deliveries.Deliveries`, and hand the rest over as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import chain, compress
from operator import attrgetter

from portal.maillog import matching
from portal.maillog.bulk import Writer, numbers
from portal.maillog.counts import Counts
from portal.maillog.importers.event import Kind, LogEvent
from portal.maillog.models import Delivery, MessageLog
from portal.maillog.origins import Name, Origins

_at = attrgetter("at")


def split(events: Iterable[LogEvent], origins: Origins) -> tuple[list[LogEvent], list[LogEvent]]:
    """The events whose messages can be drafted, and all others.

    What can be drafted is told by a server's log that names the Message-ID, and shares neither that nor the mark with
    an event that can not.
    """
    simple, others = [], []
    for event in events:
        if (
            event.mark
            and event.queue_id
            and event.message_id
            and event.key == event.message_id
            and event.kind is not Kind.MESSAGE
            and event.branch in origins.branches
        ):
            simple.append(event)
        else:
            others.append(event)
    if not others or not simple:
        return simple, others
    marks = {event.mark for event in others} - {""}
    ids = {event.message_id for event in others} | {event.message_id for event in simple if event.mark in marks}
    others += [event for event in simple if event.message_id in ids]
    return [event for event in simple if event.message_id not in ids], others


class Draft:
    """New messages with all that hangs on them, ready to be written but for their numbers."""

    def __init__(self, origins: Origins, events: list[LogEvent]) -> None:
        """``events``: the first that :func:`split` gives. They are read here, each once."""
        #: So many events were told, those that were told twice among them.
        self.told = len(events)
        self.counts = Counts(origins.zones)
        self._origins = origins
        self._events: dict[Name, list[LogEvent]] = {}
        for event in sorted({event.fingerprint: event for event in events}.values(), key=_at):
            self._events.setdefault((origins.number(event.branch), event.key), []).append(event)
        #: What its messages are looked for by.
        self.sought = matching.Sought(self._events.items())
        #: When anything of it happened.
        self.moments = {event.at for event in events}
        names, groups = [*self._events], [*self._events.values()]
        facts = [*map(origins.facts, groups)]
        places = [*map(origins.place, facts)]
        deliveries: list[list[LogEvent]] = []
        #: Where each delivery's message stands among the messages, and each event's delivery among the deliveries.
        self._message_of: list[int] = []
        for position, group in enumerate(groups):
            origins.read_replies(group, places[position][1])
            told = {group[0].address: group} if len(group) == 1 else _by_recipient(group)
            deliveries += told.values()
            self._message_of += [position] * len(told)
        self._delivery_of = [position for position, told in enumerate(deliveries) for _ in told]
        self._messages = origins.message_rows(names, groups, facts)
        self._deliveries, self._cells = origins.delivery_rows(deliveries, [places[at] for at in self._message_of])
        told_of = [*chain.from_iterable(deliveries)]
        self._told_of = origins.event_rows(told_of)
        self.counts.add(self._cells, 1)
        self.counts.add_attempts(origins.tries(told_of))

    def __len__(self) -> int:
        """How many events it holds, each once."""
        return len(self._delivery_of)

    @property
    def names(self) -> Collection[Name]:
        """The messages, by the number of the branch and the key, which is the Message-ID."""
        return self._events.keys()

    def items(self) -> Iterable[tuple[Name, list[LogEvent]]]:
        return self._events.items()

    def events(self) -> list[LogEvent]:
        return [*chain.from_iterable(self._events.values())]

    def without(self, known: Collection[Name]) -> list[LogEvent]:
        """Take these messages out again; returns their events."""
        if not known:
            return []
        kept = [name not in known for name in self._events]
        taken = [event for name in known for event in self._events.pop(name)]
        has_message = [kept[at] for at in self._message_of]
        has_delivery = [has_message[at] for at in self._delivery_of]
        self.counts.add([cells for cells, has in zip(self._cells, has_message, strict=True) if not has], -1)
        for attempt in self._origins.tries(taken):
            self.counts.move_attempts(*attempt, -1)
        self._messages.only(kept)
        self._deliveries.only(has_message)
        self._told_of.only(has_delivery)
        self._cells = [*compress(self._cells, has_message)]
        self._message_of = _closed_up(self._message_of, has_message)
        self._delivery_of = _closed_up(self._delivery_of, has_delivery)
        return taken

    def write(self, write: Writer) -> None:
        """Write the messages with their deliveries and events."""
        messages = numbers(MessageLog, len(self._messages))
        deliveries = numbers(Delivery, len(self._deliveries))
        write.insert(self._messages, id=messages)
        write.insert(self._told_of, delivery_id=[deliveries[at] for at in self._delivery_of])
        write.insert(self._deliveries, id=deliveries, message_id=[messages[at] for at in self._message_of])


def _by_recipient(events: list[LogEvent]) -> dict[str, list[LogEvent]]:
    told: dict[str, list[LogEvent]] = {}
    for event in events:
        told.setdefault(event.address, []).append(event)
    return told


def _closed_up(positions: list[int], kept: list[bool]) -> list[int]:
    """Those of ``positions``, which only grow, that are ``kept``, as if there were no others."""
    places: dict[int, int] = {}
    return [places.setdefault(at, len(places)) for at in compress(positions, kept)]
