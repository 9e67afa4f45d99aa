"""Looking by itself: what is due, what has changed since, and whom it concerns.

A look is an ordinary run. When it is over its findings are compared with how things stood; a change becomes an event on
the branch's page, and what is bad becomes a notice, once, until it is over.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from diagnostics.engine.findings import Actor, Verdict
from diagnostics.engine.lists import lists_called
from diagnostics.engine.protocols.dnsbl import health
from diagnostics.engine.subject import SendingServer as Server
from diagnostics.engine.subject import Subject
from diagnostics.models import Run, RunState
from diagnostics.resolving import resolver_from_settings
from diagnostics.selectors import findings_of
from diagnostics.services import start_run
from portal.accounts.models import User
from portal.branches.models import BranchEvent, BranchProfile, SendingDomain, SendingServer
from portal.branches.selectors import compose_subject
from portal.watch.models import Notice, Watch
from portal.watch.standing import Change, compare

#: How often each kind of thing is looked at.
DOMAIN_EVERY = timedelta(days=1)
SERVER_EVERY = timedelta(hours=1)
LIST_EVERY = timedelta(days=1)
#: A desk that has just started has better things to do.
FIRST_AFTER = timedelta(minutes=2)
#: What these find is the matter of a sending address, not of the From-domain or the server it was found at.
ADDRESS_CHECKS = frozenset({"sending-ip-listed", "sending-ip-reverse"})
#: So many branches get an event of a server they share.
MOST_BRANCHES = 500


@transaction.atomic
def enrol() -> None:
    """Watch whatever is not watched yet, and no list that is not asked any more."""
    first = timezone.now() + FIRST_AFTER
    domains = SendingDomain.objects.filter(watch=None).values_list("pk", flat=True)[:500]
    servers = SendingServer.objects.filter(watch=None).values_list("pk", flat=True)[:500]
    zones = {item.zone for item in lists_called(tuple(settings.DNSBL_ZONES))}
    held = set(Watch.objects.exclude(zone=None).values_list("zone", flat=True))
    Watch.objects.bulk_create(
        [
            *(Watch(domain_id=pk, next_at=first) for pk in domains),
            *(Watch(server_id=pk, next_at=first) for pk in servers),
            *(Watch(zone=zone, next_at=first) for zone in sorted(zones - held)),
        ],
        # Two sweeps at once: who comes second finds it done.
        ignore_conflicts=True,
    )
    if gone := held - zones:
        Watch.objects.filter(zone__in=gone).delete()


def begin_due(limit: int = 20) -> list[int]:
    """Begin a look at what is due, the longest overdue first; gives back the ids of the lists to look at."""
    now = timezone.now()
    due = Watch.objects.filter(next_at__lte=now).order_by("next_at").select_related("domain__branch", "server")[:limit]
    due_lists = []
    for watch in due:
        # One UPDATE decides which of two sweeps has it.
        if not Watch.objects.filter(pk=watch.pk, next_at=watch.next_at).update(next_at=now + _every(watch)):
            continue
        if watch.zone:
            due_lists.append(watch.pk)
        else:
            look(watch, by=None)
    return due_lists


def watch_of(domain: SendingDomain) -> Watch:
    """The watch of a From-domain, made where the next round has not made it yet."""
    return Watch.objects.select_related("domain__branch").get_or_create(
        domain=domain, defaults={"next_at": timezone.now() + DOMAIN_EVERY}
    )[0]


@transaction.atomic
def look(watch: Watch, *, by: User | None) -> Run:
    """Begin a look at a From-domain or a server now; its findings are compared when it is over."""
    run = start_run(_subject(watch), by=by, fresh=True)
    Watch.objects.filter(pk=watch.pk).update(run=run, is_read=False)
    watch.run, watch.is_read = run, False
    return run


def read_done(limit: int = 50) -> int:
    """Compare the looks that are over with how things stood; how many were read."""
    over = Watch.objects.filter(is_read=False, run__state__in=[RunState.DONE, RunState.FAILED]).order_by("pk")
    return sum(read(watch) for watch in over.select_related("run", "domain__branch", "server")[:limit])


@transaction.atomic
def read(watch: Watch) -> bool:
    """Compare one look; False when another worker was faster. A run that could not be finished changes nothing."""
    run = watch.run
    if not Watch.objects.filter(pk=watch.pk, run=run, is_read=False).update(is_read=True):
        return False
    if run is None or run.state != RunState.DONE:
        return True
    is_first = watch.looked_at is None
    change = compare(watch.standing, findings_of(run))
    _keep(watch, change, at=run.finished_at or timezone.now())
    if change and not is_first:
        _tell_branches(watch, change)
    return True


def look_at_list(watch_id: int) -> None:
    """WL-04: whether a list can be believed; a notice where it says what no healthy list says."""
    watch = Watch.objects.filter(pk=watch_id).exclude(zone=None).first()
    wanted = lists_called((watch.zone,)) if watch and watch.zone else ()
    if watch is None or not wanted:
        return
    found = asyncio.run(health(wanted[0], resolver_from_settings(fresh=True)))
    if found.is_healthy is None:
        return
    standing = {}
    if not found.is_healthy:
        title = f"{wanted[0].name} ({watch.zone}) does not answer as a list must; its answers count for nothing"
        standing["list.unhealthy"] = {
            "check": "list", "verdict": Verdict.PROBLEM.value, "actor": Actor.SUPPORT.value, "title": title,
        }  # fmt: skip
    worse = tuple(key for key in standing if key not in watch.standing)
    better = tuple(key for key in watch.standing if key not in standing)
    with transaction.atomic():
        _keep(watch, Change(standing, worse, better), at=timezone.now())


def _keep(watch: Watch, change: Change, *, at: datetime) -> None:
    """Store how it stands; open a notice for each problem that began, close those that are over.

    What is wrong with a sending address is one matter, however many From-domains and servers name it: whoever sees it
    first opens the notice, and whoever sees first that it is over closes it.
    """
    Watch.objects.filter(pk=watch.pk).update(standing=change.standing, looked_at=at)
    begun = [key for key in change.worse if change.standing[key]["verdict"] == Verdict.PROBLEM]
    of_address = {key for key in begun if change.standing[key]["check"] in ADDRESS_CHECKS}
    told = set(Notice.objects.filter(key__in=of_address, closed=None).values_list("key", flat=True))
    host = _host_of(watch)
    Notice.objects.bulk_create(
        [
            Notice(
                watch=watch,
                key=key,
                title=change.standing[key]["title"],
                actor=change.standing[key]["actor"],
                about=host if key in of_address else "",
                link=_rows_of(change.standing[key]["check"], host) if key in of_address else "",
            )
            for key in begun
            if key not in told
        ],
        ignore_conflicts=True,
    )
    over = Q(watch=watch, key__in=change.better)
    over |= Q(watch__isnull=False, key__in=[key for key in change.better if _is_of_address(watch, key)])
    Notice.objects.filter(over, closed=None).update(closed=at)


def _is_of_address(watch: Watch, key: str) -> bool:
    return watch.standing.get(key, {}).get("check") in ADDRESS_CHECKS


def _host_of(watch: Watch) -> str:
    """The sending server that a look at ``watch`` is about, if any."""
    server = watch.domain.branch.sending_server if watch.domain is not None else watch.server
    return server.host if server is not None else ""


def _rows_of(check: str, host: str) -> str:
    """The deliveries that a fault of the server's addresses has to do with; "" where none can be told apart."""
    if check != "sending-ip-listed" or not host:
        return ""
    return f"{reverse('all_deliveries')}?{urlencode({'cause': 'sender_ip_blocked', 'server': host})}"


