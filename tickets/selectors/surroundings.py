"""What stands around a report: mail that came back and is matched to nothing, earlier tickets, and the rate then.

Each part is a bounded query, scoped by the viewer: what is of another branch, or of all together, is for support alone
and is marked so in the facts (:meth:`diagnostics.engine.causes.Case.for_branch`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo

from django.db.models import Q, QuerySet
from django.urls import reverse

from diagnostics.engine.causes import CAUSES, About, Case, DeliveryFact, PressureFact, ReturnedFact, TicketFact
from diagnostics.engine.causes.choosing import CAME_BACK, CLOCKS, with_returned
from diagnostics.engine.receivers import receiver_of_domain
from portal.accounts.models import User
from portal.branches.access import branches_of
from portal.branches.models import BranchProfile
from portal.maillog.addresses import normal
from portal.maillog.models import Delivery, State
from portal.maillog.selectors import deliveries_of
from portal.rates.limits import provider_name
from portal.rates.selectors import HOUR, this_hour
from portal.rates.slowing import Nearness, Pressure, pressure_at
from portal.returned.models import Kind, ReturnedMail, ReturnedRecipient
from portal.web.moments import zone_of
from tickets.models import Report, Ticket
from tickets.selectors.returned import LATEST, fact_of
from tickets.selectors.tickets import tickets_of

#: Kinds of returned mail that say something of a message that did not stay where it went.
CAME_BACK_KINDS = (Kind.BOUNCE, Kind.COMPLAINT)
#: Mails that are looked at: about the address, and about nobody.
MOST_ABOUT, MOST_UNNAMED = 20, 200
#: What was confirmed longer ago says nothing of today.
SPAN = timedelta(days=180)
#: Tickets that are looked at of each kind, and that are told of.
LOOKED_AT, MOST_TOLD = 50, 5
#: So many of the latest messages to the recipient tell when one was accepted last.
MOST_DELIVERIES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """Which message the surroundings are asked of. ``moment`` is when it was sent, ``span`` how far off that may be.

    ``before`` is what counts as earlier, and ``report`` the one that is asked about, which is not its own evidence.
    """

    viewer: User
    branch: BranchProfile
    recipient: str
    now: datetime
    before: datetime
    moment: datetime | None = None
    span: timedelta = timedelta(days=1)
    delivery: Delivery | None = None
    report: Report | None = None

    @property
    def recipient_domain(self) -> str:
        return normal(self.recipient).rpartition("@")[2]

    @property
    def provider(self) -> str:
        """The provider's id, by the log or by its own address domain; empty where it is not known."""
        logged = self.delivery.provider if self.delivery else ""
        return logged or _provider_at(self.recipient_domain)


@dataclass(frozen=True, slots=True)
class Returned:
    """What came back: ``direct`` names this very message, ``beside`` does not."""

    direct: tuple[DeliveryFact, ...] = ()
    beside: tuple[ReturnedFact, ...] = ()


def with_surroundings(case: Case, around: Around) -> Case:
    """``case`` with what stands around it, as far as the viewer may know."""
    returned = returned_around(around)
    if case.delivery is not None:
        # What names this very message is a record of it, as if the log had told it.
        told = with_returned([case.delivery], returned.direct)[0]
        case = replace(case, delivery=told, candidates=(told, *case.candidates[1:]) if case.candidates else ())
    return replace(
        case,
        returned=returned.beside,
        tickets=tickets_around(around),
        pressure=pressure_around(around),
        accepted_at=accepted_last(around),
    )


def returned_around(around: Around) -> Returned:
    """Bounces and complaints that no delivery is known to be about, and that may be about this one. Three queries.

    A mail names the message by its Message-ID, or by its subject within a week after it, where it names the recipient.
    """
    rows = [*_about(around), *_unnamed(around)]
    direct = [row for row in rows if row.address and _is_direct(row.mail, around.delivery)]
    beside = [row for row in rows if row not in direct]
    return Returned(
        tuple(fact_of(row, around.moment) for row in direct), tuple(_beside(row, around) for row in beside[:MOST_TOLD])
    )


