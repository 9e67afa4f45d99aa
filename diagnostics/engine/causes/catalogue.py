"""The causes: why an e-mail did not arrive, who must act, and what they do. Ids are stable and append-only.

``docs/causes.md`` tells the same to people; a test holds the two together. Replies and bounces are read to these ids
(``diagnostics.engine.messages``), and a whole case is ranked among them (``ranking``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from diagnostics.engine.findings import Actor


class Arrival(Enum):
    """What is known of a message that their server accepted, and how far the search for it is."""

    ACCEPTED = "accepted"
    LOOKED_FOR = "looked_for"  # The recipient looked in junk, and it was not there; or their IT has begun a trace.
    REACHED = "reached"  # The mailbox answered it by itself.


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause. ``retry_helps``: sending the same again may get through; ``suppress``: do not write there again."""

    id: str
    title: str
    actor: Actor
    meaning: str
    remedy: str
    retry_helps: bool = False
    suppress: bool = False


_ALL = (
    Cause(
        "not_sent", "It was not sent", Actor.BRANCH,
        "No record shows that it ever left the application.",
        "Look at the function that should have sent it: is its notification on, was a recipient chosen, was it saved? "
        "Then send it.",
        retry_helps=True,
    ),
    Cause(
        "send_error", "An error stopped it before it went out", Actor.SUPPORT,
        "The application met an error before it handed the message to the sending server.",
        "Support looks at the error below; what was to be sent must be sent again once it is mended.",
        retry_helps=True,
    ),
    Cause(
        "sending_suspended", "The branch's e-mail function is suspended", Actor.SUPPORT,
        "Nothing is sent for the branch while its e-mail function is suspended.",
        "See the reason on the branch's page, do what it asks, and tell support, who switch sending on again.",
    ),
    Cause(
        "suppressed", "The address is not written to any more", Actor.BRANCH,
        "The address is on the branch's suppression list: its owner opted out, or mail to it failed for good.",
        "If the recipient wants mail again, they say so, and the entry is removed with that reason.",
    ),
    Cause(
        "still_trying", "It is still being tried", Actor.NOBODY,
        "Their server put it off. The sending server tries again by itself for several days.",
        "Wait; nothing has to be sent again. A second copy would only arrive twice.",
    ),
    Cause(
        "greylisted", "Their server puts off unknown senders", Actor.NOBODY,
        "Greylisting: the first try of a sender that is not known is put off for some minutes.",
        "Wait; the next try usually gets through.",
    ),
    Cause(
        "address_malformed", "The address cannot be an e-mail address", Actor.BRANCH,
        "The address breaks the rules every address follows, so no server can take it.",
        "Ask the client for the address, correct it on their profile, and send again.",
        retry_helps=True,
    ),
    Cause(
        "address_typo", "The address has a typing mistake", Actor.BRANCH,
        "The domain looks like a well-known one with a letter wrong, and takes no mail or is somebody else's.",
        "Correct the address on the client's profile and send again.",
        retry_helps=True,
    ),
    Cause(
        "address_not_on_profile", "It went to another address than the client's profile holds", Actor.BRANCH,
        "The address that was written to is not the one on the client's profile.",
        "Ask which address the client uses now. Put it on the profile, or have them use the one that is there.",
        retry_helps=True,
    ),
    Cause(
        "no_such_user", "There is no such mailbox", Actor.BRANCH,
        "The recipient's server says that it knows no mailbox of that name.",
        "Ask the client for their present address, correct the profile, and send again.",
        suppress=True,
    ),
    Cause(
        "mailbox_full", "The recipient's mailbox is full", Actor.RECIPIENT,
        "Their server has no room left for this person's mail.",
        "The recipient makes room; then send again. Reach them another way meanwhile.",
        retry_helps=True,
    ),
    Cause(
        "mailbox_disabled", "The recipient's mailbox is switched off", Actor.RECIPIENT,
        "The mailbox exists but is disabled, suspended or not used any more.",
        "Ask the recipient for another address, or to have the mailbox switched on.",
    ),
    Cause(
        "domain_or_dns", "The domain does not take mail", Actor.BRANCH,
        "The part right of the @ does not exist, or says that it takes no mail.",
        "Ask the client whether the address is right. If it is, their provider has lost its DNS and must mend it.",
        suppress=True,
    ),
    Cause(
        "auth_failure", "The sender could not be verified", Actor.BRANCH_IT,
        "SPF, DKIM or DMARC of the sender's domain do not cover our server, so theirs treats the message as a forgery.",
        "The branch's IT mends what vouches for its mail: the SPF record where the reply names SPF, else the DKIM "
        "record for the domain it sends as.",
    ),
    Cause(
        "self_to_self_blocked", "Their own gateway took it for a forgery of themselves", Actor.RECIPIENT_IT,
        "Sender and recipient have the same domain, but the message came from outside, which many gateways refuse.",
        "The organisation's IT allows the sending server in its anti-spoofing policy, by address.",
    ),
    Cause(
        "recipient_policy", "A rule at the recipient's organisation refuses it", Actor.RECIPIENT_IT,
        "Their organisation does not take mail from third-party senders, or from this one.",
        "The recipient asks their IT department to allow the sending server.",
    ),
    Cause(
        "sender_address_rejected", "The sender's address is refused", Actor.BRANCH_IT,
        "Their server does not accept the address in MAIL FROM: its domain does not exist or cannot be verified.",
        "The branch's IT makes the sender's domain resolve and accept mail, or another sender is set on the profile.",
    ),
    Cause(
        "sender_ip_blocked", "The sending server's address is blocked", Actor.SUPPORT,
        "A blocklist or their own reputation system refuses mail from the sending server's address.",
        "Support has the address taken off the list, and finds what put it there.",
    ),
    Cause(
        "rdns_missing", "The sending server's address has no proper reverse name", Actor.SUPPORT,
        "Their server wants a PTR record whose name leads back to the same address.",
        "Support has the PTR record of the address set by whoever the address is from.",
    ),
    Cause(
        "relay_denied", "The server that was asked does not serve this domain", Actor.SUPPORT,
        "The server the domain's MX names does not take mail for it, or we were sent to the wrong one.",
        "Support compares the MX record with the server that answered. If the MX is stale, their provider mends it.",
    ),
    Cause(
        "spam_content", "The content was taken for spam", Actor.BRANCH,
        "Their filter refused what the message says or how it is built.",
        "Write it more plainly, with fewer links and with a way to opt out, and send again.",
        retry_helps=True,
    ),
    Cause(
        "malware_or_attachment", "An attachment was refused", Actor.BRANCH,
        "Their filter does not take this kind of attachment, or took the message for malware.",
        "Send a link or another kind of file in place of the attachment.",
        retry_helps=True,
    ),
    Cause(
        "rate_limited", "Too many recipients in too short a time", Actor.SUPPORT,
        "The provider limits how many recipients it takes from one address in an hour, a message or a connection.",
        "The rest goes out by itself as the limit allows. Support slows the mailing; split large ones over the day.",
    ),
    Cause(
        "message_too_big", "The message is too big", Actor.BRANCH,
        "It is bigger than their server takes.",
        "Send a link in place of the attachment, or make it smaller.",
        retry_helps=True,
    ),
    Cause(
        "malformed_message", "The message is wrongly built", Actor.SUPPORT,
        "Headers or body break the rules for messages (RFC 5322), and their server insists on them.",
        "Support looks at the function that built it.",
    ),
    Cause(
        "tls_required", "Encryption was demanded or failed", Actor.SUPPORT,
        "Their server takes mail only over an encrypted connection, and there was none.",
        "Support looks at TLS on the sending server and at the certificate of theirs.",
    ),
    Cause(
        "network_or_timeout", "Their server could not be reached", Actor.PROVIDER,
        "The connection failed or nobody answered for as long as the sending server tries.",
        "Their provider brings the server back; then send again. Reach the recipient another way meanwhile.",
        retry_helps=True,
    ),
    Cause(
        "remote_system_error", "Their server has a fault", Actor.PROVIDER,
        "Their server reports a fault of its own: a full disk, a loop, a broken filter.",
        "Their provider mends it; then send again.",
        retry_helps=True,
    ),
    Cause(
        "recipient_refused_unspecified", "Their server refused it without a reason", Actor.RECIPIENT_IT,
        "The message was refused and the reply does not say why.",
        "The recipient gives their IT department the time and the reply; only their log holds the reason.",
    ),
    Cause(
        "accepted_by_recipient_server", "Their server accepted it", Actor.RECIPIENT_IT,
        "The recipient's server took the message. Whether it went to inbox, junk or quarantine only they can see.",
        "The recipient looks in junk; then their IT looks for the time, the queue id and the address in their log.",
    ),
    Cause(
        "junked", "It is in the junk folder", Actor.RECIPIENT,
        "The message arrived and was sorted into junk or spam.",
        "The recipient marks it as not junk and adds the sender to the allowed senders.",
    ),
    Cause(
        "images_blocked", "Pictures are not shown", Actor.RECIPIENT,
        "Most mail programs do not load pictures from the web until the reader allows it.",
        "The recipient allows pictures for this sender. If they stay missing, the picture's address must be looked at.",
    ),
    Cause(
        "badly_formatted", "The message is not formatted correctly", Actor.BRANCH,
        "The template of the message has faults that some mail programs show.",
        "Look at the template; send a test to another mail program and compare.",
        retry_helps=True,
    ),
    Cause(
        "own_server_failed", "The branch's own mail server failed", Actor.BRANCH_IT,
        "The branch sends through its own server, and that refused the connection, the encryption or the login.",
        "The branch's IT looks at the server; the exact answer stands below.",
        retry_helps=True,
    ),
    Cause(
        "unknown", "What happened is not known", Actor.SUPPORT,
        "Nothing that is known proves any cause.",
        "Support looks on; what is missing stands below.",
    ),
)  # fmt: skip
CAUSES: dict[str, Cause] = {cause.id: cause for cause in _ALL}
#: What is the turn of whoever runs the sending server: where the branch does, its IT's, with what they do.
_OF_THE_SERVER = {
    "sender_ip_blocked": "The branch's IT has its server's address taken off the list, and finds what put it there.",
    "rdns_missing": "The branch's IT has the PTR record of its server's address set by whoever the address is from.",
    "relay_denied": "The branch's IT compares the MX record with the server that answered. If the MX is stale, the "
    "recipient's provider mends it.",
    "rate_limited": "The rest goes out by itself as the limit allows. The branch's IT slows its server; split large "
    "mailings over the day.",
    "tls_required": "The branch's IT looks at TLS on its sending server and at the certificate of theirs.",
}
_OF_AN_OWN_SERVER = {
    ident: replace(CAUSES[ident], actor=Actor.BRANCH_IT, remedy=remedy) for ident, remedy in _OF_THE_SERVER.items()
}


