"""Making an event of the message log of what a returned mail says, and taking it back when it was about another.

Also what follows for the suppression list. That is done only where the match is proved: anybody can write a bounce that
names a recipient, and must not be able to have them never written to again.
"""

from __future__ import annotations

import logging

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from diagnostics.engine.causes import CAUSES
from portal.accounts.models import User
from portal.maillog.bulk import wait_for_turn
from portal.maillog.deliveries import work_out
from portal.maillog.importers.event import Kind as EventKind
from portal.maillog.importers.event import LogEvent
from portal.maillog.models import Delivery, DeliveryEvent
from portal.maillog.services import ingest
from portal.returned.matching import Match
from portal.returned.models import Kind, ReturnedMail, ReturnedRecipient
from portal.suppression import services as suppression

logger = logging.getLogger(__name__)

#: The sources of the events that are made here.
DSN, COMPLAINT = "dsn", "complaint"
#: RFC 5965 §7.3 and its extensions: what says that a person did not want the mail. The others say something else.
COMPLAINTS = frozenset({"abuse", "fraud", "virus", "other", ""})
#: What a mail program sends when somebody presses "unsubscribe".
OPT_OUT = "opt-out"


def source_of(mail: ReturnedMail) -> str:
    """The words by which the suppression list names the mail."""
    return f"Returned mail {mail.pk}"


def kind_of(mail: ReturnedMail, row: ReturnedRecipient) -> EventKind | None:
    """The kind of event that the mail is for this recipient; None where it is none of the log's."""
    if mail.kind == Kind.DELIVERED:
        return EventKind.ACCEPTED
    if mail.kind == Kind.COMPLAINT:
        return EventKind.COMPLAINED if mail.feedback in COMPLAINTS else None
    if mail.kind != Kind.BOUNCE:
        return None
    if row.action == "delayed":
        return EventKind.DEFERRED
    # RFC 3463 §3.5: x.4.7 is a delivery time that ran out. A status of 4 that ended all the same is one too.
    return EventKind.EXPIRED if row.status.startswith("4.") or row.status.endswith(".4.7") else EventKind.REFUSED


@transaction.atomic
def bring(mail: ReturnedMail, row: ReturnedRecipient, match: Match, *, by: User | None = None) -> bool:
    """Bring ``row`` to the delivery of ``match``: an event of it where the mail is one, and what follows from it.

    False where the delivery is not there any more: the log has just put its message together with another.
    """
    # From here on no reading of a log changes the key by which the event finds its message.
    wait_for_turn()
    found = Delivery.objects.select_related("message__branch").filter(pk=match.delivery.pk).first()
    if found is None:
        return False
    row.delivery, row.branch_id, row.how, row.is_sure = found.pk, found.branch_id, match.how, match.is_sure
    row.matched_at, row.matched_by = timezone.now(), by
    row.event, row.event_at = "", None
    kind = kind_of(mail, row)
    if kind is not None:
        event = _event(mail, row, found, kind)
        ingest([event], source=COMPLAINT if kind is EventKind.COMPLAINED else DSN, name=f"returned mail {mail.pk}")
        row.event, row.event_at = event.fingerprint, event.at
        _name_cause(row)
    row.save()
    if match.is_proved:
        _suppress(mail, row, found)
    return True


def _event(mail: ReturnedMail, row: ReturnedRecipient, delivery: Delivery, kind: EventKind) -> LogEvent:
    return LogEvent(
        kind=kind,
        branch=delivery.message.branch.code,
        line=1,
        raw=f"Returned mail {mail.fingerprint[:16]}: {row.diagnostic or mail.subject}"[:4000],
        # A report is later than what it is about, whatever its clock says.
        at=max(mail.at, delivery.at),
        key=delivery.message.key,
        recipient=delivery.recipient,
        reply=row.diagnostic,
        reply_code=row.reply_code,
        status=row.status,
        remote_host=row.remote_host,
        # The mail's own name, so that the event stays one when the message's key becomes a better one.
        mark=f"returned:{mail.fingerprint[:32]}:{row.position}",
    )


def _events_of(row: ReturnedRecipient) -> QuerySet[DeliveryEvent]:
    """The event that was made of ``row``: one, or none any more."""
    if row.event_at is None:
        return DeliveryEvent.objects.none()
    return DeliveryEvent.objects.filter(fingerprint=row.event, at=row.event_at)


def _name_cause(row: ReturnedRecipient) -> None:
    """Give the event the cause that the whole mail tells, which is more than its reply alone."""
    if row.cause not in CAUSES or row.cause in ("unknown", "accepted_by_recipient_server"):
        return
    events = _events_of(row).exclude(cause=row.cause)
    numbers = set(events.values_list("delivery", flat=True))
    if numbers:
        events.update(cause=row.cause)
        work_out(numbers)


def _suppress(mail: ReturnedMail, row: ReturnedRecipient, delivery: Delivery) -> None:
    branch, address, source = delivery.branch, delivery.recipient, source_of(mail)
    try:
        if mail.kind == Kind.BOUNCE and row.action != "delayed":
            suppression.suppress_for_bounce(
                branch, address=address, cause=row.cause, permanence=row.permanence, at=mail.at, source=source
            )
        elif mail.kind == Kind.COMPLAINT and (mail.feedback in COMPLAINTS or mail.feedback == OPT_OUT):
            suppression.suppress_for_complaint(
                branch, address=address, at=mail.at, source=source, is_opt_out=mail.feedback == OPT_OUT
            )
    except suppression.SuppressionProblem as problem:
        # A log may hold an address that is none; nothing is ever sent there anyway.
        logger.warning("%s of %s was not suppressed: %s", address, branch, problem)


@transaction.atomic
def take_back(mail: ReturnedMail, row: ReturnedRecipient, *, because: str, by: User | None = None) -> None:
    """Undo what :func:`bring` did: the event, the suppression that followed, the match. Nothing where there is none."""
    if not row.how:
        return
    if row.event:
        wait_for_turn()
        events = _events_of(row)
        numbers = set(events.values_list("delivery", flat=True))
        events.delete()
        work_out(numbers)
    found = Delivery.objects.select_related("branch").filter(pk=row.delivery or 0).first()
    if found is not None:
        suppression.take_back(found.branch, address=found.recipient, source=source_of(mail), because=because, by=by)
    row.delivery = row.branch_id = row.event_at = row.matched_at = row.matched_by = None
    row.how, row.event, row.is_sure = "", "", False
    row.save()
