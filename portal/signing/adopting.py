"""Keys that stand on a branch's profile and were not issued here: they are looked after like those that were.

The profile says what mail is signed with, the keys' page what becomes of each key. So that the two never differ, what
is entered on a profile becomes a key of its page, a key that is changed there is changed here, and one that is taken
off there is watched no more.
"""

from __future__ import annotations

from base64 import b64decode
from binascii import Error

from django.db.models import Exists, F, OuterRef, QuerySet, Subquery
from django.utils import timezone

from portal.branches.models import DKIMEntry, SendingDomain
from portal.signing.models import LIVE, Algorithm, SigningKey, State

#: So many in one round.
MOST = 200
#: RFC 8463 §4: the public key of Ed25519 stands in the record as its bare 32 octets.
ED25519_OCTETS = 32
NOTE = "From the branch's profile"


def unknown_entries(domain: SendingDomain | None = None) -> QuerySet[DKIMEntry]:
    """The entries of profiles (of one domain) that no key of this room stands for."""
    known = SigningKey.objects.filter(domain=OuterRef("domain"), selector=OuterRef("selector"))
    rows = DKIMEntry.objects.exclude(Exists(known)).order_by("pk")
    return rows if domain is None else rows.filter(domain=domain)


def adopt(domain: SendingDomain | None = None) -> int:
    """Look after the entries whose key is on record; returns how many were new. Twice is once."""
    now = timezone.now()
    made = [
        SigningKey(
            domain_id=entry.domain_id, selector=entry.selector, public_key=entry.public_key,
            algorithm=_algorithm(entry.public_key), state=State.ISSUED, note=NOTE, asked_at=now, issued_at=now,
            next_look=now,
        )
        for entry in unknown_entries(domain).exclude(public_key="")[:MOST]
    ]  # fmt: skip
    # Two rounds at once: who comes second finds it done.
    SigningKey.objects.bulk_create(made, ignore_conflicts=True)
    return len(made)


def follow_profiles() -> None:
    """Change the adopted keys that were changed on their profile since, and end those that were taken off it."""
    now = timezone.now()
    entry = DKIMEntry.objects.filter(domain=OuterRef("domain"), selector=OuterRef("selector"))
    rows = SigningKey.objects.filter(state__in=LIVE, handed="").exclude(selector="")
    rows = rows.annotate(on_profile=Subquery(entry.values("public_key")[:1]))
    gone = list(rows.filter(on_profile=None).values_list("pk", flat=True)[:MOST])
    SigningKey.objects.filter(pk__in=gone).update(
        state=State.RETIRED, ended_at=now, ended_because="Taken off the branch's profile", next_look=None
    )
    for key in rows.exclude(on_profile=None).exclude(on_profile="").exclude(on_profile=F("public_key"))[:MOST]:
        held = key.on_profile
        SigningKey.objects.filter(pk=key.pk).update(
            public_key=held, algorithm=_algorithm(held), state=State.ISSUED, seen=[], published_at=None,
            verified_at=None, issued_at=now, next_look=now,
        )  # fmt: skip


def _algorithm(public_key: str) -> Algorithm:
    """The kind of a key by its length, as nothing else on the profile tells it."""
    try:
        octets = len(b64decode("".join(public_key.split()), validate=True))
    except (Error, ValueError):
        return Algorithm.RSA
    return Algorithm.ED25519 if octets == ED25519_OCTETS else Algorithm.RSA