def _tell_branches(watch: Watch, change: Change) -> None:
    """An event on the page of each branch it concerns: what was so, and what is so now, question by question."""
    told: dict[str, list[str]] = {}
    for keys, standing, place in ((change.better, watch.standing, 0), (change.worse, change.standing, 1)):
        for key in keys:
            entry = standing[key]
            pair = told.setdefault(f"{watch}: {entry.get('question', entry['check'])}", ["in order", "in order"])
            pair[place] = entry["title"] if pair[place] == "in order" else f"{pair[place]}; {entry['title']}"
    branches = (
        [watch.domain.branch]
        if watch.domain
        else BranchProfile.objects.filter(sending_server=watch.server).order_by("pk")[:MOST_BRANCHES]
    )
    kind = "watch_worse" if change.worse else "watch_better"
    BranchEvent.objects.bulk_create(BranchEvent(branch=branch, kind=kind, changes=told) for branch in branches)


def _every(watch: Watch) -> timedelta:
    if watch.server_id:
        return SERVER_EVERY
    return LIST_EVERY if watch.zone else DOMAIN_EVERY


def _subject(watch: Watch) -> Subject:
    if watch.domain is not None:
        return compose_subject(watch.domain.branch, "", sender_domain=watch.domain.domain)
    server = watch.server
    assert server is not None  # A list is not looked at by a run.
    about = Server(
        host=server.host,
        addresses=tuple(server.addresses),
        helo=server.helo,
        envelope_domain=server.envelope_domain,
        spf_include=server.spf_include,
        is_own=not server.is_vendor,
    )
    return Subject(sending_server=about, now=timezone.now().isoformat())
