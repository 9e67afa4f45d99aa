"""What is known of a returned mail from its header alone: who, what, when, where to, and what makes it the same.

The same bounce may come by the mailroom, from a mailbox and in a file. On each way it gets other trace fields, other
line ends and another quoting of "From"; none of that is part of its fingerprint.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from diagnostics.engine.messages.bounce import addresses
from diagnostics.engine.messages.headers.dates import read_date
from diagnostics.engine.messages.headers.fields import Message, read_message
from diagnostics.engine.messages.mime import Parts, read_parts

#: More of a mail is never read: what a report has to say stands at its beginning.
MOST_READ: Final = 4 << 20
#: So much of a mail is kept.
MOST_KEPT: Final = 256 << 10
#: More addresses or ids than these no report is about.
MOST_NAMES: Final = 20
#: Two clocks are never quite the same, and a report may wait in a queue; what is further off is not believed.
FRESH: Final = timedelta(days=5)
EARLIEST: Final = datetime(1990, 1, 1, tzinfo=UTC)

_IDENTITY: Final = ("message-id", "date", "from", "to", "subject", "auto-submitted")
_CAME_TO: Final = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-delivered-to", "to")
_QUOTED_FROM: Final = re.compile(rb"^>+(?=From )", re.MULTILINE)
_ID: Final = re.compile(r"<([^<>\s]{3,250})>")
#: The id under which a server took the message: "with ESMTP id 4XkT2p3b1zz9; ...", "id 1rXyZ0-0001ab-2C".
_TAKEN: Final = re.compile(r"\bid\s{1,3}<?([A-Za-z0-9][A-Za-z0-9.-]{5,38}[A-Za-z0-9])\b")
_REPORTING: Final = re.compile(
    r"^Reporting-MTA[ \t]{0,9}:[ \t]{0,9}dns[ \t]{0,9};[ \t]{0,9}([^\s;]{1,253})", re.I | re.M
)
_RETURNED: Final = ("message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers")


@dataclass(frozen=True, slots=True)
class Facts:
    """The header's facts. ``at`` is None where the mail tells no time that can be believed."""

    sender: str
    subject: str
    at: datetime | None
    sent_to: tuple[str, ...]
    fingerprint: str


@dataclass(frozen=True, slots=True)
class About:
    """What a mail tells of the message it is about: its ids, the queue ids it had on its way, and its subject.

    ``reported_by`` is the server that wrote the report, where it says so.
    """

    message_ids: tuple[str, ...]
    queue_ids: tuple[str, ...]
    subject: str
    reported_by: str


def clean(text: str, most: int) -> str:
    """``text`` as every database keeps it: without NUL and lone surrogates, and no longer than its column."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")[:most]


def facts_of(octets: bytes, *, now: datetime, is_fresh: bool) -> Facts:
    """The facts of the mail in ``octets``; ``is_fresh``: it came just now, so its date cannot lie far back."""
    header = read_message(octets[:MOST_READ])
    sender = header.first("from") or header.first("return-path")
    found = addresses.found(sender.value[:2000]) if sender else ()
    subject = header.first("subject")
    return Facts(
        sender=clean(found[0] if found else (sender.shown if sender else ""), 320),
        subject=clean(subject.shown if subject else "", 255),
        at=_time(header, now, is_fresh),
        sent_to=_unique(item for name in _CAME_TO for field in header.all(name) for item in _found(field.value)),
        fingerprint=_fingerprint(header, octets),
    )


def about(octets: bytes) -> About:
    """What the mail in ``octets`` returns or answers, as far as the classifier does not tell."""
    parts = read_parts(octets[:MOST_READ])
    returned = _returned(parts)
    ids = [match[1] for field in returned.all("message-id") for match in _ID.finditer(field.value[:1000])]
    queue_ids = [
        match[1] for field in returned.all("received")[:5] if (match := _TAKEN.search(field.value[:2000])) is not None
    ]
    if not returned.fields:
        answered = [*parts.header.all("in-reply-to")[:1], *parts.header.all("references")[:1]]
        ids = [item for field in answered for item in _ID.findall(field.value[-2000:])[-2:]]
    subject = returned.first("subject")
    return About(_unique(ids), _unique(queue_ids), clean(subject.shown if subject else "", 255), _reported_by(parts))


def _reported_by(parts: Parts) -> str:
    """RFC 3464 §2.2.2. In lower case."""
    for part in parts.of_type("message/delivery-status", "message/global-delivery-status")[:1]:
        if (match := _REPORTING.search(part.text)) is not None:
            return clean(match[1].lower().rstrip("."), 253)
    return ""


def _returned(parts: Parts) -> Message:
    inner = parts.of_type(*_RETURNED)
    return read_message(inner[0].content) if inner else Message(())


def _found(value: str) -> tuple[str, ...]:
    return addresses.found(value[:4000])


def _unique(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(clean(item, 320) for item in items if item))[:MOST_NAMES]


def _time(header: Message, now: datetime, is_fresh: bool) -> datetime | None:
    """When the report was written; by the field that was written first of those that can be believed."""
    begins = now - FRESH if is_fresh else EARLIEST
    for field in (header.first("date"), header.first("received")):
        stamp = read_date(field.value) if field else None
        if stamp is not None and begins <= stamp.at <= now + FRESH:
            return min(stamp.at, now)
    return None


def _fingerprint(header: Message, octets: bytes) -> str:
    told = [" ".join(field.value.split()) for name in _IDENTITY for field in header.all(name)[:1]]
    whole = octets.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    body = _QUOTED_FROM.sub(b"", whole.partition(b"\n\n")[2])
    digest = sha256("\x1f".join(told).encode("utf-8", "replace"))
    for line in body.strip().split(b"\n"):
        digest.update(line.rstrip() + b"\n")
    return digest.hexdigest()