def _window(around: Around) -> tuple[datetime, datetime]:
    if around.moment is None:
        return around.before - LATEST, around.now
    return around.moment - around.span, min(around.moment + around.span + LATEST, around.now)


def _unmatched(around: Around) -> QuerySet[ReturnedRecipient]:
    """What is matched to nothing. Staff read what was brought in for their branch, or names its message."""
    rows = ReturnedRecipient.objects.filter(how="", mail__kind__in=CAME_BACK_KINDS).select_related("mail")
    own = Q(mail__branch=around.branch)
    if around.viewer.is_support:
        return rows.filter(own | Q(mail__branch=None))
    return rows.filter(own, mail__branch__in=branches_of(around.viewer))


def _about(around: Around) -> list[ReturnedRecipient]:
    name = normal(around.recipient)
    if not name:
        return []
    rows = _unmatched(around).filter(Q(address_normal=name) | Q(original_normal=name))
    return list(rows.filter(mail__at__range=_window(around)).order_by("-mail__at", "-pk")[:MOST_ABOUT])


def _unnamed(around: Around) -> Iterator[ReturnedRecipient]:
    """Mails that name no recipient (a complaint's is blacked out by rule) but this sender and this subject."""
    message = around.delivery.message if around.delivery else None
    if message is None or around.moment is None:
        return
    begins, ends = _window(around)
    mails = ReturnedMail.objects.filter(unmatched__gt=0, received__gte=begins).order_by("received", "pk").defer("raw")
    senders = {normal(item) for item in (message.envelope_from, message.from_address) if item}
    fitting = [
        mail
        for mail in mails[:MOST_UNNAMED]
        if begins <= mail.at <= ends
        and (
            _names(mail, message.message_id)
            or (_is_of_subject(mail, message.subject) and senders & {normal(item) for item in mail.sent_to})
        )
    ]
    if fitting:
        rows = _unmatched(around).filter(mail__in=fitting, address_normal="", original_normal="")
        yield from rows.order_by("-mail__at", "-pk")[:MOST_ABOUT]


def _names(mail: ReturnedMail, message_id: str) -> bool:
    return bool(message_id) and message_id.strip("<>") in mail.message_ids


def _is_of_subject(mail: ReturnedMail, subject: str) -> bool:
    return bool(subject) and " ".join(mail.returned_subject.casefold().split()) == " ".join(subject.casefold().split())


def _is_direct(mail: ReturnedMail, delivery: Delivery | None) -> bool:
    if delivery is None:
        return False
    message = delivery.message
    if _names(mail, message.message_id):
        return True
    is_after = delivery.at - CLOCKS <= mail.at <= delivery.at + CAME_BACK
    return is_after and _is_of_subject(mail, message.subject) and not (mail.message_ids and message.message_id)


def _beside(row: ReturnedRecipient, around: Around) -> ReturnedFact:
    fact, mail = fact_of(row, around.moment), row.mail
    told_at = fact.at if fact.at != mail.at else None
    is_near = around.moment is not None and around.moment - around.span <= mail.at
    if told_at is not None and around.moment is not None:
        is_near = abs(told_at - around.moment) <= around.span
    message_id = around.delivery.message.message_id if around.delivery else ""
    return ReturnedFact(
        fact=fact,
        is_named=bool(row.address_normal or row.original_normal),
        is_near=is_near,
        is_other=bool(message_id and mail.message_ids and not _names(mail, message_id)),
        # A mail may be about recipients of several branches, so staff cannot open it.
        link=reverse("returned_mail", args=[mail.pk]) if around.viewer.is_support else "",
        is_for_support=mail.branch_id is None,
    )


