"""Where mailboxes keep their junk and how a sender is allowed there, as data: one guide a kind of mailbox.

The lines name what stands on the recipient's screen. They are read by two: the recipient, in a text, and the staff who
talk to them, on a page; so whose mailbox it is stands in them as ``{your}`` until it is known who reads
(:func:`for_recipient`, :func:`for_staff`). Behind a gateway it is not the recipient but their IT department who can
look, and the guide says so; what that department sets is the engine's knowledge (``diagnostics.engine.receivers``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from diagnostics.engine.names import Address, parse_address
from diagnostics.engine.receivers import Kind, Receiver, receiver_of, receiver_of_domain
from diagnostics.engine.resolver import Status
from diagnostics.selectors import ReadFinding


@dataclass(frozen=True, slots=True)
class Guide:
    """Where to look for the e-mail, what to do when it is there, and what only their IT department can see or set."""

    name: str
    look: tuple[str, ...]
    allow: tuple[str, ...]
    it: tuple[str, ...] = ()
    asks_it: bool = False


GENERIC = Guide(
    name="{your} e-mail application",
    look=(
        "Open the folder called Junk, Spam or Bulk.",
        "Search all folders for the sender's address.",
    ),
    allow=(
        "Open the e-mail and choose “Not junk” or “Not spam”.",
        "Add the sender to {your} contacts or to the list of allowed (safe) senders.",
    ),
)
_GMAIL_ALLOW = (
    "Open the e-mail and press “Report not spam”.",
    "Open the sender's name, and press “Add to contacts”.",
)
GUIDES = {
    "gmail": Guide(
        name="Gmail",
        look=(
            "In the list on the left press “More”, then “Spam”.",
            "Also look under “All Mail”, and in the tabs Promotions and Updates.",
        ),
        allow=_GMAIL_ALLOW,
    ),
    "google_workspace": Guide(
        name="Gmail (Google Workspace)",
        look=(
            "In the list on the left press “More”, then “Spam”.",
            "If it is not there, ask {your} IT department to look into the admin quarantine and the e-mail log search.",
        ),
        allow=(*_GMAIL_ALLOW, "{Your} IT department can allow the sender for everybody in the Admin console."),
    ),
    "outlook": Guide(
        name="Outlook.com, Hotmail or Live",
        look=("Open the folder “Junk Email”.", "Look under “Other” beside “Focused” at the top of the inbox."),
        allow=(
            "Open the e-mail and choose “Not junk”.",
            "Under Settings, Mail, Junk email, add the sender to “Safe senders and domains”.",
        ),
    ),
    "microsoft_365": Guide(
        name="Outlook (Microsoft 365)",
        look=(
            "Open the folder “Junk Email”, and look under “Other” beside “Focused”.",
            "Open security.microsoft.com/quarantine: messages that were held back wait there.",
        ),
        allow=(
            "Open the e-mail, and choose “Report”, then “Not junk”.",
            "Under Settings, Mail, Junk email, add the sender to “Safe senders and domains”.",
            "If it waited in the quarantine, {your} IT department can release it and allow the sender.",
        ),
    ),
    "yahoo": Guide(
        name="Yahoo or AOL Mail",
        look=("Open the folder “Spam”.", "Also look in the folder “Trash”: a filter may have moved it."),
        allow=("Open the e-mail and press “Not spam”.", "Add the sender to {your} contacts."),
    ),
    "icloud": Guide(
        name="iCloud Mail",
        look=("Open the folder “Junk”; on an iPhone it stands under “Mailboxes”.",),
        allow=(
            "Open the e-mail and choose “Not Junk”, or move it to the inbox.",
            "Add the sender to {your} contacts.",
        ),
    ),
    "gateway": Guide(
        name="{your} organisation's mail filter",
        look=(
            "Open the digest of held messages, if {your} organisation sends {you} one, and look for the sender.",
            "Look in {your} junk folder too.",
            "Ask {your} IT department to look for the message in the quarantine and the message trace of the filter.",
        ),
        allow=(
            "Release the message from the digest, and choose to allow or permit the sender.",
            "{Your} IT department can allow the sender for everybody.",
        ),
        asks_it=True,
    ),
}


def for_recipient(guide: Guide) -> Guide:
    """The guide as the recipient reads it: "your contacts"."""
    return _worded(guide, {"{your}": "your", "{Your}": "Your", "{you}": "you"})


def for_staff(guide: Guide) -> Guide:
    """The guide as staff read it: "their contacts". What is for the IT department names nobody."""
    return _worded(guide, {"{your}": "their", "{Your}": "Their", "{you}": "them"})


def _worded(guide: Guide, words: dict[str, str]) -> Guide:
    def told(text: str) -> str:
        for mark, word in words.items():
            text = text.replace(mark, word)
        return text

    return replace(guide, name=told(guide.name), look=tuple(map(told, guide.look)), allow=tuple(map(told, guide.allow)))


def guide_for(recipient: str, findings: Iterable[ReadFinding]) -> Guide:
    """The guide for the mailbox that the checks saw behind the recipient's MX.

    Until they have looked, a provider's own address domain tells as much; else the generic guide.
    """
    parsed = parse_address(recipient)
    if not isinstance(parsed, Address) or not parsed.domain:
        return GENERIC
    receiver = receiver_of(mx_hosts(parsed.domain, findings)) or receiver_of_domain(parsed.domain)
    return GENERIC if receiver is None else _guide_of(receiver)


def _guide_of(receiver: Receiver) -> Guide:
    if receiver.kind is Kind.GATEWAY:
        return replace(GUIDES["gateway"], name=receiver.name, it=receiver.allow)
    if receiver.guide in GUIDES:
        return replace(GUIDES[receiver.guide], it=receiver.allow)
    return replace(GENERIC, name=receiver.name, it=receiver.allow)


def mx_hosts(domain: str, findings: Iterable[ReadFinding]) -> list[str]:
    """The MX hosts of ``domain`` by preference, from the evidence of ``findings``."""
    for finding in findings:
        for evidence in finding.evidence:
            if evidence.question == f"{domain} MX" and evidence.status == Status.OK:
                records = (line.partition(" ") for line in evidence.lines)
                return [host for _, _, host in sorted(records, key=_preference) if host]
    return []


def _preference(record: tuple[str, str, str]) -> tuple[int, str]:
    preference, _, host = record
    return (int(preference) if preference.isdecimal() and len(preference) < 9 else 65536, host)
