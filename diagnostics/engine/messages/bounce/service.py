"""Notices that a sending service mails as JSON: Amazon SES by way of SNS, which its users subscribe to by e-mail."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from diagnostics.engine.messages.bounce import addresses
from diagnostics.engine.messages.bounce.status import Group, host, said
from diagnostics.engine.messages.mime import Parts

#: Their word for what happened, and ours (docs.aws.amazon.com/ses, "Amazon SNS notification contents", 2026-11).
KINDS: Final = {"bounce": "bounce", "complaint": "complaint", "delivery": "delivered"}
MAX_TEXT: Final = 1 << 17


@dataclass(frozen=True, slots=True)
class Item:
    """One recipient in a notice."""

    group: Group


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice: what happened, and to whom."""

    kind: str
    items: tuple[Item, ...]
    message_id: str


def read_notice(parts: Parts) -> Notice | None:
    """The notice in a message; None where it holds none."""
    for part in parts.of_type("text/plain", "application/json"):
        text = part.text[:MAX_TEXT].lstrip()
        if not text.startswith("{") or '"mail"' not in text[:MAX_TEXT]:
            continue
        # Long lines were broken with an exclamation mark by old relays (RFC 5321 §4.5.3.1.6).
        document = _document(text.replace("!\n ", "").replace("\n", ""))
        if document is not None:
            return _notice(document)
    return None


def _document(text: str) -> dict[str, Any] | None:
    try:
        found, _ = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _notice(document: dict[str, Any]) -> Notice | None:
    word = str(document.get("notificationType") or document.get("eventType") or "").lower()
    kind = KINDS.get(word)
    body = document.get(word)
    mail = document.get("mail")
    if kind is None or not isinstance(mail, dict):
        return None
    body = body if isinstance(body, dict) else {}
    if kind == "bounce":
        rows = [row for row in _list(body.get("bouncedRecipients")) if isinstance(row, dict)]
        reporting = host(str(body.get("reportingMTA") or ""))
        items = [_failed(row, reporting, str(body.get("bounceType") or "")) for row in rows]
    elif kind == "complaint":
        rows = [row for row in _list(body.get("complainedRecipients")) if isinstance(row, dict)]
        items = [_plain(str(row.get("emailAddress") or ""), "", "") for row in rows]
    else:
        names = [str(name) for name in _list(body.get("recipients")) or _list(mail.get("destination"))]
        items = [_plain(name, "delivered", str(body.get("smtpResponse") or "")) for name in names]
    return Notice(kind, tuple(item for item in items if item.group.address), str(mail.get("messageId") or ""))


def _list(value: Any) -> list[Any]:
    return value[:1_000] if isinstance(value, list) else []


def _failed(row: dict[str, Any], reporting: str, kind: str) -> Item:
    status = str(row.get("status") or "")
    diagnostic = said(str(row.get("diagnosticCode") or ""))
    action = str(row.get("action") or "failed").lower()
    if kind.lower() == "transient" and not action:
        action = "delayed"
    return Item(Group(str(row.get("emailAddress") or ""), "", action, status, "", diagnostic, reporting))


def _plain(address: str, action: str, words: str) -> Item:
    return Item(Group(next(iter(addresses.found(address)), ""), "", action, "", "", words, ""))
