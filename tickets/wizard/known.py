"""What each page of the wizard shows beside its question: gathered here, so that pages and forms speak of the same.

One frozen dataclass a page. Nothing here decides; ``tickets.wizard.steps`` does, and nothing writes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.http import urlencode

from diagnostics.engine.causes import Cause, Confidence, Ranked, cause_for
from diagnostics.engine.causes.ranking.foretold import ABOUT_ADDRESS
from diagnostics.engine.checks.recipient_address import nearest
from diagnostics.engine.findings import Actor
from diagnostics.engine.messages.reply import Reading
from diagnostics.engine.names import Address, Fault, Malformed, parse_address
from diagnostics.engine.receivers import mailbox_domains
from diagnostics.selectors import ReadFinding, findings_of
from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.maillog.addresses import domain_of, normal
from portal.maillog.models import CaseNote, ClientProfile, Delivery, State
from portal.maillog.onward import onward_of
from portal.maillog.replies import cause_now, reading_of
from portal.maillog.selectors import TimelineItem, timelines_of
from portal.suppression.models import Suppression
from portal.suppression.selectors import suppression_of
from tickets.models import Attachment, Report, Ticket
from tickets.selectors.belief import SUPPORT, belief, is_forgot
from tickets.selectors.message import facts_about
from tickets.selectors.reconciled import beside_the_log
from tickets.selectors.reports import attachments_of, ended_about, profiles_for, similar_open
from tickets.selectors.returned import answers_to, with_answer
from tickets.selectors.sends import Complete, found_for
from tickets.wizard.junk import GENERIC, Guide, for_recipient, for_staff, guide_for
from tickets.wizard.letters import text_for_recipient
from tickets.wizard.told import Told, told_of
from tickets.wizard.words import OTHER_RECORDS, OTHER_RECORDS_OF_ERASED

#: E-mail applications cut a longer link, or open none; such a text is copied.
MOST_LINK = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What every page knows. ``earlier`` are ended reports about the same address, where the page tells of them."""

    earlier: tuple[Report, ...] = ()


