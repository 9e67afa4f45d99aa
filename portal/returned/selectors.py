"""Reading what came back: lists, one mail with its recipients, and what came back of a delivery."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.http import Http404

from diagnostics.engine.messages.headers.fields import MAX_OCTETS
from portal.accounts.models import User
from portal.maillog.addresses import normal
from portal.maillog.models import Delivery, DeliveryEvent
from portal.maillog.selectors import deliveries_of
from portal.returned.access import mails_of, recipients_of
from portal.returned.evidence import COMPLAINT, DSN
from portal.returned.matching import SKEW, WINDOW
from portal.returned.models import Kind, ReturnedMail, ReturnedRecipient
from portal.returned.words import Told, told_of

#: So much of a mail's text is shown.
MOST_SHOWN = 64 << 10
#: So many recipients of a mail are shown; nearly all mails are about one.
MOST_RECIPIENTS = 100
#: So many deliveries are offered to match by hand.
MOST_OFFERED = 50


@dataclass(frozen=True, slots=True)
class Row:
    """One recipient of a mail, what it says of them in words, and the delivery, where it is still in the log."""

    recipient: ReturnedRecipient
    told: Told
    delivery: Delivery | None


def returned_mails(viewer: User, *, kind: str = "", matched: str = "", address: str = "") -> QuerySet[ReturnedMail]:
    """The mails that ``viewer`` may see, narrowed; the caller takes a keyset page of them by ``received``.

    ``matched`` is "yes" or "no", about those that should be about a delivery.
    """
    rows = mails_of(viewer)
    if kind:
        rows = rows.filter(kind=kind)
    if matched == "no":
        rows = rows.filter(unmatched__gt=0)
    elif matched == "yes":
        rows = rows.filter(unmatched=0, kind__in=[Kind.BOUNCE, Kind.COMPLAINT, Kind.DELIVERED])
    if address:
        name = normal(address)
        found = ReturnedRecipient.objects.filter(address_normal=name).order_by("-pk").values("mail")[:200]
        rows = rows.filter(pk__in=list(found.values_list("mail", flat=True)))
    return rows.defer("raw")


def with_recipients(mails: list[ReturnedMail]) -> list[tuple[ReturnedMail, list[ReturnedRecipient]]]:
    """Each mail of a page with its first recipients, in one query."""
    rows = ReturnedRecipient.objects.filter(mail__in=mails, position__lt=3).select_related("branch")
    by_mail: dict[int, list[ReturnedRecipient]] = {}
    for row in rows.order_by("position"):
        by_mail.setdefault(row.mail_id, []).append(row)
    return [(mail, by_mail.get(mail.pk, [])) for mail in mails]


def returned_mail_for(viewer: User, pk: int) -> ReturnedMail:
    """The mail ``pk`` if ``viewer`` may open it; else Http404."""
    found = mails_of(viewer).select_related("marked_by", "branch").filter(pk=pk).first()
    if found is None:
        raise Http404("No returned mail of that number.")
    return found


def recipient_for(viewer: User, mail: ReturnedMail, position: int) -> ReturnedRecipient:
    """One recipient of ``mail``; else Http404."""
    found = recipients_of(viewer).filter(mail=mail, position=position).select_related("mail").first()
    if found is None:
        raise Http404("The mail is about no such recipient.")
    return found


def rows_of(viewer: User, mail: ReturnedMail) -> list[Row]:
    """What ``mail`` says of each recipient, with the deliveries, in three queries."""
    rows = list(recipients_of(viewer).filter(mail=mail).select_related("branch", "matched_by")[:MOST_RECIPIENTS])
    deliveries = _deliveries(rows)
    return [Row(row, told_of(mail, row), deliveries.get(row.pk)) for row in rows]


def _deliveries(rows: list[ReturnedRecipient]) -> dict[int, Delivery]:
    """The deliveries of ``rows``. The log may have put a message together with another since: the event knows."""
    events = {row.event: row for row in rows if row.event}
    moments = [row.event_at for row in events.values() if row.event_at]
    found: dict[int, int] = {row.pk: row.delivery for row in rows if row.delivery is not None}
    if moments:
        told = DeliveryEvent.objects.filter(fingerprint__in=events, at__range=(min(moments), max(moments)))
        for fingerprint, number in told.values_list("fingerprint", "delivery"):
            found[events[fingerprint].pk] = number
    deliveries = Delivery.objects.filter(pk__in=set(found.values())).select_related("message", "branch")
    by_number = {delivery.pk: delivery for delivery in deliveries}
    return {pk: by_number[number] for pk, number in found.items() if number in by_number}


def returned_for(viewer: User, delivery: Delivery) -> list[Row]:
    """What came back of ``delivery``, oldest first; for its page. At most twenty, in two queries."""
    events = DeliveryEvent.objects.filter(delivery=delivery, source__in=(DSN, COMPLAINT))
    fingerprints = list(events.values_list("fingerprint", flat=True)[:20])
    rows = recipients_of(viewer).filter(Q(delivery=delivery.pk) | Q(event__in=fingerprints))
    found = rows.select_related("mail", "branch", "matched_by").defer("mail__raw").order_by("mail__at", "pk")[:20]
    return [Row(row, told_of(row.mail, row), delivery) for row in found]


def offered(viewer: User, row: ReturnedRecipient, *, recipient: str = "") -> list[Delivery]:
    """The deliveries that ``row`` may be about: to ``recipient`` or whom it names, the latest before it first."""
    name = normal(recipient) if recipient else row.original_normal or row.address_normal
    if not name:
        return []
    rows = deliveries_of(viewer).filter(recipient_normal=name, at__lte=row.mail.at + SKEW)
    if not recipient:
        rows = rows.filter(at__gte=row.mail.at - 4 * WINDOW)
    return list(rows.select_related("message", "branch").order_by("-at", "-pk")[:MOST_OFFERED])


def text_of(mail: ReturnedMail) -> tuple[str, bool]:
    """The mail's text as far as it is shown, and whether that is all of it; empty where it has been forgotten."""
    octets = bytes(mail.raw or b"")[: min(MOST_SHOWN, MAX_OCTETS)]
    text = octets.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    return text, len(octets) == mail.size


def how_many_unmatched(viewer: User, *, most: int = 100) -> str:
    """How many mails wait for somebody to say what they are about, as "7" or "100+"."""
    found = len(mails_of(viewer).filter(unmatched__gt=0).values_list("pk", flat=True)[: most + 1])
    return f"{most}+" if found > most else str(found)
