"""What came back in a case: taken in, read and matched as the desk does it with what it receives."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from portal.branches.models import BranchProfile
from portal.maillog.addresses import normal
from portal.returned import runner
from portal.returned.models import ReturnedMail
from portal.returned.services import take


def take_in(messages: Iterable[str], branch: BranchProfile, *, recipient: str, now: datetime) -> None:
    """Store ``messages``, classify them, and bring them to the deliveries of ``branch`` that they are about.

    ``now`` is the case's own: what is dated later has no date that can be believed.
    """
    for text in messages:
        octets = text.encode("utf-8", "surrogateescape")
        mail, _ = take(octets, source="case", branch=branch, rings=False, now=now)
        runner.perform(mail.pk)
        mail.refresh_from_db()
        _settle(mail, octets, recipient)


def _settle(mail: ReturnedMail, octets: bytes, recipient: str) -> None:
    """What the whole file tells more than the mail alone: whom the case is about."""
    rows = list(mail.recipients.all())
    name = normal(recipient)
    if len(rows) == 1 and not rows[0].how and any(form.encode() in octets.lower() for form in (name, _written(name))):
        # The mail as it was sent out, which the report gives back, was to the recipient.
        rows[0].original_normal = name
        rows[0].save(update_fields=["original_normal"])


def _written(address: str) -> str:
    """The address as it is written into another one (VERP)."""
    return "=".join(address.rsplit("@", 1))