Know = Callable[[User, Report], Known]


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A delivery that may be the e-mail: its story, the last reply in plain words, and what that means.

    ``leg`` is where it stands: the delivery itself, or the one by which it went on to the address behind an alias.
    """

    key: str
    delivery: Delivery
    leg: Delivery
    timeline: list[TimelineItem]
    reading: Reading | None
    cause: Cause | None

    @property
    def may_stop(self) -> bool:
        """It did not get through and the record says why, so that the report may end with that."""
        state = self.leg.state
        return state == State.DEFERRED or (state in (State.REFUSED, State.EXPIRED) and self.cause is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteMatch:
    """A case note that may be about the e-mail. It proves sending, not arrival."""

    key: str
    note: CaseNote


@dataclass(frozen=True, slots=True, kw_only=True)
class SentKnown(Known):
    """Step 1: the records found, those of other days beside them, and how much their absence would mean.

    ``complete`` is the time of which the log is complete, and from ``until`` on it does not tell yet. ``erased``: when
    what was known of the recipient was erased, where it was known of a part of the time that was named.
    """

    matches: tuple[Match, ...]
    notes: tuple[NoteMatch, ...]
    elsewhere: tuple[Match, ...]
    notes_elsewhere: tuple[NoteMatch, ...]
    is_covered: bool
    is_whole_log: bool = False
    complete: Complete | None = None
    until: datetime | None = None
    erased: datetime | None = None
    has_more: bool = False
    chosen: str = ""
    suppression: Suppression | None = None
    others: tuple[tuple[str, str], ...] = OTHER_RECORDS

    @property
    def is_empty(self) -> bool:
        """Nothing around that time."""
        return not self.matches and not self.notes

    @property
    def elsewhere_count(self) -> int:
        """Records of other days."""
        return len(self.elsewhere) + len(self.notes_elsewhere)

    @property
    def all_matches(self) -> tuple[Match, ...]:
        return (*self.matches, *self.elsewhere)

    @property
    def all_notes(self) -> tuple[NoteMatch, ...]:
        return (*self.notes, *self.notes_elsewhere)

    @property
    def keys(self) -> list[str]:
        """The records that can be chosen."""
        return [*(match.key for match in self.all_matches), *(item.key for item in self.all_notes)]

    @property
    def may_stop(self) -> bool:
        return any(match.may_stop for match in self.all_matches)

    def match(self, key: str) -> Match | None:
        return next((match for match in self.all_matches if match.key == key), None)

    def note(self, key: str) -> NoteMatch | None:
        return next((item for item in self.all_notes if item.key == key), None)

    def evidence(self) -> dict[str, Any]:
        """What was shown when the step was answered, to be kept with the answer."""
        return {
            "deliveries": [[match.delivery.pk, match.delivery.state] for match in self.matches],
            "case_notes": [item.note.pk for item in self.notes],
            "elsewhere": [[match.delivery.pk, match.delivery.state] for match in self.elsewhere],
            "is_covered": self.is_covered,
            "since": self.complete.begins.isoformat() if self.complete else "",
            "until": self.until.isoformat() if self.until else "",
            "erased": self.erased.isoformat() if self.erased else "",
        }


def about_sending(viewer: User, report: Report) -> SentKnown:
    """What message log and case notes hold for the recipient, at the time that was named and at others."""
    found = found_for(viewer, report)
    stories = timelines_of([*found.deliveries, *found.elsewhere])
    onward = onward_of([*found.deliveries, *found.elsewhere])
    answers = answers_to([*found.deliveries, *found.elsewhere])

    def match(delivery: Delivery) -> Match:
        story = with_answer(stories[delivery.pk], answers.get(delivery.pk))
        return _match(delivery, onward.get(delivery.pk, delivery), story)

    matches = tuple(map(match, found.deliveries))
    notes = _notes(found.case_notes)
    begun_from = f"delivery-{report.delivery_id}"
    keys = [match.key for match in matches]
    is_only_one = len(keys) == 1 and not notes and report.around is not None
    return SentKnown(
        earlier=tuple(ended_about(viewer, report)),
        matches=matches,
        notes=notes,
        elsewhere=tuple(map(match, found.elsewhere)),
        notes_elsewhere=_notes(found.notes_elsewhere),
        is_covered=found.is_covered,
        is_whole_log=report.around is None,
        complete=found.complete,
        until=found.until,
        erased=found.erased,
        others=OTHER_RECORDS_OF_ERASED if found.erased else OTHER_RECORDS,
        has_more=found.has_more,
        chosen=begun_from if begun_from in keys else keys[0] if is_only_one else "",
        suppression=suppression_about(report, report.delivery),
    )


def suppression_about(report: Report, delivery: Delivery | None) -> Suppression | None:
    """The entry by which the recipient was not written to when the e-mail was to go out; now, where no time is known.

    The branch is the report's own, which whoever reads it may see.
    """
    at = delivery.at if delivery else report.around
    return suppression_of(SUPPORT, report.branch, report.recipient, at=at)


def _notes(notes: list[CaseNote]) -> tuple[NoteMatch, ...]:
    return tuple(NoteMatch(key=f"case_note-{note.pk}", note=note) for note in notes)


def _match(delivery: Delivery, leg: Delivery, story: list[TimelineItem]) -> Match:
    reading = None
    if leg.reply or leg.reply_code:
        reading = reading_of(leg.reply, leg.reply_code, leg.status, leg.remote_host)
    is_stuck = leg.state in (State.DEFERRED, State.REFUSED, State.EXPIRED)
    return Match(
        key=f"delivery-{delivery.pk}",
        delivery=delivery,
        leg=leg,
        timeline=story,
        reading=reading,
        cause=_cause(leg, cause_now(leg) or (reading.cause if reading else "")) if is_stuck else None,
    )


def _cause(leg: Delivery, ident: str) -> Cause | None:
    own_server, is_tried = leg.branch.sends_through_own_server, leg.state == State.DEFERRED
    return cause_for(ident, own_server=own_server, within=_is_within(leg), is_tried=is_tried)


def _is_within(leg: Delivery) -> bool:
    """The branch wrote to its own domain."""
    own = leg.message.from_address or leg.branch.notification_address
    return domain_of(leg.recipient_normal) == domain_of(normal(own))


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressKnown(Known):
    """Step 2: what the address itself says, what the checks found about it, and what the client profile holds."""

    wire: str
    fault: Malformed | None
    suggestions: tuple[str, ...]
    findings: tuple[ReadFinding, ...]
    profiles: tuple[ClientProfile, ...]
    profile_addresses: tuple[str, ...]
    is_on_profile: bool
    is_forgot: bool


def about_address(viewer: User, report: Report) -> AddressKnown:
    """What is known of the recipient's address."""
    parsed = parse_address(report.recipient)
    fault = parsed if isinstance(parsed, Malformed) else None
    wire = "" if isinstance(parsed, Malformed) else parsed.text
    read = map(beside_the_log(report.branch, report.recipient, report.delivery), findings_of(report.run))
    findings = tuple(item for item in read if item.check in ABOUT_ADDRESS)
    profiles = tuple(profiles_for(viewer, report))
    held = tuple(dict.fromkeys(profile.email for profile in profiles if profile.email))
    is_on_profile = any(profile.email_normal == _folded(wire) for profile in profiles)
    earlier = tuple(ended_about(viewer, report))
    offered = [
        *(item.corrected_recipient for item in earlier),
        *(meant_by(report.branch, fault) if fault else ()),
        meant_address(report, parsed),
        *(str(item.arguments.get("suggestion") or "") for item in findings),
    ]
    if not is_on_profile:
        offered += held
    return AddressKnown(
        earlier=earlier,
        wire=wire,
        fault=fault,
        suggestions=tuple(dict.fromkeys(item for item in offered if item and _folded(item) != _folded(wire))),
        findings=findings,
        profiles=profiles,
        profile_addresses=held,
        is_on_profile=is_on_profile,
        is_forgot=is_forgot(report.function),
    )


