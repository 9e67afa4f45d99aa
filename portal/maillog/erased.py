"""What the log once knew of a recipient and does not know any more, because they were erased or pseudonymised.

That nothing is found of such a recipient proves nothing, however complete the log is. Only the digest of the address
is kept, keyed with the desk's secret: it answers for an address that somebody names, and nobody can read one out.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db.models import Max
from django.utils import timezone

from portal.accounts.models import User
from portal.branches.access import branches_of
from portal.branches.models import BranchProfile
from portal.maillog.addresses import normal
from portal.maillog.models import ErasedRecipient


def digest_of(address: str) -> str:
    """The digest by which somebody who knows the address finds what was kept of it. ``address`` in any form."""
    return hmac.new(settings.SECRET_KEY.encode(), normal(address).encode(), hashlib.sha256).hexdigest()


def keep_erased(address: str, branches: Iterable[int]) -> None:
    """Remember that what ``branches`` (by their ids) knew of ``address`` until now is erased.

    Call it in the transaction that takes the records out, so that there is no moment without the one or the other.
    """
    digest, now = digest_of(address), timezone.now()
    for branch in set(branches):
        ErasedRecipient.objects.update_or_create(digest=digest, branch_id=branch, defaults={"at": now})


def erased_since(branch: BranchProfile, address: str, moment: datetime) -> datetime | None:
    """When what ``branch`` knew of ``address`` was erased, if that was later than ``moment``; None else (one query).

    Of mail that was sent between the two the log cannot say whether it was sent.
    """
    rows = ErasedRecipient.objects.filter(digest=digest_of(address), branch=branch, at__gt=moment)
    return rows.values_list("at", flat=True).first()


def erased_for(viewer: User, branch: BranchProfile | None, address: str) -> datetime | None:
    """When what ``viewer`` could have seen of ``address`` was erased last, of ``branch`` or of all that are theirs."""
    own = branches_of(viewer) if branch is None else branches_of(viewer).filter(pk=branch.pk)
    rows = ErasedRecipient.objects.filter(digest=digest_of(address), branch__in=own)
    return rows.aggregate(at=Max("at"))["at"]
