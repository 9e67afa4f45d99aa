"""Where a source's events come from, its branches and sending servers, and the rows that are made of what it tells.

Everything here is looked up once, when a reading begins. After that it asks the database for nothing, so that rows are
made in the thread that reads ahead as well as in the one that stores.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from portal.branches.logged import LoggedServers
from portal.branches.models import BranchProfile
from portal.maillog import matching
from portal.maillog.addresses import domain_of
from portal.maillog.attempts import attempted_by, server_of
from portal.maillog.bulk import Rows, moment
from portal.maillog.counts import hour_of
from portal.maillog.importers.event import LogEvent
from portal.maillog.models import Delivery, DeliveryEvent, MessageLog, Module, State
from portal.maillog.providers import provider_of
from portal.maillog.replies import READ, held_reading_of, named_rules
from portal.maillog.states import AFTERWARDS, ATTEMPTS, standing_of

#: What is known of a message, and what stands where nothing is.
MESSAGE_FACTS: dict[str, Any] = {
    "sending_server_id": None, "module": Module.OTHER.value, "function": "", "message_id": "", "queue_id": "",
    "from_address": "", "envelope_from": "", "subject": "",
}  # fmt: skip
#: A branch's number and the key of a message of its.
Name = tuple[int, str]
#: Module and sending server of a message.
Place = tuple[str, str]
#: What a delivery is counted by: the values of a :class:`~portal.maillog.counts.Counted`.
Cells = tuple[int, datetime, str, str, str, str, str, str, bool]
#: The hour, the server, the provider and the state that an attempt is counted by.
Try = tuple[datetime, str, str, str]


class Origins:
    """The branches and servers that one reading of ``source`` has looked up."""

    def __init__(self, source: str, branches: Mapping[str, BranchProfile]) -> None:
        self.source, self.branches = source, branches
        self.zones = {branch.pk: ZoneInfo(branch.time_zone) for branch in branches.values()}
        self._numbers = {code: branch.pk for code, branch in branches.items()}
        self.servers = LoggedServers()
        # Replies are read by the rules that are in use now, also where nobody may ask for them.
        named_rules()

    def number(self, branch: str) -> int:
        """The number of the branch with this code."""
        return self._numbers[branch]

    def place(self, known: Mapping[str, Any]) -> Place:
        """Module and server of a message of which ``known`` is known."""
        return known["module"], self.servers.host(known["sending_server_id"])

    def facts(self, events: list[LogEvent]) -> dict[str, Any]:
        """All that is known of a message of which these events are the first."""
        return MESSAGE_FACTS | matching.facts(events, self.servers)

    def read_replies(self, events: Iterable[LogEvent], server: str) -> None:
        """Put to each event of a message what its reply says, and who tried it: where the line that tells of it names
        nobody, that is the server that the message was handed to. Each event is read once.
        """
        for event in events:
            if event.source:
                continue
            event.source, state = self.source, event.state
            if not event.server:
                event.server = server
            if state in READ:
                _read(event)
            elif state is State.ERROR:
                event.cause = "send_error"

    def tries(self, events: Iterable[LogEvent]) -> list[Try]:
        """What the attempts among these events are counted by."""
        if self.source in AFTERWARDS:
            return []
        host = self.servers.host
        return [
            (
                hour_of(event.at),
                host(event.sending_server) or event.server,
                provider_of(event.remote_host, domain_of(event.address)),
                state.value,
            )
            for event in events
            if (state := event.state) in ATTEMPTS
        ]

    def message_rows(
        self, names: Sequence[Name], groups: Iterable[list[LogEvent]], facts: Sequence[Mapping[str, Any]]
    ) -> Rows:
        """The rows of messages with these names, events and facts; their numbers are missing."""
        begins = [group[0].at if len(group) == 1 else min([event.at for event in group]) for group in groups]
        columns: dict[str, Sequence[Any]] = {
            "branch_id": [branch for branch, _ in names],
            "key": [key for _, key in names],
            "at": [*map(moment, begins)],
        }
        return Rows(MessageLog, columns | {name: [known[name] for known in facts] for name in MESSAGE_FACTS})

    def delivery_rows(self, groups: Sequence[list[LogEvent]], places: Iterable[Place]) -> tuple[Rows, list[Cells]]:
        """The rows of deliveries with these events, of messages with these places, and what they are counted by.

        Their own number and that of the message are missing.
        """
        stands = [standing_of(group) for group in groups]
        first = [group[0] for group in groups]
        addresses = [event.address for event in first]
        domains = [*map(domain_of, addresses)]
        branches = [self._numbers[event.branch] for event in first]
        times = [item.at for item in stands]
        complaints = [item.complained_at for item in stands]
        modules, handed_to = zip(*places, strict=True) if groups else ((), ())
        # What tells of no attempt is put to the server that the message was handed to.
        made_by = [self.servers.host(server_of(group)) for group in groups]
        counted: dict[str, Sequence[str]] = {
            "state": [item.state for item in stands],
            "cause": [item.cause for item in stands],
            "provider": [*map(provider_of, [item.answered_by for item in stands], domains)],
            "module": modules,
            "server": [server or other for server, other in zip(made_by, handed_to, strict=True)],
        }
        columns: dict[str, Sequence[Any]] = {
            "recipient_normal": addresses,
            "recipient": [event.recipient for event in first],
            "recipient_domain": domains,
            "leg": [0] * len(stands),
            "branch_id": branches,
            "at": [*map(moment, times)],
            "state_at": [moment(item.state_at) for item in stands],
            "reply": [item.reply for item in stands],
            "reply_code": [item.reply_code for item in stands],
            "status": [item.status for item in stands],
            "remote_host": [item.remote_host for item in stands],
            "attempts": [item.attempts for item in stands],
            "complained_at": [at and moment(at) for at in complaints],
        }
        complained = [at is not None for at in complaints]
        cells = [*zip(branches, times, *counted.values(), domains, complained, strict=True)]
        return Rows(Delivery, columns | counted), cells

    def event_rows(self, events: list[LogEvent]) -> Rows:
        """The rows of these events; the number of the delivery is missing."""
        columns: dict[str, Sequence[Any]] = {
            "source": [self.source] * len(events),
            "at": [moment(event.at) for event in events],
            "state": [event.state for event in events],
            "reply": [event.reply for event in events],
            "reply_code": [event.reply_code for event in events],
            "status": [event.status for event in events],
            "remote_host": [event.remote_host for event in events],
            "cause": [event.cause for event in events],
            "sending_server_id": [attempted_by(event) for event in events],
            "fingerprint": [event.fingerprint for event in events],
            "raw": [event.raw for event in events],
        }
        return Rows(DeliveryEvent, columns)


def _read(event: LogEvent) -> None:
    """Put to the event what its reply says: cause, codes."""
    reading = held_reading_of(event.reply, event.reply_code, event.status, event.remote_host)
    event.cause = reading.cause
    event.status = (event.status or reading.status)[:12]
    event.reply_code = (event.reply_code or reading.reply_code)[:3]
