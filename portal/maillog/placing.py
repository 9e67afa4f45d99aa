"""Whose mail a server's log tells of, where only one branch's may be taken: staff bring in no other people's mail.

A server that several branches send through writes all their mail into one log. A line is a branch's own if its envelope
sender is at one of the branch's domains (and of no other's); or if the sender is nobody's, such as the server's own
address for returned mail, and the branch's application has told of the message. A later part of a log may name neither:
then the queue id tells, where the log before it was of the branch.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from datetime import datetime

from portal.branches.models import SendingDomain
from portal.maillog.addresses import domain_of
from portal.maillog.bulk import among
from portal.maillog.importers.event import EventProblem, Item, LogEvent, Passed, RejectedLine
from portal.maillog.matching import KEPT
from portal.maillog.models import MessageLog

#: So many lines are judged at once, with one question to the log.
AT_ONCE = 2000


class Owners:
    """Which branch sends from a domain, by its code; empty for one that several or none send from."""

    def __init__(self) -> None:
        self._codes: dict[str, str] = {}
        for domain, code in SendingDomain.objects.values_list("domain", "branch__code"):
            self._codes[domain] = "" if self._codes.get(domain, code) != code else code

    def of(self, domain: str) -> str:
        """The branch that alone sends from ``domain``, or else from the nearest domain above it."""
        nearest = self._nearest(domain)
        return "" if nearest is None else self._codes[nearest]

    def from_exactly(self, domain: str) -> str:
        """The branch that alone sends from just this domain."""
        return self._codes.get(domain, "")

    def _nearest(self, domain: str) -> str | None:
        while domain and domain not in self._codes:
            domain = domain.partition(".")[2]
        return domain or None


def only_of(items: Iterable[Item], code: str, owners: Owners) -> Iterator[Item]:
    """The items of a server's log; in place of each event that is not of the branch ``code`` stands why."""
    held: list[Item] = []
    for item in items:
        held.append(item)
        if len(held) >= AT_ONCE or (isinstance(item, Passed) and item.is_pause):
            yield from _judged(held, code, owners)
            held = []
    yield from _judged(held, code, owners)


def only_known(items: Iterable[Item], codes: Container[str]) -> Iterator[Item]:
    """The items; in place of each event of a branch that is not there stands why, as reading would say it."""
    for item in items:
        if isinstance(item, LogEvent) and item.branch and item.branch not in codes:
            why = f"There is no branch {item.branch!r}: load its profile first."
            problem = EventProblem(why, code="no_branch", name="branch", value=item.branch)
            yield RejectedLine(item.line, why, item.raw, problem)
        else:
            yield item


def only_placed(items: Iterable[Item], owners: Owners) -> Iterator[Item]:
    """The items of the log of a whole server; in place of each event that nobody can tell the branch of stands why.

    A line is of the branch whose application has told of the message, or that alone sends from its sender's domain, or
    of which an earlier part of the log was.
    """
    held: list[Item] = []
    for item in items:
        held.append(item)
        if len(held) >= AT_ONCE or (isinstance(item, Passed) and item.is_pause):
            yield from _placed(held, owners)
            held = []
    yield from _placed(held, owners)


def _placed(items: list[Item], owners: Owners) -> Iterator[Item]:
    open_ = [item for item in items if isinstance(item, LogEvent) and item.mark and not item.branch]
    ids = {event.message_id for event in open_} - {""}
    told = among(MessageLog.objects.all(), ("message_id",), [(value,) for value in ids])
    first = dict(told.order_by("-pk").values_list("message_id", "branch__code"))
    before = _before([event for event in open_ if not event.message_id and not event.envelope_from])
    nobodys = set()
    for event in open_:
        sender, of_id = _domain(event), event.message_id.rstrip(">").rpartition("@")[2].lower()
        told_or_sent = first.get(event.message_id) or owners.from_exactly(sender) or owners.from_exactly(of_id)
        if code := told_or_sent or before.get(id(event), ""):
            event.branch = code
        else:
            nobodys.add(id(event))
    for item in items:
        if isinstance(item, LogEvent) and id(item) in nobodys:
            sender = _domain(item)
            why = (
                f"Nobody is known to send from {sender} alone."
                if sender
                else "Who sent it does not stand in this log: its first lines may stand in the one before."
            )
            yield RejectedLine(item.line, f"{why} Choose the branch that it is of, and bring it in again.", item.raw)
        else:
            yield item


def _before(events: list[LogEvent]) -> dict[int, str]:
    """The branch of each event whose queue id an earlier part of the log has told, where that leaves no doubt."""
    queues = {event.queue_id for event in events} - {""}
    rows = among(MessageLog.objects.all(), ("queue_id",), [(value,) for value in queues])
    told: dict[str, list[tuple[datetime, str]]] = {}
    for queue_id, at, code in rows.values_list("queue_id", "at", "branch__code"):
        told.setdefault(queue_id, []).append((at, code))
    found = {}
    for event in events:
        near = {code for at, code in told.get(event.queue_id, ()) if abs(at - event.at) < KEPT}
        if len(near) == 1:
            found[id(event)] = near.pop()
    return found


def _judged(items: list[Item], code: str, owners: Owners) -> Iterator[Item]:
    events = [item for item in items if isinstance(item, LogEvent)]
    own = {id(event) for event in events if owners.of(_domain(event)) == code}
    # Where some branch sends from the sender's domain, that says all there is to say.
    open_ = [event for event in events if id(event) not in own and not owners.of(_domain(event))]
    own |= {id(event) for event in _told(open_, code)}
    for item in items:
        if isinstance(item, LogEvent) and id(item) not in own:
            others = owners.of(_domain(item))
            problem = EventProblem(_why(item, code), code="other_branch", value=others) if others else None
            yield RejectedLine(item.line, _why(item, code), item.raw, problem)
        else:
            yield item


def _domain(event: LogEvent) -> str:
    return domain_of(event.envelope_from.lower())


def _told(events: list[LogEvent], code: str) -> Iterator[LogEvent]:
    """Those of ``events`` whose message the log of the branch knows already, and knew before any other branch's did."""
    ids = {event.message_id for event in events} - {""}
    told = among(MessageLog.objects.all(), ("message_id",), [(value,) for value in ids])
    first = dict(told.order_by("-pk").values_list("message_id", "branch__code"))
    queues = {event.queue_id for event in events if not event.message_id and not event.envelope_from} - {""}
    of_branch = among(MessageLog.objects.filter(branch__code=code), ("queue_id",), [(value,) for value in queues])
    moments = dict(of_branch.order_by("at").values_list("queue_id", "at"))
    for event in events:
        if event.message_id:
            is_own = first.get(event.message_id) == code
        else:
            at = None if event.envelope_from else moments.get(event.queue_id)
            is_own = at is not None and abs(at - event.at) < KEPT
        if is_own:
            yield event


def _why(event: LogEvent, code: str) -> str:
    sender = _domain(event)
    whose = (
        f"{sender} is no domain that {code!r} alone sends from" if sender else "Who sent it does not stand in this log"
    )
    return (
        f"{whose}, and its application has told of no such message. Only mail of {code!r} can be brought in here; "
        "support can bring in the log of a whole server."
    )
