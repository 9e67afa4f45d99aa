"""Reading a list, judging each address, and making the plan; safe to begin again after a loss."""

from __future__ import annotations

import asyncio
import csv
import io
import logging
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import BinaryIO, cast

from django.conf import settings
from django.core.files.base import ContentFile
from django.db.models import Q
from django.utils import timezone

from diagnostics.engine.causes import CAUSES
from diagnostics.engine.receivers import mailbox_domains
from diagnostics.resolving import resolver_from_settings
from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.maillog.models import Delivery, State
from portal.maillog.selectors import domains_reached
from portal.planning.addresses import ListProblem, addresses_in
from portal.planning.judging import (
    LEFT_OUT,
    Domains,
    Judged,
    Verdict,
    ask_domains,
    judge_alone,
    judge_by_dns,
    taken_by,
)
from portal.planning.known import known_of
from portal.planning.models import Mailing
from portal.planning.models import State as Progress
from portal.planning.waves import To, Wave, together, waves
from portal.suppression.selectors import suppressed_among

logger = logging.getLogger(__name__)
#: A worker that says nothing for so long is lost, and another goes on.
LEASE = timedelta(minutes=3)
PIECE = 1000
#: How far back a refusal for good still tells that nobody is there.
REMEMBERED = timedelta(days=400)
COLUMNS = ("line", "address", "verdict", "why", "suggestion", "hour")
#: So many lines that are probably mistyped stand on the page; all of them are in the file.
MOST_SHOWN = 50
#: So many receiving servers without a known provider are planned apart; the plan must stay readable.
MOST_APART = 40
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def claim(mailing_id: int) -> Mailing | None:
    """Take a list on, unless it is done or another worker has it."""
    now = timezone.now()
    free = Q(state=Progress.WAITING) | Q(state=Progress.READING, lease_until__lt=now)
    taken_on = Mailing.objects.filter(free, pk=mailing_id).update(
        state=Progress.READING, lease_until=now + LEASE, done=0
    )
    if not taken_on:
        return None
    return Mailing.objects.select_related("branch__sending_server", "by").get(pk=mailing_id)


def perform(mailing_id: int) -> None:
    """Read and judge the list of one mailing, and make its plan."""
    mailing = claim(mailing_id)
    if mailing is None:
        return
    try:
        found = _judged(mailing)
        _finish(mailing, found)
    except ListProblem as problem:
        _fail(mailing, str(problem))
    except Exception:
        logger.exception("The list of mailing %s could not be judged.", mailing.code)
        _fail(mailing, "Something went wrong while the list was read. Upload it again, or ask support.")


