"""What a returned mail says of one recipient, in plain words: what happened, whose turn it is, what they do."""

from __future__ import annotations

from dataclasses import dataclass

from diagnostics.engine.causes import CAUSES, cause_for
from diagnostics.engine.findings import Actor
from portal.maillog.replies import NAMED, named_cause, reading_of
from portal.returned.models import How, Kind, ReturnedMail, ReturnedRecipient

#: What kinds of complaint say (RFC 5965 §7.3, RFC 6591 §3.1, RFC 6650 §6.1). Others are complaints like "abuse".
_COMPLAINTS = {
    "opt-out": (
        "The recipient asks to be let alone",
        Actor.NOBODY,
        "Their mail program sent this when they pressed “unsubscribe”.",
        "The address is on the branch's suppression list. Nothing is left to do.",
    ),
    "not-spam": (
        "The recipient says that it is no spam",
        Actor.NOBODY,
        "It was sorted into junk, and the recipient took it out again.",
        "Nothing is left to do. It helps the sender's reputation.",
    ),
    "auth-failure": (
        "Their server could not verify the sender",
        Actor.BRANCH_IT,
        "The message failed SPF, DKIM or DMARC. Mail that others forge in the branch's name is reported likewise.",
        "If the message was the branch's own, its IT publishes what is missing; see how the From-domain stands.",
    ),
}
_COMPLAINT = (
    "The recipient reported it as spam",
    Actor.BRANCH,
    "Their provider passes on that the recipient pressed “this is spam”.",
    "Do not write to them again: the address is on the branch's suppression list where the delivery is known. Look at "
    "what was sent, and whether they had agreed to get it.",
)
_KINDS = {
    Kind.AUTO_REPLY: (
        "A machine answered",
        Actor.NOBODY,
        "An absence notice, a receipt or the like. It shows that the address works.",
        "Nothing has to be done. It opens no ticket and answers none.",
    ),
    Kind.DELIVERED: (
        "Their server says that it passed the message on",
        Actor.NOBODY,
        "A notice of delivery. Whether it is in inbox or junk it does not say.",
        "Nothing has to be done.",
    ),
}
_HOW = {
    How.VERP: "The address that the mail came back to names the message or the recipient.",
    How.MESSAGE_ID: "The mail holds the Message-ID of this message.",
    How.QUEUE_ID: "The mail holds the queue id that our server gave this message.",
    How.RECIPIENT_AND_TIME: "It is the only message to this recipient that fits the time. That is a guess.",
    How.BY_HAND: "Somebody looked, and said so.",
}


@dataclass(frozen=True, slots=True)
class Told:
    """What a mail says of one recipient. ``how`` says why we think that it is about the delivery; empty: not known."""

    title: str
    actor: str
    meaning: str
    remedy: str
    how: str


def told_of(mail: ReturnedMail, row: ReturnedRecipient) -> Told:
    """``row`` of ``mail`` in words."""
    title, actor, meaning, remedy = _words(mail, row)
    return Told(title, str(actor), meaning, remedy, _HOW[How(row.how)] if row.how else "")


def cause_of(row: ReturnedRecipient) -> str:
    """The cause that the mail gives for ``row``, by what support has named since it was read as well."""
    told = (row.diagnostic, row.reply_code, row.status, row.remote_host)
    if named := named_cause(*told):
        return named
    # The rule that it was read by is not in use any more.
    return reading_of(*told).cause if row.rule.startswith(NAMED) else row.cause


def _words(mail: ReturnedMail, row: ReturnedRecipient) -> tuple[str, Actor, str, str]:
    if mail.kind == Kind.COMPLAINT:
        return _COMPLAINTS.get(mail.feedback, _COMPLAINT)
    if mail.kind in _KINDS:
        return _KINDS[Kind(mail.kind)]
    own_server = row.branch is not None and row.branch.sends_through_own_server
    cause = cause_for(cause_of(row), own_server=own_server) or CAUSES["unknown"]
    if row.action == "delayed":
        waits = CAUSES["still_trying"]
        return waits.title, waits.actor, cause.meaning, waits.remedy
    return cause.title, cause.actor, cause.meaning, cause.remedy
