"""A case: everything known about one report, as plain facts. A field that is empty is not known."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from diagnostics.engine.findings import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFact:
    """One message to the recipient and how far it verifiably got (``portal.maillog.models.State``)."""

    state: str
    at: datetime
    state_at: datetime | None = None
    cause: str = ""
    reply: str = ""
    reply_code: str = ""
    remote_host: str = ""
    attempts: int = 0
    deferral_cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorFact:
    """An error of the sending application before hand-over."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppressed:
    """The address is not to be written to, since when, until when (None: for good), and why."""

    reason: str
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingFact:
    """A finding of the checks: which check, which code, how it is to be taken, in words."""

    check: str
    code: str
    verdict: Verdict
    title: str = ""
    suggestion: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One report with all that is known of it.

    ``delivery`` is the message it is about, when one was found; ``is_covered`` says that the log of its time is
    complete, so that finding nothing means something. ``in_junk`` and ``case_note_seen`` are "yes", "no" or "".
    """

    now: datetime
    recipient: str
    sender_domain: str = ""
    around: datetime | None = None
    sends_through_own_server: bool = False
    is_suspended: bool = False
    suspended_since: datetime | None = None
    suspended_reason: str = ""
    delivery: DeliveryFact | None = None
    has_case_note: bool = False
    is_covered: bool = False
    errors: tuple[ErrorFact, ...] = ()
    suppressed: tuple[Suppressed, ...] = ()
    findings: tuple[FindingFact, ...] = ()
    profile_addresses: tuple[str, ...] = ()
    is_forgot: bool = False
    in_junk: str = ""
    case_note_seen: str = ""
    other_domain_tried: str = ""
    symptom: str = "not_received"
    address_fault: str = ""
    notes: tuple[str, ...] = field(default=())

    @property
    def recipient_domain(self) -> str:
        return self.recipient.rpartition("@")[2].lower()

    @property
    def is_to_itself(self) -> bool:
        """Sender and recipient have the same domain."""
        return bool(self.sender_domain) and self.recipient_domain == self.sender_domain.lower()
