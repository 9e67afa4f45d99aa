"""Making an event of the message log of what a returned mail says, and taking it back when it was about another.

Also what follows for the suppression list. That is done only where the match is proved: anybody can write a bounce that
names a recipient, and must not be able to have them never written to again.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from django.db import transaction
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
#: Causes that say less than a reply may.
VAGUE = frozenset({"", "unknown", "accepted_by_recipient_server"})
#: What of a recipient's row says that it was brought to a delivery.
BROUGHT = ("delivery", "branch", "how", "is_sure", "matched_at", "matched_by", "event", "event_at")


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


Found = tuple[ReturnedRecipient, Match]


@transaction.atomic
def bring(mail: ReturnedMail, matches: Sequence[Found], *, by: User | None = None) -> int:
    """Bring each recipient to the delivery of its match: an event of it where the mail is one, and what follows.

    Returns how many were brought. Who was not has a delivery that is not there any more: the log has just put its
    message together with another.
    """
    # From here on no reading of a log changes the key by which an event finds its message.
    wait_for_turn()
    numbers = {match.delivery for _, match in matches}
    deliveries = Delivery.objects.select_related("message__branch", "branch").in_bulk(numbers)
    brought = [(row, match, deliveries[match.delivery]) for row, match in matches if match.delivery in deliveries]
    events: list[LogEvent] = []
    for row, match, delivery in brought:
        row.delivery, row.branch_id, row.how, row.is_sure = delivery.pk, delivery.branch_id, match.how, match.is_sure
        row.matched_at, row.matched_by, row.event, row.event_at = timezone.now(), by, "", None
        if (kind := kind_of(mail, row)) is not None:
            event = _event(mail, row, delivery, kind)
            row.event, row.event_at = event.fingerprint, event.at
            events.append(event)
    if events:
        ingest(events, source=COMPLAINT if mail.kind == Kind.COMPLAINT else DSN, name=source_of(mail))
        _name_causes([row for row, _, _ in brought])
    ReturnedRecipient.objects.bulk_update([row for row, _, _ in brought], BROUGHT, batch_size=100)
    for row, match, delivery in brought:
        if match.is_proved:
            _suppress(mail, row, delivery)
    return len(brought)


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
        # Where it is one of ours, it made the attempt. A name without a domain is nobody's for sure.
        server=mail.reported_by.lower() if "." in mail.reported_by else "",
        reply=row.diagnostic,
        reply_code=row.reply_code,
        status=row.status,
        remote_host=row.remote_host,
        # The mail's own name, so that the event stays one when the message's key becomes a better one.
        mark=f"returned:{mail.fingerprint[:32]}:{row.position}",
    )


def _name_causes(rows: Sequence[ReturnedRecipient]) -> None:
    """Give the events the causes that the whole mail tells, which is more than each reply alone."""
    told = {row.event: row.cause for row in rows if row.event and row.cause in CAUSES and row.cause not in VAGUE}
    moments = [row.event_at for row in rows if row.event_at is not None]
    if not told:
        return
    events = DeliveryEvent.objects.filter(fingerprint__in=told, at__range=(min(moments), max(moments)))
    changed = [event for event in events.defer("raw") if event.cause != told[event.fingerprint]]
    for cause in {told[event.fingerprint] for event in changed}:
        numbers = [event.pk for event in changed if told[event.fingerprint] == cause]
        DeliveryEvent.objects.filter(pk__in=numbers).update(cause=cause)
    work_out({event.delivery_id for event in changed})


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
    numbers = {row.delivery or 0}
    if row.event and row.event_at is not None:
        wait_for_turn()
        events = DeliveryEvent.objects.filter(fingerprint=row.event, at=row.event_at)
        told_of = set(events.values_list("delivery", flat=True))
        events.delete()
        work_out(told_of)
        # The log may have put the delivery's message together with another since.
        numbers |= told_of
    for delivery in Delivery.objects.select_related("branch").filter(pk__in=numbers):
        suppression.take_back(
            delivery.branch, address=delivery.recipient, source=source_of(mail), because=because, by=by
        )
    row.delivery = row.branch_id = row.event_at = row.matched_at = row.matched_by = None
    row.how, row.event, row.is_sure = "", "", False
    row.save()
