"""Asking for a key, issuing it, rotating and revoking it."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from portal.accounts.models import User
from portal.bell import ring
from portal.branches.models import DKIMUse, SendingDomain
from portal.branches.services import remove_dkim_entry, save_dkim_entry
from portal.signing import adopting, handing, tasks
from portal.signing.making import Pair, make_pair
from portal.signing.models import LIVE, SigningKey, State


class SigningProblem(ValueError):
    """It cannot be done; the message says why and what to do."""


def ask_for_key(domain: SendingDomain, *, note: str, by: User) -> SigningKey:
    """Ask support for a key. A key that was asked for already is the answer."""
    with transaction.atomic():
        asked, _ = SigningKey.objects.get_or_create(
            domain=domain, state=State.ASKED, defaults={"note": note[:400], "asked_by": by}
        )
    return asked


def issue(domain: SendingDomain, *, algorithm: str, selector: str, by: User) -> tuple[SigningKey, Pair | None]:
    """A new key for ``domain``; returns it, and its private half where that is to be shown once.

    With a signer set up the private half goes there and is not returned. A live key stays, and is retired when the new
    one has been verified, so that no mail is unsigned in between. SigningProblem and HandingProblem say why not.
    """
    selector = selector or free_selector(domain)
    was_used = SigningKey.objects.filter(domain=domain, selector=selector).exists()
    if was_used or domain.dkim_entries.filter(selector=selector).exists():
        raise SigningProblem(f"The selector {selector} was used before. Choose another: receivers remember old keys.")
    # A key that only the profile knows is the one that this one takes over from.
    adopting.adopt(domain)
    pair = make_pair(algorithm)
    with transaction.atomic():
        key = SigningKey.objects.select_for_update().filter(domain=domain, state=State.ASKED).first()
        key = key or SigningKey(domain=domain, asked_by=by)
        key.selector, key.algorithm, key.public_key = selector, algorithm, pair.public
        key.state, key.issued_by, key.issued_at = State.ISSUED, by, timezone.now()
        key.replaces = SigningKey.objects.filter(domain=domain, state__in=LIVE).exclude(pk=key.pk).first()
        key.next_look = timezone.now() + timedelta(minutes=2)
        key.handed = "signer" if handing.has_signer() else "shown"
        key.save()
        save_dkim_entry(domain, selector=selector, public_key=pair.public, by=by, use=DKIMUse.ISSUED)
        if handing.has_signer():
            # Last, so that a signer that refuses leaves nothing behind here.
            handing.hand_over(key, pair)
    return key, None if handing.has_signer() else pair


def free_selector(domain: SendingDomain) -> str:
    """A selector that says when the key was made: ``xd202611``, with a letter behind it where that was used."""
    stem = f"xd{timezone.now():%Y%m}"
    used = set(SigningKey.objects.filter(domain=domain, selector__startswith=stem).values_list("selector", flat=True))
    used |= set(domain.dkim_entries.filter(selector__startswith=stem).values_list("selector", flat=True))
    return next(name for name in (stem, *(stem + letter for letter in "bcdefghijklmnopqrstuvwxyz")) if name not in used)


def look_now(key: SigningKey) -> None:
    """Have the name servers asked now."""
    SigningKey.objects.filter(pk=key.pk).update(next_look=timezone.now())
    ring(tasks.look_at_key, key.pk)


def revoke(key: SigningKey, *, because: str, by: User) -> SigningKey:
    """End a key for good: nobody signs with it any more, and its record is to say so. Twice is once."""
    if not because.strip():
        raise SigningProblem("Say why it is revoked.")
    with transaction.atomic():
        held = SigningKey.objects.select_for_update(of=("self",)).select_related("domain__branch").get(pk=key.pk)
        if held.state == State.REVOKED:
            return held
        held.state, held.ended_at, held.ended_by, held.ended_because = State.REVOKED, timezone.now(), by, because[:400]
        held.next_look = timezone.now()
        held.save(update_fields=["state", "ended_at", "ended_by", "ended_because", "next_look"])
        entry = held.domain.dkim_entries.filter(selector=held.selector).first()
        if entry is not None:
            remove_dkim_entry(entry, by=by)
    return held
