"""Reading what is watched: how a From-domain stands, what changed, the letter to its IT, and the notices."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet
from django.http import Http404

from diagnostics.engine.findings import Actor, Verdict
from diagnostics.selectors import ReadFinding, by_actor, findings_of
from portal.accounts.models import User
from portal.branches.access import branch_for
from portal.branches.models import SendingDomain, SendingServer
from portal.watch import letter
from portal.watch.models import Notice, Watch


@dataclass(frozen=True, slots=True)
class Letter:
    """What the branch's IT is asked to do for one From-domain. ``findings`` are theirs, of the look of ``watch``."""

    domain: SendingDomain
    watch: Watch
    findings: tuple[ReadFinding, ...]


def domain_for(viewer: User, code: str, pk: int) -> SendingDomain:
    """The From-domain of a branch ``viewer`` may see; else Http404."""
    branch = branch_for(viewer, code)
    domain = SendingDomain.objects.filter(branch=branch, pk=pk).select_related("branch", "watch__run").first()
    if domain is None:
        raise Http404("No From-domain of that number.")
    return domain


def letter_for(viewer: User, code: str, pk: int) -> Letter:
    """The letter about a From-domain; Http404 where it has not been looked at yet."""
    domain = domain_for(viewer, code, pk)
    watch = Watch.objects.filter(domain=domain).select_related("run").first()
    if watch is None or watch.run is None:
        raise Http404("This domain has not been looked at yet.")
    groups = by_actor(findings_of(watch.run))
    findings = next((group.findings for group in groups if group.actor is Actor.BRANCH_IT), ())
    read = tuple(letter.to_its_reader(finding) for finding in findings)
    return Letter(domain, watch, letter.merged(letter.in_order(read)))


def listings_of(server: SendingServer | None) -> list[str]:
    """What stands on a blocklist of the addresses of ``server``, in words, as it was last looked at."""
    watch = Watch.objects.filter(server=server).first() if server is not None else None
    found = watch.standing.values() if watch is not None else ()
    is_listed = ("sending-ip-listed", Verdict.PROBLEM.value)
    return [entry["title"] for entry in found if (entry["check"], entry["verdict"]) == is_listed]


def listed_of(server: SendingServer | None) -> tuple[str, ...]:
    """The addresses of ``server`` that stand on a blocklist, as it was last looked at."""
    words = {word for title in listings_of(server) for word in title.split()}
    return tuple(address for address in server.addresses if address in words) if server is not None else ()


def notices() -> QuerySet[Notice]:
    """All notices, for support and admins alone."""
    return Notice.objects.select_related("watch__domain__branch", "watch__server")


def open_notices(limit: int = 5) -> list[Notice]:
    """The newest notices that are not over."""
    return list(notices().filter(closed=None).order_by("-opened", "-id")[:limit])


def list_watches() -> list[Watch]:
    """The lists that are asked, and how each stood when it was last looked at."""
    return list(Watch.objects.exclude(zone=None).order_by("zone")[:100])


def open_keys(begins_with: str) -> set[str]:
    """The matters whose notices are open, of those another room opens under keys that begin so."""
    rows = Notice.objects.filter(watch=None, closed=None, key__startswith=begins_with)
    return set(rows.values_list("key", flat=True)[:5000])
