"""Words for what a ticket's story records as field names and ids, and what is known of a report's e-mail."""

from __future__ import annotations

from dataclasses import dataclass

from django import template
from django.template.context import Context
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from diagnostics.engine.causes import CAUSES, Ranked
from diagnostics.engine.causes.ranking.foretold import may_explain
from diagnostics.engine.plan import CHECKS
from portal.maillog.models import Delivery
from portal.maillog.selectors import TimelineItem
from portal.web.words import ACTORS, ACTORS_FOR_STAFF
from tickets.models import Attachment, Event, Report, Ticket, TicketState
from tickets.selectors.belief import about_delivery
from tickets.selectors.letters import letter_about, may_be_allowed
from tickets.selectors.message import MessageFacts, facts_about
from tickets.selectors.returned import story_of
from tickets.selectors.traces import ToldTrace, told_trace

register = template.Library()

#: What the story tells of, and how a person reads an empty value of it. What is not here is our own bookkeeping.
#: The check that says a code.
CHECK_OF = {code.id: check.slug for check in CHECKS for code in check.codes}
FIELDS = {
    "state": ("State", "none"),
    "waiting_on": ("Waiting for", "nobody"),
    "assignee": ("Assigned to", "nobody"),
    "cause": ("Cause", "not confirmed"),
    "merged_into": ("Goes on in", "itself"),
    "incident": ("Belongs to", "no incident"),
}


@dataclass(frozen=True, slots=True)
class Change:
    """One change in words: what was changed, from what, to what."""

    word: str
    before: str
    after: str


@register.simple_tag(takes_context=True)
def changes_of(context: Context, event: Event) -> list[Change]:
    """``{% changes_of event as changes %}``: what the event changed, in the viewer's words; never a field's name."""
    is_own = getattr(context.get("user"), "is_staff_role", False)
    found = []
    for name, (before, after) in event.changes.items():
        if name in FIELDS:
            word, nothing = FIELDS[name]
            found.append(Change(word, _value(before, is_own) or nothing, _value(after, is_own) or nothing))
    return found


def _value(value: object, is_own: bool) -> str:
    text = str(value or "")
    if is_own and text in ACTORS_FOR_STAFF:
        return ACTORS_FOR_STAFF[text]
    return value_word(text)


@register.filter
def value_word(value: str) -> str:
    """The word a person reads for a state, a party or a cause id; any other text stays as it is."""
    if value in CAUSES:
        return CAUSES[value].title
    if value in ACTORS:
        return ACTORS[value].word
    return dict(TicketState.choices).get(value, value)


@register.simple_tag(takes_context=True)
def goes_on(context: Context, ticket: Ticket) -> SafeString:
    """``{% goes_on ticket %}``: where a merged ticket goes on, and nothing for another. ``merged_into`` is read before.

    It is a link for whoever may see that ticket: support, and by its being of the same branch, whoever sees this one.
    """
    stays = ticket.merged_into
    if stays is None:
        return SafeString("")
    may_see = getattr(context.get("user"), "is_support", False) or stays.branch_id == ticket.branch_id
    where = format_html("#{}", stays.number)
    if may_see:
        where = format_html('<a href="{}">{}</a>', reverse("ticket", args=[stays.number]), where)
    return format_html('<span class="dd-meta">goes on in {}</span>', where)


@register.filter
def headline_explains(ticket: Ticket) -> bool:
    """What the checks found first may be why: where no cause stands there, or one that such a finding foretells."""
    cause = ticket.cause or ticket.suggested_cause
    if not cause or cause == "unknown" or ticket.run is None:
        return True
    code = ticket.run.headline_code
    check = CHECK_OF.get(code, "")
    return may_explain(code, check, {cause})


@register.filter
def lower_first(text: str) -> str:
    """The text as it goes on a sentence; only its first letter is touched, and no abbreviation."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


@register.filter
def party(actor: str) -> str:
    """A party within a sentence: "the branch's IT"."""
    return lower_first(ACTORS[actor].word if actor in ACTORS else str(actor))


@register.filter
def own_party(actor: str) -> str:
    """The same to somebody of the branch: "your branch's IT"."""
    return lower_first(ACTORS_FOR_STAFF.get(actor) or party(actor))


@register.simple_tag
def trace_of(file: Attachment, report: Report) -> ToldTrace | None:
    """``{% trace_of file report as trace %}``: what a file says of the e-mail, if it is a message trace."""
    return told_trace(file, report)


@register.filter
def message_facts(report: Report) -> MessageFacts:
    """What is known of the report's e-mail, by its record in the log where one was chosen."""
    return facts_about(report)


@register.simple_tag
def beliefs_about(delivery: Delivery) -> tuple[Ranked, ...]:
    """``{% beliefs_about delivery as beliefs %}``: what most likely became of a record of the log."""
    return about_delivery(delivery)


@register.inclusion_tag("tickets/_letter_about.html")
def letter_to_their_it(delivery: Delivery, beliefs: tuple[Ranked, ...]) -> dict[str, object]:
    """``{% letter_to_their_it delivery beliefs %}``: the text for whoever runs the recipient's mail, and the way to ask
    them for leave; nothing where it is not theirs to look into.
    """
    return {
        "letter": letter_about(delivery, beliefs),
        "delivery": delivery,
        "branch": delivery.branch,
        "may_be_allowed": may_be_allowed(delivery),
        "within": bool(beliefs) and beliefs[0].within,
    }


@register.simple_tag
def story_about(delivery: Delivery) -> list[TimelineItem]:
    """``{% story_about delivery as timeline %}``: its story, and what its mailbox answered."""
    return story_of(delivery)
