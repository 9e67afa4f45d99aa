"""Taking addresses off what a branch writes to, and giving them back.

Everything can be told twice: an entry that holds at least as strongly stays as it is, a stronger one takes its place.
The recipient's own will is stronger than what was noticed, and for good is stronger than for a time. What was told of a
time before somebody ended an entry by hand never brings it back: they knew better.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from diagnostics.engine.causes import CAUSES
from diagnostics.engine.names import Malformed, parse_address
from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.maillog.addresses import domain_of, normal
from portal.maillog.models import Delivery, State
from portal.suppression.access import may_end
from portal.suppression.models import OWN_WILL, Ending, Reason, Suppression

#: So many addresses are looked up and written at once.
PIECE = 500
FOR_GOOD = datetime.max.replace(tzinfo=UTC)


class SuppressionProblem(ValueError):
    """What was asked cannot be done; the message says why and what would be right."""


def suppress(
    branch: BranchProfile,
    *,
    address: str,
    reason: str,
    since: datetime | None = None,
    until: datetime | None = None,
    source: str = "",
    by: User | None = None,
) -> Suppression:
    """Have ``branch`` not write to ``address``; returns the entry that holds. Raises SuppressionProblem."""
    parsed = parse_address(address)
    if isinstance(parsed, Malformed) or not parsed.domain:
        raise SuppressionProblem(parsed.text if isinstance(parsed, Malformed) else "Give a whole address, name@domain.")
    now = timezone.now()
    begun = min(since or now, now)
    if until is not None and until <= now:
        raise SuppressionProblem("The time until which it is to hold is over.")
    name = normal(address)
    row = Suppression(
        branch=branch, address=parsed.text[:320], address_normal=name, domain=domain_of(name), reason=reason,
        since=begun, until=until, source=source[:200], by=by,
    )  # fmt: skip
    return _put(row, now)


@transaction.atomic
def _put(row: Suppression, now: datetime) -> Suppression:
    """Store ``row`` unless what is there holds as strongly; then that."""
    _alone(row.branch_id)
    held = Suppression.objects.filter(branch=row.branch, address_normal=row.address_normal, ended=None).first()
    if held is not None:
        if held.holds_at(now) and _strength(held) >= _strength(row):
            return held
        _make_room(held, now)
    row.save(force_insert=True)
    return row


def _make_room(held: Suppression, now: datetime) -> None:
    """End an entry whose place another takes."""
    lapsed = held.until is not None and held.until <= now
    _end(held, Ending.LAPSED if lapsed else Ending.REPLACED, at=held.until if lapsed and held.until else now)


def _alone(branch: int) -> None:
    """Until the transaction ends nobody else changes the branch's list. On SQLite the transaction itself sees to it."""
    BranchProfile.objects.select_for_update(no_key=True).get(pk=branch)


def _strength(row: Suppression) -> tuple[bool, datetime]:
    return row.reason in OWN_WILL, row.until or FOR_GOOD


def _end(row: Suppression, ending: Ending, *, at: datetime, by: User | None = None, because: str = "") -> None:
    row.ended, row.ending, row.ended_by, row.ended_because = at, ending, by, because[:500]
    row.save(update_fields=["ended", "ending", "ended_by", "ended_because"])


@transaction.atomic
def end(suppression: Suppression, *, because: str, by: User) -> Suppression:
    """Have the branch write to the address again. Ending what has ended changes nothing.

    Raises SuppressionProblem without a reason, and for who may not.
    """
    if not because.strip():
        raise SuppressionProblem("Say why the address may be written to again.")
    if not may_end(by, suppression):
        raise SuppressionProblem(
            "The recipient wanted this. If they want mail again, have them write to support, who end it."
        )
    _alone(suppression.branch_id)
    row = Suppression.objects.get(pk=suppression.pk)
    if row.ended is None:
        _end(row, Ending.REMOVED, at=timezone.now(), by=by, because=because.strip())
    return row


@transaction.atomic
def take_back(branch: BranchProfile, *, address: str, source: str, because: str, by: User | None) -> bool:
    """End the entry of ``address`` if it came from ``source``, which was wrong; returns whether it did."""
    _alone(branch.pk)
    row = Suppression.objects.filter(branch=branch, address_normal=normal(address), source=source, ended=None).first()
    if row is not None:
        _end(row, Ending.TAKEN_BACK, at=timezone.now(), by=by, because=because)
    return row is not None


