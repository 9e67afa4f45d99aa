"""Did a machine send this? Such a mail is evidence at most: it never opens or answers a ticket, or two of them would
write to each other for ever (RFC 3834 §2).
"""

from __future__ import annotations

from email.utils import parseaddr

from django.conf import settings

from diagnostics.engine.messages.bounce import addresses, classify
from diagnostics.engine.messages.headers.fields import Message, read_message

#: Fields that only lists and loop guards write.
_FIELDS = ("list-id", "list-unsubscribe", "x-loop", "feedback-id", "x-autoreply", "x-autorespond")
_PRECEDENCE = frozenset({"bulk", "junk", "list", "auto_reply"})
_NOBODY = frozenset({"mailer-daemon", "postmaster", "noreply", "no-reply", "donotreply", "do-not-reply", "bounce"})


def is_automatic(octets: bytes, *, sender: str) -> bool:
    """Whether no person wrote the mail in ``octets`` with the envelope sender ``sender``."""
    header = read_message(octets)
    if not sender or any(header.first(name) for name in _FIELDS):
        return True
    # RFC 3834 §5: everything but "no" means that a machine sent it.
    if _word(header, "auto-submitted") not in ("", "no") or _word(header, "precedence") in _PRECEDENCE:
        return True
    written_by = author_of(header)
    own = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].lower()
    if not written_by or written_by == own or written_by.partition("@")[0] in _NOBODY:
        return True
    return classify(octets).kind != "not_a_bounce"


def author_of(header: Message) -> str:
    """The one address in From, in lower case; empty where there is none, or more than one, be it in the name."""
    fields = header.all("from")
    found = addresses.unique(addresses.found(fields[0].value[:2000])) if len(fields) == 1 else ()
    return found[0].lower() if len(found) == 1 else ""


def _word(header: Message, name: str) -> str:
    field = header.first(name)
    return field.value.split(";")[0].strip().lower() if field else ""
