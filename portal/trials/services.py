"""Opening a trial, taking its messages in, handing in one to compare with, and sharing a report."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from diagnostics.engine.messages.headers.author import read_authors
from diagnostics.engine.messages.headers.connection import Connection, connection_of, name_in
from diagnostics.engine.messages.headers.fields import Message, read_message
from diagnostics.engine.protocols.dkim import KeyProblem, bare_key, tags
from diagnostics.engine.subject import PICTURES, DKIMSelector, SendingServer, Subject
from diagnostics.models import ReceivedMessage
from diagnostics.runner import storable
from diagnostics.services import start_run
from portal.accounts.models import User
from portal.branches.models import BranchProfile, DKIMEntry, DKIMUse
from portal.inbound import Mail, Refused
from portal.trials.addresses import new_token, trial_at
from portal.trials.models import MOST_MESSAGES, OPEN_FOR, How, Share, Trial, TrialMessage

#: So many addresses of one person may wait for messages at once, and so many messages be handed in for one trial.
MOST_OPEN = 20
MOST_GIVEN = 20
SHARED_FOR = timedelta(days=14)
MOST_SHARES = 10
#: Signatures of a message whose keys are looked at.
MOST_SELECTORS = 5
#: What may stand in the note that we write above a message.
_PLAIN = re.compile(r"[^A-Za-z0-9._:-]")


class TrialProblem(Exception):
    """It cannot be done; the text says why, and what to do."""


@transaction.atomic
def open_trial(
    branch: BranchProfile,
    *,
    by: User,
    module: str,
    report: uuid.UUID | None = None,
    asks_for_pictures: bool = False,
) -> Trial:
    """A new one-time address of ``branch`` for a message sent from ``module``; ``report`` is what it is made for.

    ``asks_for_pictures``: they agree that what its messages show is asked for, which may count as opening them.
    TrialProblem where the person has too many that wait.
    """
    now = timezone.now()
    if Trial.objects.filter(by=by, expires__gt=now)[:MOST_OPEN].count() >= MOST_OPEN:
        raise TrialProblem(f"{MOST_OPEN} of your test addresses wait for messages. Use one of them, or wait a day.")
    return Trial.objects.create(
        token=new_token(),
        branch=branch,
        by=by,
        module=module,
        report=report,
        asks_for_pictures=asks_for_pictures,
        opened=now,
        expires=now + OPEN_FOR,
    )


def take(mail: Mail) -> None:
    """Take a message of a trial in, and have it looked at. Refused where the address has had its time or its messages.

    The same message is stored once, so that a server which did not hear our answer may come again.
    """
    trial = trial_at(mail.recipient)
    if trial is None:
        raise Refused("There is no such address here.", code="550 5.1.1")
    trial = Trial.objects.select_for_update().get(pk=trial.pk)
    fingerprint = hashlib.sha256(mail.octets).hexdigest()
    if TrialMessage.objects.filter(trial=trial, fingerprint=fingerprint).exists():
        return
    if not trial.is_open:
        raise Refused("This test address has expired. Open a new one at the desk.")
    if TrialMessage.objects.filter(trial=trial, how=How.CAME).count() >= MOST_MESSAGES:
        raise Refused(f"This test address has had its {MOST_MESSAGES} messages. Open a new one at the desk.")
    octets = noted(mail)
    header = read_message(octets)
    connection = connection_of(header.fields, sender=mail.sender)
    subject = _subject(header, connection)
    asking = replace(subject, probe=PICTURES) if trial.asks_for_pictures else subject
    inspection = start_run(asking, by=None, message=ReceivedMessage(raw=octets, is_text=False, at=mail.at))
    looked = start_run(_with_keys(subject, header, trial.branch), by=None) if connection else None
    TrialMessage.objects.create(
        trial=trial,
        at=mail.at,
        peer=mail.peer[:45],
        address=connection.address if connection else "",
        helo=storable(connection.helo or mail.helo)[:255] if connection else storable(mail.helo)[:255],
        sender=storable(mail.sender)[:320],
        tls=mail.tls[:20],
        size=len(mail.octets),
        fingerprint=fingerprint,
        inspection=inspection,
        connection=looked,
    )


def noted(mail: Mail) -> bytes:
    """The message with our own note on top, as every server that takes one writes it (RFC 5321 §4.4).

    What a mailbox held was noted by its server, and nobody connected to us.
    """
    if not mail.peer:
        return mail.octets
    helo = _PLAIN.sub("", mail.helo) or "unknown"
    peer = f"IPv6:{mail.peer}" if ":" in mail.peer else mail.peer
    at = format_datetime(mail.at)
    # RFC 3848: the S says that the connection was encrypted.
    protocol = f"ESMTPS (version={mail.tls})" if mail.tls else "ESMTP"
    line = (
        f"Received: from {helo} ([{peer}])\r\n\tby {settings.MAILROOM_NAME} (Delivery Desk) with {protocol};"
        f"\r\n\t{at}\r\n"
    )
    return line.encode("ascii", "replace") + mail.octets


def _subject(header: Message, connection: Connection | None) -> Subject:
    """What the runs look at: the author's domain, and the server that brought the message."""
    author = read_authors(header.fields).domain
    server = None
    if connection is not None:
        server = SendingServer(
            host="",
            addresses=(connection.address,),
            helo=connection.helo,
            envelope_domain=connection.domain,
        )
    domain = author or (connection.domain if connection else "")
    return Subject(sender_domain=domain, sending_server=server, now=timezone.now().isoformat())


