"""The causes that a reply may name, each in plain words for a person who has never seen a reply."""

from __future__ import annotations

from typing import Final

WORDS: Final = {
    "suppressed": "The address is on a list of addresses that are not to be written to any more.",
    "still_trying": "Their server could not take it yet; it is tried again by itself.",
    "greylisted": "Their server puts off senders it does not know yet; the next try usually gets through.",
    "no_such_user": "Their server says that there is no such mailbox.",
    "mailbox_full": "The recipient's mailbox is full.",
    "mailbox_disabled": "The mailbox exists but is switched off.",
    "domain_or_dns": "The domain of the address does not exist or takes no mail.",
    "auth_failure": "Their server could not verify that the sender's domain allowed this message (SPF, DKIM, DMARC).",
    "self_to_self_blocked": "Their server took it for a forgery: it came from outside with their own domain as sender.",
    "recipient_policy": "A rule at the recipient's organisation refused it.",
    "sender_address_rejected": "Their server does not accept the sender's address.",
    "sender_ip_blocked": "Their server refuses mail from the sending server's address: a blocklist or its reputation.",
    "rdns_missing": "Their server wants the sending server's address to have a proper reverse name.",
    "relay_denied": "The server that was asked does not take mail for this domain.",
    "spam_content": "Their filter took the content for spam.",
    "malware_or_attachment": "Their filter refused an attachment or took the message for malware.",
    "rate_limited": "Too much was sent to them at once or within a time; they count recipients.",
    "message_too_big": "The message is bigger than their server takes.",
    "malformed_message": "Their server found the message wrongly built.",
    "tls_required": "Encryption of the connection was demanded, or failed.",
    "network_or_timeout": "Their server could not be reached, or did not answer in time.",
    "remote_system_error": "Their server has a fault of its own.",
    "recipient_refused_unspecified": "Their server refused it and gave no reason.",
    "accepted_by_recipient_server": "Their server accepted it. What it did with it then, we cannot see.",
    "unknown": "The reply does not say why in words we know.",
}
#: Only what stays wrong however often it is tried.
HARD: Final = frozenset({"no_such_user", "domain_or_dns"})
#: What a reply of success amounts to, and what nothing proves: no rule names them.
UNNAMED: Final = frozenset({"accepted_by_recipient_server"})
