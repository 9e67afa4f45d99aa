"""What the log tells about an organisation that is asked to let a branch's mail in."""

from __future__ import annotations

from collections import Counter

from portal.allowing.knowing import Known, RefusedMessage
from portal.branches.models import BranchProfile
from portal.maillog.models import Delivery
from portal.maillog.selectors import BY_RULE, TROUBLE

#: So many of the latest deliveries of the branch to the organisation are looked through.
MOST = 200


def known_of(branch: BranchProfile, domain: str) -> Known:
    """Who takes the organisation's mail, and the latest message of ``branch`` that a rule of theirs refused."""
    rows = Delivery.objects.filter(branch=branch, recipient_domain=domain).order_by("-at", "-pk")
    latest = list(rows.values_list("pk", "state", "cause", "provider")[:MOST])
    providers = Counter(provider for _, _, _, provider in latest if provider)
    refused = next((pk for pk, state, cause, _ in latest if cause in BY_RULE and state in TROUBLE), None)
    return Known(
        product=providers.most_common(1)[0][0] if providers else "",
        refused=_message(refused) if refused is not None else None,
    )


def _message(pk: int) -> RefusedMessage | None:
    row = Delivery.objects.select_related("message").filter(pk=pk).first()
    if row is None:
        return None
    return RefusedMessage(
        at=row.state_at,
        recipient=row.recipient,
        envelope_from=row.message.envelope_from,
        message_id=row.message.message_id,
        queue_id=row.message.queue_id,
        their_server=row.remote_host,
        reply=row.reply,
    )
