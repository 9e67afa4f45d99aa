"""A case: everything known about one report, as plain facts. A field that is empty is not known."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum

from diagnostics.engine.causes.remedies import Remedy
from diagnostics.engine.findings import Actor, Verdict
from diagnostics.engine.messages.reply_rule import Rule

#: States in which the message was handed to a server outside the sending application.
WENT_OUT = frozenset({"handed", "deferred", "accepted", "refused", "expired"})
#: What a person says who has the message before them.
HAS_IT = frozenset({"banner_missing", "badly_formatted", "late"})
#: A mailbox answers by itself within this time of the message, if it names none.
ANSWERED_WITHIN = timedelta(days=2)
#: Who tells of a message knows the half of the day, at least.
HALF_A_DAY = timedelta(hours=12)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeferralFact:
    """One time that a message was put off, and the cause its reply names."""

    at: datetime
    cause: str = ""
    reply: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFact:
    """One message to the recipient and how far it verifiably got (``portal.maillog.models.State``).

    ``recipient`` is whom it went to in the end where that differs from whom it was written to. ``is_bounce``: it is
    known only by what came back. ``is_by_own_server``: who answered is the branch's own server, not the recipient's.
    ``complained_at``: when the recipient reported it as spam, which nobody does with what never came. ``link`` is where
    the record can be read.
    """

    state: str
    at: datetime
    state_at: datetime | None = None
    cause: str = ""
    reply: str = ""
    reply_code: str = ""
    status: str = ""
    remote_host: str = ""
    attempts: int = 0
    deferrals: tuple[DeferralFact, ...] = ()
    recipient: str = ""
    module: str = ""
    function: str = ""
    message_id: str = ""
    queue_id: str = ""
    is_bounce: bool = False
    is_by_own_server: bool = False
    complained_at: datetime | None = None
    link: str = ""

    @property
    def went_out(self) -> bool:
        """It left the sending application, and more is known of it than that."""
        return self.state in WENT_OUT

    @property
    def said_by(self) -> str:
        return self.remote_host or "Their server"


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorFact:
    """An error of the sending application before hand-over; ``is_named``: it names the recipient."""

    at: datetime
    text: str
    is_named: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppressed:
    """The address is not to be written to, since when, until when (None: for good), and why."""

    reason: str
    since: datetime
    until: datetime | None = None

    def holds_at(self, at: datetime) -> bool:
        return self.since <= at and (self.until is None or self.until > at)


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingFact:
    """A finding of the checks: which check and code, how it is to be taken, in words, and what is to be done."""

    check: str
    code: str
    verdict: Verdict
    title: str = ""
    suggestion: str = ""
    remedy: str = ""
    actor: Actor = Actor.NOBODY

    @property
    def remedies(self) -> tuple[Remedy, ...]:
        """What is to be done about it; none where nothing is."""
        return (Remedy(self.actor, self.remedy),) if self.remedy else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceFact:
    """What the recipient's own mail system says it did with the message, as their IT exported it.

    Or what a bounce says that somebody handed in, whose ``system`` is "bounce" and ``fate`` "failed".
    ``fate`` is one of ``portal.maillog.importers.trace.Fate``, ``line`` the same as a sentence with whose trace it is.
    ``system`` is "microsoft", "google" or empty. ``is_named``: the row names this very message by its Message-ID;
    else it is to the same address, and ``is_near``: of about the same time.
    """

    fate: str
    line: str
    system: str = ""
    detail: str = ""
    is_named: bool = False
    is_near: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnedFact:
    """Mail that came back, and that belongs to no message that is known: what it says, and how near it is to this one.

    ``is_named``: it names this very recipient, and not only the sender and the subject. ``is_near``: its time fits.
    ``is_other``: it names another message. ``link`` is where it can be read. ``is_for_support``: nothing shows that it
    is the branch's own, so the branch is not told of it.
    """

    fact: DeliveryFact
    is_named: bool = True
    is_near: bool = True
    is_other: bool = False
    link: str = ""
    is_for_support: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerFact:
    """An automatic answer that came from the recipient's mailbox (an out of office): ``sender`` is who it is from.

    ``message_ids`` are those that it answers, ``of`` the record (``DeliveryFact.link``) that it was surely matched to.
    ``link`` is where it can be read.
    """

    at: datetime
    sender: str
    message_ids: tuple[str, ...] = ()
    of: str = ""
    link: str = ""

    def is_to(self, delivery: DeliveryFact) -> bool:
        """It answers this very message."""
        name = delivery.message_id.strip("<>")
        return bool((self.of and self.of == delivery.link) or (name and name in self.message_ids))

    def may_be_to(self, delivery: DeliveryFact | None) -> bool:
        """It answers this message, or names none that is known, and came within some days of it."""
        if delivery is None or self.is_to(delivery):
            return True
        is_of_another = bool(self.of or (self.message_ids and delivery.message_id))
        return not is_of_another and delivery.at <= self.at <= delivery.at + ANSWERED_WITHIN


class About(StrEnum):
    """What an earlier ticket has in common with a report, the nearest first."""

    RECIPIENT = "recipient"
    DOMAIN = "domain"
    PROVIDER = "provider"


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketFact:
    """An earlier ticket whose cause support has confirmed.

    ``suggested`` is the cause the desk had believed. ``is_of_another``: it is of another branch, which this one is not
    told of.
    """

    name: str
    at: datetime
    cause: str
    about: About
    suggested: str = ""
    link: str = ""
    is_of_another: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PressureFact:
    """How much the provider was given at the time, beside what is known of its limit (WL-17).

    ``text`` holds the figures of all branches together, ``calm_text`` what a branch may be told; empty: nothing.
    ``is_tight``: near the limit, over it, or the provider was putting mail off. ``is_calm``: a limit is known, and it
    was far from it.
    """

    text: str
    calm_text: str = ""
    is_tight: bool = False
    is_calm: bool = False
    link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One report with all that is known of it.

    ``delivery`` is the message it is about, when one was found, ``others`` are other messages to the same recipient,
    and ``to_profile`` is the message that went to the client's profile address while none went to the recipient.
    ``candidates``: where nobody said when it was sent or chose a record, the messages that may be meant, the newest
    (which is ``delivery``) first. ``is_covered`` says that the log of its time is complete, so that finding nothing
    means something: from ``covered_since`` on, where no time is named, and from ``covered_until`` on, where that is
    named, it does not tell yet. ``zone`` is the one that times are told in. ``whole`` is from when to
    when it is complete without a gap up to about now. ``erased``: what was known of the recipient until then was
    erased, so whether something was sent before it cannot be said. ``answered``: automatic answers from the
    recipient's mailbox.
    ``traced``: what a message trace of the recipient's own system says of it.
    ``is_on_no_profile``: no client of the branch has this address, where it is not known which client is meant.
    ``returned`` is mail that came back and belongs to no known message, ``tickets`` are earlier ones with a confirmed
    cause, the newest first, and ``accepted_at`` is when this recipient's server last took a message.
    ``in_junk`` and ``case_note_seen`` are "yes", "no" or "". ``rules`` are what the caller has named replies by.
    """

    now: datetime
    recipient: str
    zone: tzinfo = UTC
    sender_domain: str = ""
    around: datetime | None = None
    module: str = ""
    sends_through_own_server: bool = False
    is_suspended: bool = False
    suspended_since: datetime | None = None
    suspended_reason: str = ""
    delivery: DeliveryFact | None = None
    candidates: tuple[DeliveryFact, ...] = ()
    others: tuple[DeliveryFact, ...] = ()
    to_profile: DeliveryFact | None = None
    has_case_note: bool = False
    is_covered: bool = False
    covered_since: datetime | None = None
    covered_until: datetime | None = None
    erased: datetime | None = None
    whole: tuple[datetime, datetime] | None = None
    errors: tuple[ErrorFact, ...] = ()
    suppressed: tuple[Suppressed, ...] = ()
    findings: tuple[FindingFact, ...] = ()
    profile_addresses: tuple[str, ...] = ()
    is_on_no_profile: bool = False
    is_forgot: bool = False
    answered: tuple[AnswerFact, ...] = ()
    traced: tuple[TraceFact, ...] = ()
    in_junk: str = ""
    case_note_seen: str = ""
    other_domain_tried: str = ""
    symptom: str = "not_received"
    address_fault: str = ""
    notes: tuple[str, ...] = field(default=())
    rules: tuple[Rule, ...] = ()
    returned: tuple[ReturnedFact, ...] = ()
    tickets: tuple[TicketFact, ...] = ()
    pressure: PressureFact | None = None
    accepted_at: datetime | None = None

    def exact(self, at: datetime) -> str:
        """``at`` in the zone that the case is told in, such as "27 Nov 2026, 20:52 MST"."""
        local = at.astimezone(self.zone)
        return f"{local.day} {local:%b %Y, %H:%M %Z}"

    def day(self, at: datetime) -> str:
        """The day of ``at`` there, such as "27 Nov 2026"."""
        local = at.astimezone(self.zone)
        return f"{local.day} {local:%b %Y}"

    def for_branch(self) -> Case:
        """The same as the branch may know it: without what is of another branch or of all together."""
        pressure = self.pressure
        if pressure is not None:
            pressure = replace(pressure, text=pressure.calm_text, link="") if pressure.calm_text else None
        return replace(
            self,
            returned=tuple(item for item in self.returned if not item.is_for_support),
            tickets=tuple(item for item in self.tickets if not item.is_of_another),
            pressure=pressure,
        )

    @property
    def recipient_domain(self) -> str:
        return self.recipient.rpartition("@")[2].lower()

    @property
    def is_within(self) -> bool:
        """Sender and recipient have the same domain, so they are one organisation."""
        return bool(self.sender_domain) and self.recipient_domain == self.sender_domain.lower()

    @property
    def is_to_itself(self) -> bool:
        """Sender and recipient have the same domain, and a third party hands the mail over."""
        if self.sends_through_own_server or self.has("self.own_server"):
            return False
        return self.is_within

    @property
    def may_be_to_itself(self) -> bool:
        """Sender and recipient may belong together: the one domain stands under the other, or is not known."""
        ours, theirs = self.sender_domain.lower(), self.recipient_domain
        return not ours or not theirs or ours == theirs or ours.endswith("." + theirs) or theirs.endswith("." + ours)

    @property
    def is_far(self) -> bool:
        """The message was sent so long before or after the time that was reported that it may be another one."""
        if self.delivery is None or self.around is None or self.delivery.is_bounce:
            return False
        return abs(self.delivery.at - self.around) > HALF_A_DAY

    @property
    def moment(self) -> datetime | None:
        """When the message was sent: by its record, else about when by the report."""
        return self.delivery.at if self.delivery else self.around

    @property
    def state(self) -> str:
        """How far the message got; empty where no record of it is known."""
        return self.delivery.state if self.delivery else ""

    @property
    def was_sent(self) -> bool:
        """A record of ours, or a person who saw one, says that it was sent."""
        is_told = self.has_case_note or self.case_note_seen == "yes" or self.is_traced
        return is_told or self.state in ("submitted", *WENT_OUT)

    @property
    def is_absent(self) -> bool:
        """No record of it is known in a log that is complete."""
        return self.is_covered and self.delivery is None and not self.errors and not self.is_traced

    @property
    def is_traced(self) -> bool:
        """Their own system says that it had this very message."""
        return any(item.is_named and item.fate != "unknown" for item in self.traced)

    @property
    def answers(self) -> tuple[AnswerFact, ...]:
        """Automatic answers to this very message; where there is none, those that may be to it."""
        delivery = self.delivery
        own = tuple(item for item in self.answered if delivery is not None and item.is_to(delivery))
        return own or tuple(item for item in self.answered if item.may_be_to(delivery))

    @property
    def has_reached(self) -> bool:
        """The mailbox answered this very message, so it got there."""
        return self.delivery is not None and any(item.is_to(self.delivery) for item in self.answered)

    @property
    def was_had(self) -> bool:
        """Somebody has it before them, whatever the log says, or it got where they can have it."""
        return self.in_junk == "yes" or self.symptom in HAS_IT or bool(self.answers)

    @property
    def is_off_profile(self) -> bool:
        """The client's profile is known, and holds another address; or no profile holds this one."""
        held = {address.lower() for address in self.profile_addresses}
        return self.recipient.lower() not in held if held else self.is_on_no_profile

    def has(self, *codes: str) -> bool:
        """A check has found one of ``codes``."""
        return any(item.code in codes for item in self.findings)
