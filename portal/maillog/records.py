"""What a source tells beside deliveries: case notes, client profiles, and for which time its log is complete."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from portal.branches.models import BranchProfile
from portal.maillog.addresses import normal
from portal.maillog.importers.event import Item, LogEvent
from portal.maillog.models import CaseNote, ClientProfile, LogCoverage

Branches = Mapping[str, BranchProfile]


def store_clients(branches: Branches, events: list[LogEvent]) -> int:
    """Keep the client profiles that were told of; returns how many were news."""
    new = 0
    for event in {(event.branch, event.reference): event for event in events}.values():
        values = {"name": event.name, "email": event.email, "email_normal": normal(event.email)}
        branch = branches[event.branch]
        known = ClientProfile.objects.filter(branch=branch, reference=event.reference)
        if known.filter(**values).exists():
            continue
        ClientProfile.objects.update_or_create(branch=branch, reference=event.reference, defaults=values)
        new += 1
    return new


def store_notes(branches: Branches, events: list[LogEvent]) -> int:
    """Keep the case notes that were told of; returns how many were news."""
    rows = {event.fingerprint: event for event in events}
    known = set(CaseNote.objects.filter(fingerprint__in=rows).values_list("fingerprint", flat=True))
    fresh = [event for fingerprint, event in rows.items() if fingerprint not in known]
    addresses = {normal(event.email) for event in fresh}
    clients = {
        (client.branch_id, client.email_normal): client
        for client in ClientProfile.objects.filter(email_normal__in=addresses)
    }
    CaseNote.objects.bulk_create(
        (
            CaseNote(
                branch=branches[event.branch],
                at=event.at,
                client=clients.get((branches[event.branch].pk, normal(event.email))),
                email=event.email,
                email_normal=normal(event.email),
                text=event.text,
                fingerprint=event.fingerprint,
            )
            for event in fresh
        ),
        ignore_conflicts=True,
    )
    return len(fresh)


class Span:
    """From the first to the last thing that a log tells of deliveries, as it is read."""

    def __init__(self) -> None:
        self.begins: datetime | None = None
        self.ends: datetime | None = None

    def see(self, items: Iterable[Item]) -> None:
        """Widen it by what ``items`` tell."""
        times = [item.at for item in items if isinstance(item, LogEvent) and item.state is not None]
        if times:
            self.begins = min([*times, *([self.begins] if self.begins else [])])
            self.ends = max([*times, *([self.ends] if self.ends else [])])

    def keep(self, branch: BranchProfile) -> None:
        """Remember that the log of ``branch`` is complete for it; nothing where nothing was told."""
        if self.begins is not None and self.ends is not None and self.begins < self.ends:
            cover(branch, self.begins, self.ends)


def store_coverage(branches: Branches, event: LogEvent) -> int:
    """Remember that the log is complete for a span, joined with the spans it touches."""
    return cover(branches.get(event.branch), event.at, event.until or event.at)


def cover(branch: BranchProfile | None, begins: datetime, ends: datetime) -> int:
    """Remember for which time the log of ``branch`` (of all) is complete; returns 1 if that is news."""
    touching = LogCoverage.objects.filter(branch=branch, begins__lte=ends, ends__gte=begins)
    spans = list(touching.values_list("begins", "ends"))
    if any(start <= begins and ends <= end for start, end in spans):
        return 0
    touching.delete()
    LogCoverage.objects.create(
        branch=branch,
        begins=min([begins, *(start for start, _ in spans)]),
        ends=max([ends, *(end for _, end in spans)]),
    )
    return 1
