"""What a list of deliveries is narrowed to: the same for the page, its address, a saved filter and an export."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from datetime import datetime, tzinfo
from urllib.parse import urlencode

from portal.maillog.models import State

#: Several states that are asked for by one word.
GROUPS: dict[str, tuple[State, ...]] = {
    "sent": (State.SUBMITTED, State.HANDED, State.DEFERRED, State.ACCEPTED, State.REFUSED, State.EXPIRED),
    "on_the_way": (State.SUBMITTED, State.HANDED),
    "undelivered": (State.REFUSED, State.EXPIRED),
    "trouble": (State.DEFERRED, State.REFUSED, State.EXPIRED, State.ERROR),
}
#: Asks for rows that have no provider or sending server we know.
NONE = "none"
MOMENT = "%Y-%m-%dT%H:%M"
#: How a Message-ID stands in a header and in a log.
_ID_FIELD = re.compile(r"^message-id\s*[:=]\s*", re.IGNORECASE)


def message_id_in(typed: str) -> str:
    """The Message-ID in what was typed, without its brackets; it may be pasted with the name of its field."""
    bare = typed.partition("<")[2].partition(">")[0] if "<" in typed else _ID_FIELD.sub("", typed.strip())
    return bare.strip(" >")


def queue_id_in(typed: str) -> str:
    """The queue id in what was typed, without what stands around it in a log or a reply."""
    return typed.strip(" \t:;,.()[]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Empty fields do not narrow. Addresses and domains are in the form the log is searched by.

    ``state`` is a state or one of :data:`GROUPS`; ``provider`` and ``server`` may be :data:`NONE`.
    """

    recipient: str = ""
    domain: str = ""
    state: str = ""
    since: datetime | None = None
    until: datetime | None = None
    cause: str = ""
    provider: str = ""
    module: str = ""
    server: str = ""
    message_id: str = ""
    queue_id: str = ""
    complained: bool = False

    def __bool__(self) -> bool:
        return any(getattr(self, item.name) for item in fields(self))

    @property
    def states(self) -> tuple[str, ...]:
        """The states that are asked for; none: all of them."""
        return GROUPS.get(self.state, (self.state,) if self.state else ())

    @property
    def is_bounded(self) -> bool:
        """All of it can be told over all branches without walking through the whole log."""
        return bool(
            self.recipient or self.domain or self.cause or self.message_id or self.queue_id or self.since is not None
        )

    def pairs(self, zone: tzinfo) -> dict[str, str]:
        """As the parameters of an address; times in ``zone``."""
        found: dict[str, str] = {}
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, datetime):
                found[item.name] = value.astimezone(zone).strftime(MOMENT)
            elif value:
                found[item.name] = "yes" if value is True else value
        return found

    def query(self, zone: tzinfo) -> str:
        """The query string of the page, without its question mark."""
        return urlencode(self.pairs(zone))

    def file_name(self, zone: tzinfo, *about: str) -> str:
        """Such as "deliveries-north-state-refused-since-2026-03-01t00-00", of letters every file system takes."""
        words = ["deliveries", *about]
        for name, value in self.pairs(zone).items():
            words += [name, value]
        return re.sub(r"[^a-z0-9.]+", "-", "-".join(words).lower()).strip("-.")[:150]
