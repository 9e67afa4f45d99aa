"""Reading the reply of a mail server: which cause it names, whether it is final, and what it says in plain words.

The rules are data (``rules/*.toml``), tried in this order: what one provider says, what servers say in general, the
enhanced status code (RFC 3463), the reply code (RFC 5321 §4.2). Text goes before code, because codes are often wrong:
a reply that says ``550 5.1.1 ... too many recipients this hour`` is about a limit, not a missing mailbox. Rules hold
plain fragments, no patterns, so that a hostile reply cannot make reading slow.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

RULES = Path(__file__).parent / "rules"
#: In this order; a provider's own words go before what servers say in general.
FILES = ("google", "microsoft", "yahoo", "apple", "gateways", "providers", "generic")
#: More of a reply than this is never read: no server needs more to say why.
MOST_CHARACTERS = 16_384

_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_CODE = re.compile(r"(?:^|[\s:(\"'])([245]\d\d)(?=[\s\-#]|$)")

#: What a cause says about the reply, to a person who has never seen one.
WORDS = {
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
HARD = frozenset({"no_such_user", "domain_or_dns"})


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reply says. ``permanence`` is hard only where trying again is pointless; ``rule`` names what decided."""

    cause: str
    permanence: str
    rule: str
    status: str
    reply_code: str
    words: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of a rules file. All that is given must hold: one of ``any``, each of ``all``, host, code, status."""

    id: str
    cause: str
    any: tuple[str, ...] = ()
    all: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    source: str = ""

    def holds(self, text: str, code: str, status: str, host: str) -> bool:
        if self.any and not any(fragment in text for fragment in self.any):
            return False
        if not all(fragment in text for fragment in self.all):
            return False
        # "4" and "5" are classes, which a status has too; servers that are no SMTP servers give only that.
        if self.codes and not (code or status).startswith(self.codes):
            return False
        if self.statuses and not status.startswith(self.statuses):
            return False
        return not self.hosts or any(host == item or host.endswith("." + item) for item in self.hosts)


def read_reply(text: str, *, reply_code: str = "", status: str = "", remote_host: str = "") -> Reading:
    """What the reply ``text`` says; codes that are given go before those found in the text.

    ``remote_host`` is the name of the server that said it, for what only one provider says so.
    """
    flat = _flat(text)
    # Multi-line replies repeat code and status on every line; a fragment may run over the break.
    joined = re.sub(r" [245]\d\d-(?:[245]\.\d{1,3}\.\d{1,3} )?", " ", " " + flat)
    code = reply_code if re.fullmatch(r"[245]\d\d", reply_code) else _found_code(flat)
    status = status if _STATUS.fullmatch(status) else _found_status(flat, code)
    host = remote_host.lower().rstrip(".")
    rule = next((rule for rule in rules() if rule.holds(joined, code, status, host)), None)
    cause = rule.cause if rule else "unknown"
    if code.startswith("2") and rule is None:
        cause = "accepted_by_recipient_server"
    is_final = code.startswith("5") or (not code and status.startswith("5"))
    return Reading(
        cause=cause,
        permanence="hard" if cause in HARD and is_final else "soft",
        rule=rule.id if rule else "",
        status=status,
        reply_code=code,
        words=WORDS[cause],
    )


def _flat(text: str) -> str:
    """``text`` in lower case on one line, typographic quotes made plain."""
    flat = " ".join(text[:MOST_CHARACTERS].lower().split())
    return flat.replace("\u2019", "'").replace("\u2018", "'")


def _found_code(flat: str) -> str:
    match = _CODE.search(flat)
    return match[1] if match else ""


def _found_status(flat: str, code: str) -> str:
    """The first enhanced status code whose class fits the reply code; an address such as 5.1.1.9 is none."""
    for match in _STATUS.finditer(flat):
        if not code or match[1] == code[0]:
            return match[0]
    return ""


@cache
def rules() -> tuple[Rule, ...]:
    """All rules in the order they are tried, read once."""
    found: list[Rule] = []
    for name in FILES:
        document = tomllib.loads((RULES / f"{name}.toml").read_text(encoding="utf-8"))
        shared = {"hosts": document.get("hosts", []), "source": document.get("source", "")}
        for number, row in enumerate(document["rule"], 1):
            found.append(_rule(f"{name}.{number}", {**shared, **row}))
    return tuple(found)


def _rule(ident: str, row: dict[str, Any]) -> Rule:
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
    rule = Rule(**{"id": ident, **values})
    if rule.cause not in WORDS:
        raise ValueError(f"The rule {rule.id} names {rule.cause!r}, which is no cause.")
    return rule