def suppress_for_bounce(
    branch: BranchProfile, *, address: str, cause: str, permanence: str, at: datetime, source: str
) -> Suppression | None:
    """Suppress after a bounce, if its cause says that writing there again is no use; else None.

    A 5xx alone is not enough: a full mailbox, a rule or a blocked server is not the address's fault.
    """
    known = CAUSES.get(cause)
    if permanence != "hard" or known is None or not known.suppress:
        return None
    until = at + timedelta(days=settings.SUPPRESS_HARD_DAYS)
    if until <= timezone.now() or _was_ended_since(branch, address, at):
        return None
    return suppress(branch, address=address, reason=Reason.HARD_BOUNCE, since=at, until=until, source=source)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Somebody's server told ours at that time that it takes no mail for the address, for good."""

    address: str
    at: datetime


def suppress_for_refusals(branch: BranchProfile, refusals: Iterable[Refusal], *, source: str) -> int:
    """Suppress after final refusals that our own log tells of, as after bounces; returns how many entries are new.

    There may be thousands, so they are taken together. An address whose server has accepted mail since is left alone:
    a log may be read long after it was written.
    """
    now, days = timezone.now(), timedelta(days=settings.SUPPRESS_HARD_DAYS)
    latest: dict[str, Refusal] = {}
    for refusal in sorted(refusals, key=lambda refusal: refusal.at):
        if refusal.at + days > now:
            latest[normal(refusal.address)] = refusal
    names, made = list(latest), 0
    if not names:
        return 0
    with transaction.atomic():
        _alone(branch.pk)
        for start in range(0, len(names), PIECE):
            piece = {name: latest[name] for name in names[start : start + PIECE]}
            made += _suppress_piece(branch, piece, now=now, days=days, source=source)
    return made


def _suppress_piece(
    branch: BranchProfile, piece: dict[str, Refusal], *, now: datetime, days: timedelta, source: str
) -> int:
    accepted = Delivery.objects.filter(branch=branch, recipient_normal__in=piece, state=State.ACCEPTED).order_by()
    since = dict(accepted.values_list("recipient_normal").annotate(Max("state_at")))
    of_branch = Suppression.objects.filter(branch=branch, address_normal__in=piece)
    removed = dict(
        of_branch.filter(ending=Ending.REMOVED).order_by().values_list("address_normal").annotate(Max("ended"))
    )
    held = {row.address_normal: row for row in of_branch.filter(ended=None)}
    rows: list[Suppression] = []
    for name, refusal in piece.items():
        parsed = parse_address(refusal.address)
        is_known_better = any(at is not None and at >= refusal.at for at in (since.get(name), removed.get(name)))
        if is_known_better or isinstance(parsed, Malformed) or not parsed.domain:
            continue
        row = Suppression(
            branch=branch, address=parsed.text[:320], address_normal=name, domain=domain_of(name),
            reason=Reason.HARD_BOUNCE, until=refusal.at + days, source=source[:200],
            # The message that was refused was still sent: the entry holds from right after it.
            since=min(refusal.at + timedelta(microseconds=1), now),
        )  # fmt: skip
        if (before := held.get(name)) is not None:
            if before.holds_at(now) and _strength(before) >= _strength(row):
                continue
            _make_room(before, now)
        rows.append(row)
    Suppression.objects.bulk_create(rows)
    return len(rows)


def suppress_for_complaint(
    branch: BranchProfile, *, address: str, at: datetime, source: str, is_opt_out: bool = False
) -> Suppression | None:
    """Suppress for good whoever complained, or asked by mail to be let alone; None where they were asked since."""
    if _was_ended_since(branch, address, at):
        return None
    reason = Reason.OPT_OUT if is_opt_out else Reason.COMPLAINT
    return suppress(branch, address=address, reason=reason, since=at, source=source)


def _was_ended_since(branch: BranchProfile, address: str, at: datetime) -> bool:
    return Suppression.objects.filter(
        branch=branch, address_normal=normal(address), ending=Ending.REMOVED, ended__gte=at
    ).exists()


def opt_out(branch: BranchProfile, *, address: str, source: str) -> Suppression:
    """The recipient asked, by the link in a mail, not to be written to."""
    return suppress(branch, address=address, reason=Reason.OPT_OUT, source=source)
