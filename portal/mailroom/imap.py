"""Fetching from a mailbox, where no mail server hands over to us: one look over IMAP (RFC 9051), by beat or by hand.

Of a mailbox whose whole purpose is returned mail every mail is taken. Each is stored and committed before it is marked
as seen or moved away, so a look that breaks off is simply made again. A mail that was taken twice is stored once.
"""

from __future__ import annotations

import imaplib
import logging
import ssl
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import transaction
from django.utils import timezone

from diagnostics.engine.messages.bounce import addresses
from diagnostics.engine.messages.headers.fields import read_message
from portal.inbound import Refused, door_for
from portal.mailroom.delivering import deliver
from portal.returned.facts import facts_of
from portal.returned.services import take as keep

logger = logging.getLogger(__name__)

#: Seconds for which an answer of the server is waited for.
TIMEOUT = 20.0
#: So many mails are fetched in one look; the next one goes on.
MOST = 200
#: Of a larger mail so much is fetched: what a report has to say stands at its beginning.
MOST_OCTETS = 4 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """Where to look. ``tls`` is "tls", "starttls" or "off"; without ``done_folder`` mails are marked as seen."""

    host: str
    port: int = 993
    user: str = ""
    password: str = ""
    tls: str = "tls"
    folder: str = "INBOX"
    done_folder: str = ""


@dataclass(slots=True)
class Fetched:
    """What came of one look. ``failed``: could not be stored, and was left as it was; ``left``: for the next look."""

    taken: int = 0
    failed: int = 0
    left: int = 0


class MailboxProblem(Exception):
    """The mailbox cannot be read; the message says why and what to look at."""


def mailbox_of_settings() -> Mailbox | None:
    """The mailbox that the settings name; None where they name none."""
    if not settings.IMAP_HOST:
        return None
    return Mailbox(
        host=settings.IMAP_HOST, port=settings.IMAP_PORT, user=settings.IMAP_USER, password=settings.IMAP_PASSWORD,
        tls=settings.IMAP_TLS, folder=settings.IMAP_FOLDER, done_folder=settings.IMAP_DONE_FOLDER,
    )  # fmt: skip


def fetch(mailbox: Mailbox) -> Fetched:
    """Take the mails of ``mailbox`` that have not been taken yet. Raises MailboxProblem."""
    fetched = Fetched()
    try:
        server = _connected(mailbox)
        try:
            server.login(mailbox.user, mailbox.password)
            _asked(server.select(_quoted(mailbox.folder)), f"The folder {mailbox.folder} cannot be opened")
            # What is moved away when it is done needs no other mark.
            which = "UNDELETED" if mailbox.done_folder else "UNSEEN UNDELETED"
            found = _asked(server.uid("SEARCH", which), "The folder cannot be searched")
            numbers = (found[0] or b"").split()
            fetched.left = max(0, len(numbers) - MOST)
            for number in numbers[:MOST]:
                _take(server, mailbox, number.decode("ascii"), fetched)
        finally:
            _leave(server)
    except ssl.SSLError as error:
        raise MailboxProblem(f"{mailbox.host} offers no proper encryption: {error}. Look at IMAP_TLS.") from error
    except OSError as error:
        raise MailboxProblem(f"{mailbox.host} cannot be reached: {error}. Look at IMAP_HOST and IMAP_PORT.") from error
    except imaplib.IMAP4.error as error:
        raise MailboxProblem(
            f"{mailbox.host} does not let us in: {error}. Look at IMAP_USER, IMAP_PASSWORD and IMAP_FOLDER."
        ) from error
    return fetched


def _connected(mailbox: Mailbox) -> imaplib.IMAP4:
    if mailbox.tls == "tls":
        return imaplib.IMAP4_SSL(mailbox.host, mailbox.port, ssl_context=ssl.create_default_context(), timeout=TIMEOUT)
    server = imaplib.IMAP4(mailbox.host, mailbox.port, timeout=TIMEOUT)
    if mailbox.tls == "starttls":
        try:
            server.starttls(ssl.create_default_context())
        except BaseException:
            server.shutdown()
            raise
    return server


def _leave(server: imaplib.IMAP4) -> None:
    try:
        server.logout()
    except (imaplib.IMAP4.error, OSError):
        # It has gone before we could say so; what was stored is stored.
        with suppress(OSError):
            server.shutdown()


def _asked(answer: tuple[str, list[Any]], otherwise: str) -> list[Any]:
    """What the server answered (imaplib gives bytes, None, or a pair for what came as a literal); else IMAP4.error."""
    status, found = answer
    if status != "OK":
        raise imaplib.IMAP4.error(f"{otherwise}: {found!r}")
    return found


def _quoted(folder: str) -> str:
    escaped = folder.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _take(server: imaplib.IMAP4, mailbox: Mailbox, number: str, fetched: Fetched) -> None:
    """Fetch one mail, store it, and only then say that it is done."""
    answer = _asked(server.uid("FETCH", number, f"(BODY.PEEK[]<0.{MOST_OCTETS}>)"), "A mail cannot be fetched")
    octets: bytes = next((item[1] for item in answer if isinstance(item, tuple)), b"")
    if not octets:
        # Somebody else has taken it away meanwhile.
        return
    try:
        bring(octets, name=f"{mailbox.user}@{mailbox.host}/{mailbox.folder}")
    except DatabaseError:
        logger.exception("Mail %s of %s could not be stored; it is left as it is.", number, mailbox.host)
        fetched.failed += 1
        return
    _done(server, mailbox, number)
    fetched.taken += 1


def _done(server: imaplib.IMAP4, mailbox: Mailbox, number: str) -> None:
    if not mailbox.done_folder:
        _asked(server.uid("STORE", number, "+FLAGS.SILENT", r"(\Seen)"), "A mail cannot be marked as seen")
        return
    folder = _quoted(mailbox.done_folder)
    if "MOVE" in server.capabilities:  # RFC 6851
        _asked(server.uid("MOVE", number, folder), f"A mail cannot be moved to {mailbox.done_folder}")
        return
    _asked(server.uid("COPY", number, folder), f"A mail cannot be copied to {mailbox.done_folder}")
    _asked(server.uid("STORE", number, "+FLAGS.SILENT", r"(\Deleted)"), "A mail cannot be deleted")
    if "UIDPLUS" in server.capabilities:  # RFC 4315: without it others' deleted mails would go too.
        _asked(server.uid("EXPUNGE", number), "A mail cannot be expunged")


def bring(octets: bytes, *, name: str) -> None:
    """Store one mail of a mailbox: with the room whose address it came to, else as returned mail."""
    facts = facts_of(octets, now=timezone.now(), is_fresh=False)
    address = next((item for item in facts.sent_to if door_for(item) is not None), "")
    header = read_message(octets)
    path = header.first("return-path")
    sender = next(iter(addresses.found(path.value[:2000])), "") if path else facts.sender
    if address:
        try:
            deliver(octets, recipients=[address], sender=sender, source="imap")
            return
        except Refused as refusal:
            logger.info("A fetched mail was refused by its room, and is kept as returned mail: %s", refusal)
    with transaction.atomic():
        keep(octets, source="imap", sender=sender, name=name)