def tickets_around(around: Around) -> tuple[TicketFact, ...]:
    """Earlier tickets with a confirmed cause that are like this one, the nearest first. At most four queries."""
    rows = tickets_of(around.viewer).exclude(cause="").filter(created__range=(around.before - SPAN, around.before))
    if around.report is not None:
        rows = rows.exclude(report=around.report)
    rows = rows.select_related("branch").defer("description").order_by("-created", "-pk")
    facts: dict[int, TicketFact] = {}
    for about, found in (
        (About.RECIPIENT, rows.filter(recipient__in={around.recipient, normal(around.recipient)} - {""})),
        (About.DOMAIN, rows.filter(recipient_domain=around.recipient_domain) if around.recipient_domain else ()),
        (About.PROVIDER, _of_provider(around, rows)),
    ):
        known = [row for row in found[:LOOKED_AT] if row.pk not in facts and row.cause in CAUSES]
        for row in [row for row in known if row.cause != "unknown"][:MOST_TOLD]:
            facts[row.pk] = _ticket_fact(row, about, around)
    return tuple(facts.values())


def _of_provider(around: Around, rows: QuerySet[Ticket]) -> list[Ticket]:
    """Tickets of the same branch about mail to the same provider: by the log, or by the provider's own domains."""
    if not around.provider:
        return []
    latest = list(rows.filter(branch=around.branch).select_related("branch", "report")[:LOOKED_AT])
    numbers = [row.report.delivery_id for row in latest if row.report.delivery_id is not None]
    logged = dict(Delivery.objects.filter(pk__in=numbers).values_list("pk", "provider")) if numbers else {}
    return [
        row
        for row in latest
        if (logged.get(row.report.delivery_id or 0) or _provider_at(row.recipient_domain)) == around.provider
    ]


def _provider_at(domain: str) -> str:
    known = receiver_of_domain(domain)
    return known.id if known else ""


def _ticket_fact(row: Ticket, about: About, around: Around) -> TicketFact:
    is_of_another = row.branch_id != around.branch.pk
    return TicketFact(
        name=f"Ticket {row.number} of {row.branch.organisation}" if is_of_another else f"Ticket {row.number}",
        at=row.created,
        cause=row.cause,
        about=about,
        suggested=row.suggested_cause,
        link=reverse("ticket", args=[row.number]),
        is_of_another=is_of_another,
    )


def accepted_last(around: Around) -> datetime | None:
    """When the recipient's server last took a message of the branch, among the latest before now; one query."""
    rows = deliveries_of(around.viewer).filter(branch=around.branch, recipient_normal=normal(around.recipient))
    latest = rows.filter(at__lte=around.now).order_by("-at", "-pk").values_list("state", "state_at")[:MOST_DELIVERIES]
    return max((at for state, at in latest if state == State.ACCEPTED), default=None)


def pressure_around(around: Around) -> PressureFact | None:
    """How much the sending server gave the provider then (WL-17), by support's figures or as staff may know it.

    Nothing where the provider or the time is not known. At most two queries.
    """
    delivery = around.delivery
    at = delivery.state_at if delivery else around.moment
    if not around.provider or at is None:
        return None
    server = (delivery.server if delivery else "") or _server_of(around.branch)
    found = pressure_at(around.provider, server=server, now=at)
    if found.state is Nearness.QUIET:
        return None
    zone = zone_of(around.branch.time_zone)
    text = f"{_hours(at, zone)}: {found.words}"
    calm = _calm(found, at, zone)
    is_support = around.viewer.is_support
    return PressureFact(
        text=text if is_support else calm,
        calm_text=calm,
        is_tight=found.is_tight,
        is_calm=found.state is Nearness.BELOW,
        link=reverse("rates_provider", args=[around.provider]) if is_support else "",
    )


def _hours(at: datetime, zone: tzinfo) -> str:
    """The hour and the one before it, in the branch's own time."""
    hour = this_hour(at)
    begins, ends = (hour - HOUR).astimezone(zone), (hour + HOUR).astimezone(zone)
    return f"From {begins.day} {begins:%b %Y, %H:%M} to {ends:%H:%M %Z}"


def _calm(found: Pressure, at: datetime, zone: tzinfo) -> str:
    """The same without the figures of others; nothing where nothing was tight."""
    if not found.is_tight:
        return ""
    name = provider_name(found.provider)
    if found.state is Nearness.PUSHING:
        return f"{_hours(at, zone)} {name} put off much of what the sending server handed over."
    return f"{_hours(at, zone)} much mail went to {name}, near or over what it is said to take."


def _server_of(branch: BranchProfile) -> str:
    return branch.sending_server.host if branch.sending_server else ""
