"""Asking to be allowed, and taking the answer down as an allow-list entry."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from portal.accounts.models import User
from portal.allowing import hearing
from portal.allowing.models import AllowRequest, Product
from portal.branches.models import AllowListEntry, AllowListState, BranchProfile
from portal.branches.services import save_allow_list_entry

#: Where an organisation does not say how long it holds: many filters clean their lists after half a year.
HOLDS_FOR = timedelta(days=180)
#: The link to read a request and answer it is good for so long.
OPEN_FOR = timedelta(days=60)


class AllowingProblem(ValueError):
    """It cannot be done; the message says why and what to do."""


def ask(branch: BranchProfile, *, domain: str, product: str, contact: str, by: User) -> AllowRequest:
    """A request to ``domain`` to allow the sending server of ``branch``, noted as asked in the allow-list."""
    server = branch.sending_server
    if server is None or not server.addresses:
        raise AllowingProblem(
            "The branch has no sending server with addresses on record, so there is nothing to allow."
        )
    with transaction.atomic():
        # Who was asked already and has not answered is asked once more, and not beside that.
        held = _asked(branch, domain).order_by("-at").first()
        entry = save_allow_list_entry(
            held,
            recorded_by=by,
            branch=branch,
            domain=domain,
            state=AllowListState.ASKED,
            at=timezone.now(),
            expires=None,
            product=_product_name(product),
            addresses=list(server.addresses),
            by=contact[:160] or (held.by if held else ""),
            note=held.note if held else "",
        )
        return AllowRequest.objects.create(
            branch=branch,
            domain=domain,
            product=product,
            host=server.host,
            addresses=list(server.addresses),
            sender_domains=list(branch.from_domains.values_list("domain", flat=True)),
            contact=contact,
            by=by,
            expires=timezone.now() + OPEN_FOR,
            entry=entry,
        )


def answer(
    request: AllowRequest,
    *,
    is_allowed: bool,
    answered_by: str,
    addresses: list[str],
    product: str,
    holds_until: datetime | None,
    note: str,
) -> AllowRequest:
    """Take the answer of the organisation down, and tell whoever waits for it.

    Answering again replaces what was answered before; the same answer again is no news. An entry that only says that
    this organisation was asked is answered with it.
    """
    with transaction.atomic():
        held = AllowRequest.objects.select_for_update(of=("self",)).select_related("entry", "branch").get(pk=request.pk)
        if not held.is_open:
            raise AllowingProblem("This link has run out. Ask whoever sent it for a new one.")
        now = timezone.now()
        before = _said(held)
        held.entry = save_allow_list_entry(
            held.entry,
            recorded_by=held.by,
            branch=held.branch,
            domain=held.domain,
            state=AllowListState.CONFIRMED if is_allowed else AllowListState.REFUSED,
            at=now,
            expires=(holds_until or now + HOLDS_FOR) if is_allowed else None,
            product=(product or _product_name(held.product))[:80],
            addresses=addresses if is_allowed else [],
            by=answered_by[:160],
            note=note[:2000],
        )
        held.answered, held.answered_by = now, answered_by[:160]
        held.answer = "allowed" if is_allowed else "refused"
        held.save(update_fields=["answered", "answered_by", "answer", "entry"])
        _settle(held)
        if _said(held) != before:
            hearing.tell(held)
    return held


def _said(request: AllowRequest) -> tuple[object, ...]:
    """What the answer of ``request`` comes to."""
    entry = request.entry
    return request.answer, request.answered_by, *((list(entry.addresses), entry.note) if entry else ())


def _settle(request: AllowRequest) -> None:
    """End the entries that say no more than that this organisation was asked for this branch: now it has answered."""
    asked = _asked(request.branch, request.domain)
    if request.entry is not None:
        asked = asked.exclude(pk=request.entry.pk)
    AllowRequest.objects.filter(entry__in=asked).update(entry=request.entry)
    asked.delete()


def _asked(branch: BranchProfile, domain: str) -> QuerySet[AllowListEntry]:
    return AllowListEntry.objects.filter(branch=branch, domain=domain, state=AllowListState.ASKED)


def revoke(request: AllowRequest) -> None:
    """Make the link useless. What was answered stays."""
    AllowRequest.objects.filter(pk=request.pk, revoked=None).update(revoked=timezone.now())


def renew(request: AllowRequest) -> None:
    """Let the link be used for another while."""
    later = timezone.now() + OPEN_FOR
    AllowRequest.objects.filter(pk=request.pk, expires__lt=later).update(expires=later, revoked=None)


def _product_name(product: str) -> str:
    return str(Product(product).label) if product else ""