ACCEPTED = "accepted_by_recipient_server"
#: The same of a message that their server accepted, by what is known of it since; who acts first differs.
_OF_AN_ARRIVAL: dict[Arrival, Cause] = {
    # Looking in junk is the recipient's, and comes before anything that their IT can do.
    Arrival.ACCEPTED: replace(CAUSES[ACCEPTED], actor=Actor.RECIPIENT),
    Arrival.LOOKED_FOR: replace(
        CAUSES[ACCEPTED],
        remedy="Their IT looks for the time, the queue id and the address in their log, and in their quarantine.",
    ),
    Arrival.REACHED: replace(
        CAUSES[ACCEPTED],
        title="It reached the mailbox",
        actor=Actor.RECIPIENT,
        meaning="The mailbox answered this very message by itself, so no quarantine holds it. Whether it lies in the "
        "inbox, in junk or where a rule put it only the recipient can see.",
        remedy="The recipient searches all folders for the sender, junk first, and looks at the rules that sort their "
        "mail.",
    ),
}


#: What ends with sending again, of a message that is still being tried: a second copy would only arrive twice.
_WHILE_TRIED = {
    "mailbox_full": "The recipient makes room; a later try may then get through. Reach them another way meanwhile.",
    "network_or_timeout": "Their provider brings the server back; a later try may then get through. Reach the "
    "recipient another way meanwhile.",
    "remote_system_error": "Their provider mends it; a later try may then get through.",
}


def cause_for(
    ident: str, *, own_server: bool, within: bool = False, arrival: Arrival | None = None, is_tried: bool = False
) -> Cause | None:
    """The cause of that id, as people are told it of who sends and who receives; None where there is none of that id.

    ``own_server``: the branch sends through a server of its own, which the vendor's support can not mend. ``within``:
    the branch writes to itself, so the recipient's IT is its own. ``arrival``: what is known of what was accepted.
    ``is_tried``: the message is still being tried.
    """
    found = (_OF_AN_OWN_SERVER.get(ident) if own_server else None) or CAUSES.get(ident)
    if ident == ACCEPTED and arrival is not None:
        found = _OF_AN_ARRIVAL[arrival]
    if is_tried and found is not None and ident in _WHILE_TRIED:
        found = replace(found, remedy=_WHILE_TRIED[ident])
    if within and found is not None and found.actor is Actor.RECIPIENT_IT:
        return replace(found, actor=Actor.BRANCH_IT)
    return found