def _judged(mailing: Mailing) -> list[Judged]:
    """Every line of the list, judged by itself and by our records."""
    by, branch = mailing.by, mailing.branch
    reached = domains_reached(by, branch) if by else ()
    known = sorted(mailbox_domains() | set(reached))
    seen: dict[str, int] = {}
    typos: dict[str, str] = {}
    found: list[Judged] = []
    with mailing.list.open("rb") as file:
        for line, written in addresses_in(cast(BinaryIO, file)):
            found.append(judge_alone(line, written, seen, typos, known))
            if len(found) % PIECE == 0:
                _by_records(found[-PIECE:], branch, by)
                _told(mailing, len(found))
    _by_records(found[len(found) // PIECE * PIECE :], branch, by)
    _told(mailing, len(found))
    return found


def _told(mailing: Mailing, done: int) -> None:
    Mailing.objects.filter(pk=mailing.pk).update(done=done, lease_until=timezone.now() + LEASE)


def _by_records(piece: list[Judged], branch: BranchProfile, by: User | None) -> None:
    """What our own records say of these addresses: whom the branch does not write to, and who was not there before."""
    open_ones = {item.normal: item for item in piece if item.verdict in (Verdict.FINE, Verdict.ROLE)}
    if not open_ones:
        return
    gone = [cause.id for cause in CAUSES.values() if cause.suppress]
    refused = Delivery.objects.filter(
        branch=branch,
        recipient_normal__in=list(open_ones),
        state=State.REFUSED,
        cause__in=gone,
        at__gte=timezone.now() - REMEMBERED,
    )
    for address, at in refused.order_by("at").values_list("recipient_normal", "at"):
        item = open_ones[address]
        item.verdict, item.why = Verdict.FAILED_BEFORE, f"refused for good on {at:%Y-%m-%d}"
    if by is not None:
        for address, entry in suppressed_among(by, branch, open_ones).items():
            item = open_ones[address]
            item.verdict, item.why = Verdict.SUPPRESSED, entry.get_reason_display().lower()


def _finish(mailing: Mailing, found: list[Judged]) -> None:
    asked = [item.domain for item in found if item.domain and item.verdict in (Verdict.FINE, Verdict.ROLE)]
    domains = asyncio.run(ask_domains(asked, resolver_from_settings()))
    for item in found:
        if item.domain and item.verdict in (Verdict.FINE, Verdict.ROLE):
            judge_by_dns(item, domains.routes.get(item.domain))
    counts = Counter(item.verdict.value for item in found)
    by_server, plan, hours = _plan(mailing, found, domains)
    own = set(mailing.branch.from_domains.values_list("domain", flat=True))
    at_own = Counter(item.domain for item in found if item.domain in own and item.verdict not in LEFT_OUT)
    mailing.verdicts.save(f"{mailing.code}.csv", ContentFile(_sheet(found, hours)), save=False)
    mailing.list.delete(save=False)
    mailing.results = {
        "lines": len(found),
        "counts": {verdict.value: counts.get(verdict.value, 0) for verdict in Verdict},
        "left": by_server.total(),
        "own": dict(at_own),
        "plan": [wave.as_json() for wave in plan],
        "domains_not_asked": domains.not_asked,
        "mistyped": [
            [item.written[:120], item.suggestion, item.line]
            for item in found
            if item.verdict in (Verdict.MISTYPED, Verdict.ALIKE)
        ][:MOST_SHOWN],
    }
    mailing.state, mailing.finished, mailing.done = Progress.DONE, timezone.now(), len(found)
    mailing.save(update_fields=["list", "verdicts", "results", "state", "finished", "done"])


def _plan(mailing: Mailing, found: list[Judged], domains: Domains) -> tuple[Counter[To], list[Wave], dict[int, int]]:
    """The recipients that are left by receiving server, the plan, and in which of its hours each line goes out."""
    by_server: Counter[To] = Counter()
    taken: dict[str, To] = {}
    left = [item for item in found if item.verdict not in LEFT_OUT]
    for item in left:
        if item.domain not in taken:
            taken[item.domain] = taken_by(item.domain, domains.routes.get(item.domain))
        by_server[taken[item.domain]] += 1
    theirs: dict[To, list[str]] = {}
    for domain, to in taken.items():
        theirs.setdefault(to, []).append(domain)
    server = mailing.branch.sending_server.host if mailing.branch.sending_server else ""
    known = known_of(by_server, theirs, server=server)
    belongs = together(by_server, apart=[to for to, item in known.items() if item.is_slow], most=MOST_APART)
    plan = waves(by_server, known, belongs)
    pace = {(wave.provider, wave.name): wave.per_hour for wave in plan}
    gone: Counter[To] = Counter()
    hours: dict[int, int] = {}
    for item in left:
        to = belongs[taken[item.domain]]
        hours[item.line] = gone[to] // pace[to] + 1
        gone[to] += 1
    return by_server, plan, hours


def _sheet(found: list[Judged], hours: dict[int, int]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for item in found:
        told = map(neutral, (item.written, item.verdict.value, item.why, item.suggestion))
        writer.writerow([item.line, *told, hours.get(item.line, "")])
    return out.getvalue().encode()


def neutral(text: str) -> str:
    """``text`` so that no spreadsheet takes it for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text


def _fail(mailing: Mailing, problem: str) -> None:
    mailing.list.delete(save=False)
    mailing.state, mailing.problem, mailing.finished = Progress.FAILED, problem[:300], timezone.now()
    mailing.save(update_fields=["list", "state", "problem", "finished"])


def left_undone() -> list[int]:
    """Lists that a lost worker or a lost bell left undone."""
    late = timezone.now() - timedelta(seconds=30)
    rows = Mailing.objects.filter(state__in=[Progress.WAITING, Progress.READING], lease_until__lt=late)
    return list(rows.values_list("pk", flat=True)[:20])


def forget_addresses() -> int:
    """Forget the addresses of lists that were judged long ago; how many lists. The counts stay."""
    old = timezone.now() - timedelta(days=settings.LIST_DAYS)
    forgotten = 0
    for mailing in Mailing.objects.filter(created__lt=old).exclude(verdicts="")[:500]:
        mailing.verdicts.delete(save=False)
        mailing.results = {**mailing.results, "mistyped": []}
        mailing.save(update_fields=["verdicts", "results"])
        forgotten += 1
    return forgotten


def rows_of(
    mailing: Mailing, *, only_fine: bool = False, hours: bool = False, verdict: str = ""
) -> Iterator[list[str]]:
    """The lines of what was found, with their header; only the addresses that are safe to send to, where asked.

    ``hours``: each of these with the number of the hour, from the start of the mailing on, in which it goes out.
    ``verdict``: only the lines of which this was found.
    """
    left_out = {verdict.value for verdict in LEFT_OUT}
    with mailing.verdicts.open("rb") as file:
        for number, row in enumerate(csv.reader(io.TextIOWrapper(file, "utf-8", newline=""))):
            if not only_fine:
                if number == 0 or not verdict or row[2] == verdict:
                    yield row
            elif number == 0:
                yield ["email", "hour"] if hours else ["email"]
            elif row[2] not in left_out:
                # Lists that were read by an older release have no hours.
                yield [row[1], *row[5:6]] if hours else [row[1]]
