"""How far a message got, as a pure function of what was told about it.

Logs arrive late, doubled and out of order. So a state is never moved by "the next event": it is worked out again from
all events of the delivery, and the same set of events gives the same state in whatever order it came.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from portal.maillog.models import State

#: What ends a leg. A later end overrules an earlier one (a bounce that comes after the hand-over was accepted).
FINAL = frozenset({State.ACCEPTED, State.REFUSED, State.EXPIRED, State.ERROR})
#: Which of two states of the same second is the later one.
RANK: dict[str, int] = {
    state: rank
    for rank, state in enumerate(
        (
            State.SUBMITTED,
            State.HANDED,
            State.ERROR,
            State.DEFERRED,
            State.EXPIRED,
            State.ACCEPTED,
            State.REFUSED,
            State.COMPLAINED,
        )
    )
}
#: An attempt is one conversation with the recipient's server, however it ended.
ATTEMPTS = frozenset({State.DEFERRED, State.ACCEPTED, State.REFUSED})
#: Who only tells of an attempt that the sending server made, and mostly has told of itself.
AFTERWARDS = frozenset({"dsn"})
#: What a report can only say more widely: that a sender took its own name, a report does not know.
NARROWER = {"recipient_policy": "self_to_self_blocked"}
#: "It took too long" is no cause where the last deferral told one.
VAGUE = frozenset({"", "unknown", "network_or_timeout"})


class Told(Protocol):
    """What this module needs of an event."""

    at: datetime
    reply: str
    reply_code: str
    status: str
    remote_host: str
    cause: str
    source: str

    @property
    def state(self) -> str | None: ...

    @property
    def fingerprint(self) -> str: ...


@dataclass(slots=True)
class Standing:
    """Where a delivery stands: its state, since when, the reply that decided it, its cause, how often it was tried.

    ``answered_by`` is the last of their hosts that answered at all, ``complained_at`` the time of the first complaint.
    """

    at: datetime
    state: str
    state_at: datetime
    reply: str
    reply_code: str
    status: str
    remote_host: str
    cause: str
    attempts: int
    answered_by: str = ""
    complained_at: datetime | None = None


def standing_of(events: Iterable[Told]) -> Standing:
    """Where a delivery with these events (at least one, in any order) stands."""
    everything = list(events)
    if len(everything) == 1:
        return _only(everything[0])
    everything.sort(key=_place)
    complaints = [event for event in everything if event.state == State.COMPLAINED]
    told = [event for event in everything if event.state != State.COMPLAINED] if complaints else everything
    if not told:
        # Nobody complains about what never came: their server took it, whenever that was.
        return _only_complained(complaints[0])
    deciding = next((event for event in reversed(told) if event.state in FINAL), told[-1])
    cause = deciding.cause
    if deciding.state == State.EXPIRED and cause in VAGUE:
        deferrals = [event for event in told if event.state == State.DEFERRED and event.cause not in VAGUE]
        cause = deferrals[-1].cause if deferrals else cause
    if deciding.source in AFTERWARDS and (narrower := NARROWER.get(cause)):
        # The report repeats what the log told of the same attempt, and knows less of who wrote to whom.
        said = [event.cause for event in told if event.state == deciding.state and event.source not in AFTERWARDS]
        cause = narrower if narrower in said else cause
    answered_by = next((event.remote_host for event in reversed(told) if event.remote_host), "")
    return Standing(
        at=told[0].at,
        state=deciding.state or "",
        state_at=deciding.at,
        reply=deciding.reply,
        reply_code=deciding.reply_code,
        status=deciding.status,
        # A report that names no host is about the attempt before it.
        remote_host=deciding.remote_host or (answered_by if deciding.source in AFTERWARDS else ""),
        cause=cause,
        attempts=sum(event.state in ATTEMPTS and event.source not in AFTERWARDS for event in told),
        answered_by=answered_by,
        complained_at=complaints[0].at if complaints else None,
    )


def _only(event: Told) -> Standing:
    """Where a delivery stands of which one thing was told: the same as of several, worked out at once."""
    state = event.state or ""
    if state == State.COMPLAINED:
        return _only_complained(event)
    return Standing(
        event.at,
        state,
        event.at,
        event.reply,
        event.reply_code,
        event.status,
        event.remote_host,
        event.cause,
        int(state in ATTEMPTS and event.source not in AFTERWARDS),
        event.remote_host,
    )


def _place(event: Told) -> tuple[datetime, int, bool, bool, str]:
    """Where an event stands among others. Of two that end a leg in the same second the one that knows more is the last:
    a server writes "expired" and the report that tells the last reply at once.
    """
    return event.at, RANK[event.state or ""], bool(event.remote_host), bool(event.status), event.fingerprint


def _only_complained(event: Told) -> Standing:
    return Standing(
        at=event.at,
        state=State.ACCEPTED,
        state_at=event.at,
        reply="",
        reply_code="",
        status="",
        remote_host="",
        cause="",
        attempts=0,
        complained_at=event.at,
    )
