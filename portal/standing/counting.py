"""Counting what a standing is judged by, from what the other rooms count already. Bounded for any size of branch."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Max, Sum
from django.utils import timezone

from diagnostics.selectors import findings_of
from portal.branches.models import BranchProfile
from portal.maillog.counts import STANDS
from portal.maillog.models import DayPart, Delivery, State
from portal.standing.judging import ADDRESS_CAUSES, DAYS, OPT_OUT_GRACE, SPAM_CAUSES, Numbers
from portal.standing.models import Standing
from portal.suppression.models import OWN_WILL, Suppression
from portal.trials.models import How, TrialMessage

REFUSED = frozenset({State.REFUSED, State.EXPIRED})
#: Opt-outs are counted up to here, and so many of the latest are compared with the log.
MOST_OPT_OUTS = 2000
PIECE = 500
MOST_CAUSES = 12


def count(standing: Standing, now: datetime | None = None, *, is_whole: bool = False) -> Numbers:
    """The numbers of the branch, of the last :data:`DAYS` days or since ``counted_from``, whichever is later.

    ``is_whole``: of all those days, whatever does not count against the branch any more.
    """
    now = now or timezone.now()
    branch = standing.branch
    today = now.astimezone(ZoneInfo(branch.time_zone)).date()
    since = today - timedelta(days=DAYS - 1)
    if standing.counted_from is not None and not is_whole:
        since = max(since, standing.counted_from)
    states, causes, spam, limited, complaints = _counted(branch, since)
    opted_out = _opt_outs(branch)
    begin = datetime.combine(since, datetime.min.time(), ZoneInfo(branch.time_zone))
    return Numbers(
        since=since.isoformat(),
        sent=sum(number for state, number in states.items() if state != State.ERROR),
        accepted=states[State.ACCEPTED],
        refused=sum(states[state] for state in REFUSED),
        addresses=sum(causes[cause] for cause in ADDRESS_CAUSES),
        spam=spam,
        limited=limited,
        complaints=complaints,
        opted_out=len(opted_out),
        written_after=_written_after(branch, opted_out, begin),
        unsubscribe=_unsubscribe(branch),
        causes=dict(causes.most_common(MOST_CAUSES)),
    )


def _counted(branch: BranchProfile, since: date) -> tuple[Counter[str], Counter[str], int, int, int]:
    """By state; refused by cause; told to be spam; told to be too many; complaints. One query over the days' counts."""
    states: Counter[str] = Counter()
    causes: Counter[str] = Counter()
    spam = limited = complaints = 0
    rows = DayPart.objects.filter(branch=branch, part="cause", day__gte=since).order_by().values_list("value")
    for cause, complained, *counts in rows.annotate(Sum("complaints"), *(Sum(state) for state in STANDS)):
        # PostgreSQL sums to a decimal number.
        told = dict(zip(STANDS, map(int, counts), strict=True))
        states.update(told)
        complaints += int(complained)
        refused = sum(told[state] for state in REFUSED)
        if refused:
            causes[cause or "unknown"] += refused
        spam += refused + told[State.DEFERRED] if cause in SPAM_CAUSES else 0
        limited += refused + told[State.DEFERRED] if cause == "rate_limited" else 0
    return states, causes, spam, limited, complaints


def _opt_outs(branch: BranchProfile) -> dict[str, datetime]:
    """The addresses that asked not to be written to and since when, the latest :data:`MOST_OPT_OUTS`."""
    rows = Suppression.objects.filter(branch=branch, reason__in=OWN_WILL, ended=None).order_by("-since", "-pk")
    return dict(rows.values_list("address_normal", "since")[:MOST_OPT_OUTS])


def _written_after(branch: BranchProfile, opted_out: dict[str, datetime], begin: datetime) -> int:
    """How many of them a message was handed over for, later than the grace and not before ``begin``."""
    names, written = list(opted_out), 0
    for start in range(0, len(names), PIECE):
        piece = names[start : start + PIECE]
        rows = Delivery.objects.filter(branch=branch, recipient_normal__in=piece, at__gte=begin).order_by()
        # Whether any was late, the latest tells.
        latest = rows.exclude(state=State.ERROR).values_list("recipient_normal").annotate(Max("at"))
        written += sum(at > opted_out[name] + OPT_OUT_GRACE for name, at in latest)
    return written


def _unsubscribe(branch: BranchProfile) -> str:
    """Whether the latest test message of the branch held a List-Unsubscribe header."""
    messages = TrialMessage.objects.filter(trial__branch=branch, how=How.CAME).select_related("inspection")
    latest = messages.order_by("-at", "-pk").first()
    if latest is None:
        return ""
    codes = {finding.code for finding in findings_of(latest.inspection)}
    if "content.no_unsubscribe" in codes:
        return "missing"
    return "seen" if codes & {"content.unsubscribe", "content.not_one_click"} else ""