def meant_by(branch: BranchProfile, fault: Malformed) -> tuple[str, ...]:
    """The address that a malformed one probably meant, as one press may take it; empty where it would be a guess.

    A space may stand for nothing or for what names are joined by. Only an address that the branch has written to, or
    that a client's profile holds, says which.
    """
    if fault.fault is not Fault.SPACE:
        return (fault.suggestion,) if fault.suggestion else ()
    local, _, domain = fault.typed.strip().rpartition("@")
    joined = [f"{join.join(local.split())}@{''.join(domain.split())}" for join in (".", "_", "-", "")]
    wanted = {normal(address): address for address in joined}
    written = Delivery.objects.filter(branch=branch, recipient_normal__in=wanted).values_list("recipient_normal")
    held = ClientProfile.objects.filter(branch=branch, email_normal__in=wanted).values_list("email_normal")
    known = {row[0] for row in (*written.distinct(), *held)}
    return tuple(address for name, address in wanted.items() if name in known)


def meant_address(report: Report, parsed: Address | Malformed) -> str:
    """The address with the well-known domain that its own probably meant; judged at once, before any check is done."""
    if isinstance(parsed, Malformed) or not parsed.domain:
        return ""
    subject = report.run.subject if report.run else {}
    known = mailbox_domains() | {str(domain) for domain in subject.get("known_domains", ())}
    known |= {str(address).rpartition("@")[2].lower() for address in subject.get("profile_addresses", ())}
    meant = "" if parsed.domain in known else nearest(parsed.domain, sorted(known))
    return f"{parsed.text.rpartition('@')[0]}@{meant}" if meant else ""


def _folded(address: str) -> str:
    return address.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class JunkKnown(Known):
    """Step 3: where the recipient's mailbox keeps junk, and a text that asks them to look there.

    ``is_unrecorded``: the log of its time is complete and knows nothing of it, so most likely there is nothing to find.
    """

    guide: Guide
    is_generic: bool = True
    text: str = ""
    subject: str = ""
    mailto: str = ""
    is_unrecorded: bool = False


def about_junk(viewer: User, report: Report) -> JunkKnown:
    """Instructions for the provider that the recipient's MX shows; generic ones until it is known."""
    guide = guide_for(report.recipient, findings_of(report.run))
    text = text_for_recipient(report, for_recipient(guide))
    subject = f"An e-mail from {report.branch.organisation} that did not reach you"
    parsed = parse_address(report.recipient)
    to = "" if isinstance(parsed, Malformed) else parsed.text
    query = urlencode({"subject": subject, "body": text.replace("\n", "\r\n")}).replace("+", "%20")
    # RFC 6068 §2: the address is percent-encoded too, or a stranger's "?" in it would add fields of their own.
    address = urlencode({"": to})[1:].replace("+", "%20")
    link = f"mailto:{address}?{query}"
    return JunkKnown(
        guide=for_staff(guide),
        is_generic=guide is GENERIC,
        text=text,
        subject=subject,
        mailto=link if to and len(link) <= MOST_LINK else "",
        is_unrecorded=bool(report.evidence.get("sent", {}).get("is_covered")) and not facts_about(report).was_sent,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribeKnown(Known):
    """Step 4: files that are there already, and tickets that may be about the same."""

    files: tuple[Attachment, ...] = ()
    similar: tuple[Ticket, ...] = ()


def about_description(viewer: User, report: Report) -> DescribeKnown:
    """What the ticket would hold already."""
    return DescribeKnown(files=tuple(attachments_of(report)), similar=tuple(similar_open(viewer, report)))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewKnown(Known):
    """The last look: what the portal believes and whose turn it is, and all that will stand in the ticket."""

    beliefs: tuple[Ranked, ...] = ()
    files: tuple[Attachment, ...] = ()
    similar: tuple[Ticket, ...] = ()
    told: tuple[Told, ...] = ()

    @property
    def ends_it(self) -> Ranked | None:
        """What is believed, where it needs no ticket: sure enough, and another party's turn than support's."""
        lead = self.beliefs[0] if self.beliefs else None
        is_theirs = lead is not None and lead.actor is not Actor.SUPPORT and lead.cause != "unknown"
        return lead if is_theirs and lead is not None and lead.confidence is not Confidence.POSSIBLE else None


def about_everything(viewer: User, report: Report) -> ReviewKnown:
    """All of it."""
    return ReviewKnown(
        beliefs=belief(viewer, report),
        files=tuple(attachments_of(report)),
        similar=tuple(similar_open(viewer, report)),
        told=told_of(report),
    )