def _with_keys(subject: Subject, header: Message, branch: BranchProfile) -> Subject:
    """``subject`` with the selectors of the signatures in the author's name, and those that our records hold."""
    names: list[str] = []
    for field in header.all("dkim-signature")[:MOST_SELECTORS]:
        try:
            found = tags(field.value)
        except KeyProblem:
            # The inspection says so of the message.
            continue
        if name_in(found.get("d", "")) == subject.sender_domain and (selector := name_in(found.get("s", ""))):
            names.append(selector)
    issued = DKIMEntry.objects.filter(domain__branch=branch, domain__domain=subject.sender_domain)[:MOST_SELECTORS]
    entries = {entry.selector.lower(): entry for entry in issued}
    # What the message itself is signed with is in use, whatever our records say.
    selectors = [
        DKIMSelector(selector=name, public_key=bare_key(entries[name].public_key) if name in entries else "")
        for name in dict.fromkeys(names)
    ]
    selectors += [
        DKIMSelector(selector=name, public_key=bare_key(entry.public_key), is_signing=entry.use == DKIMUse.SIGNING)
        for name, entry in entries.items()
        if name not in names and entry.use != DKIMUse.RETIRED
    ]
    return replace(subject, selectors=tuple(selectors))


@transaction.atomic
def give(trial: Trial, raw: bytes | str, *, by: User) -> TrialMessage:
    """A message that arrived elsewhere, to compare with: the octets of a file, or text somebody pasted.

    TrialProblem where too many were handed in.
    """
    octets = raw.encode("utf-8", "replace") if isinstance(raw, str) else raw
    fingerprint = hashlib.sha256(octets).hexdigest()
    trial = Trial.objects.select_for_update().get(pk=trial.pk)
    known = TrialMessage.objects.filter(trial=trial, fingerprint=fingerprint).first()
    if known is not None:
        return known
    if TrialMessage.objects.filter(trial=trial, how=How.GIVEN).count() >= MOST_GIVEN:
        raise TrialProblem(f"{MOST_GIVEN} messages were handed in for this test. Open a new test for more.")
    header = read_message(raw)
    sender = _path(header)
    connection = connection_of(header.fields, sender=sender)
    message = ReceivedMessage(raw=octets, is_text=isinstance(raw, str))
    # What SPF says today of an address that was noted then proves nothing: the receiver's notes are the witness.
    run = start_run(_subject(header, None), by=by, message=message)
    return TrialMessage.objects.create(
        trial=trial,
        how=How.GIVEN,
        address=connection.address if connection else "",
        helo=connection.helo if connection else "",
        sender=storable(sender)[:320],
        size=len(octets),
        fingerprint=fingerprint,
        inspection=run,
    )


def _path(header: Message) -> str:
    """The envelope's sender as the last server wrote it down (RFC 5321 §4.4)."""
    field = header.first("return-path")
    return field.value.strip().strip("<>") if field else ""


def share(message: TrialMessage, *, by: User) -> Share:
    """A link to the report of ``message`` that works for two weeks. TrialProblem where there are many already."""
    if _open_shares(message.shares.all()) >= MOST_SHARES:
        raise TrialProblem(f"There are {MOST_SHARES} links to this report. Withdraw one of them first.")
    return Share.objects.create(message=message, by=by, expires=timezone.now() + SHARED_FOR)


def _open_shares(shares: Iterable[Share]) -> int:
    return sum(item.is_open for item in shares)


def withdraw(shared: Share) -> Share:
    """End a link now."""
    if shared.withdrawn is None:
        shared.withdrawn = timezone.now()
        shared.save(update_fields=["withdrawn"])
    return shared
