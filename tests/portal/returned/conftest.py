"""Mails as servers send them back, and the deliveries they are about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from portal.branches.models import BranchProfile
from portal.maillog.importers.event import Kind, LogEvent
from portal.maillog.models import Delivery
from portal.maillog.services import ingest
from portal.returned import runner
from portal.returned.models import ReturnedMail, ReturnedRecipient
from portal.returned.services import take

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LEE = "lee@corp.example"
#: How the returned message is named in the mail.
ID = "8f1c@north.example"


def dsn(
    recipient: str = LEE,
    *,
    to: str = "bounce@desk.example",
    at: datetime = NOON + MINUTE,
    action: str = "failed",
    status: str = "5.1.1",
    diagnostic: str = "550 5.1.1 User unknown",
    message_id: str = ID,
    queue_id: str = "",
    subject: str = "Class confirmation",
    original: str = "",
    returned: str = "",
    reporting: str = "smtp.xenegrade.net",
) -> bytes:
    """A report in the form of RFC 3464, as Postfix writes it."""
    queue = f"X-Postfix-Queue-ID: {queue_id}\n" if queue_id else ""
    first = f"Original-Recipient: rfc822;{original}\n" if original else ""
    named = f"Message-ID: <{message_id}>\n" if message_id else ""
    text = f"""From: MAILER-DAEMON@smtp.xenegrade.net (Mail Delivery System)
To: {to}
Subject: Undelivered Mail Returned to Sender
Date: {at:%a, %d %b %Y %H:%M:%S +0000}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="AA/smtp"
Message-Id: <{at:%H%M%S}.{recipient.partition("@")[0]}@smtp.xenegrade.net>

--AA/smtp
Content-Type: text/plain; charset=us-ascii

This is the mail system at host smtp.xenegrade.net.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients.

<{recipient}>: host mx.corp.example said: {diagnostic}

--AA/smtp
Content-Type: message/delivery-status

Reporting-MTA: dns; {reporting}
{queue}Arrival-Date: {NOON:%a, %d %b %Y %H:%M:%S +0000}

Final-Recipient: rfc822; {recipient}
{first}Action: {action}
Status: {status}
Remote-MTA: dns; mx.corp.example
Diagnostic-Code: smtp; {diagnostic}

--AA/smtp
Content-Type: message/rfc822

{returned}From: registrar@north.example
To: {recipient}
Subject: {subject}
{named}
Hello.

--AA/smtp--
"""
    return text.encode()


def complaint(recipient: str = LEE, *, feedback: str = "abuse", message_id: str = ID, at: datetime = NOON) -> bytes:
    """A complaint in the form of RFC 5965; without a ``recipient`` it is blacked out."""
    named = f"Original-Rcpt-To: <{recipient}>\n" if recipient else ""
    return f"""From: feedback@bignet.example
To: returned@desk.example
Subject: Abuse report
Date: {at:%a, %d %b %Y %H:%M:%S +0000}
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="BB"
Message-ID: <{feedback}.{recipient or "nobody"}@bignet.example>

--BB
Content-Type: text/plain

This is an e-mail abuse report.

--BB
Content-Type: message/feedback-report

Feedback-Type: {feedback}
User-Agent: Bignet/1.0
Version: 1
{named}
--BB
Content-Type: message/rfc822

From: registrar@north.example
To: undisclosed-recipients:;
Subject: Class confirmation
Message-ID: <{message_id}>

Hello.
--BB--
""".encode()


def out_of_office(message_id: str = ID) -> bytes:
    return f"""From: Lee <{LEE}>
To: bounce@desk.example
Subject: Out of office
Date: {NOON + MINUTE:%a, %d %b %Y %H:%M:%S +0000}
Auto-Submitted: auto-replied
In-Reply-To: <{message_id}>
Message-ID: <away@corp.example>

I am away.
""".encode()


def by_a_person() -> bytes:
    return b"From: Lee <lee@corp.example>\nTo: bounce@desk.example\nSubject: Hello\n\nAre you there?\n"


def log(
    branch: BranchProfile,
    recipient: str = LEE,
    *,
    key: str = "8f1c",
    at: datetime = NOON,
    message_id: str = f"<{ID}>",
    queue_id: str = "",
    subject: str = "Class confirmation",
    kind: Kind = Kind.MESSAGE,
    **fields: Any,
) -> Delivery:
    """A delivery as the application's own log tells of it."""
    tell(
        branch, recipient, key=key, at=at, message_id=message_id, queue_id=queue_id, subject=subject, kind=kind,
        **fields,
    )  # fmt: skip
    return Delivery.objects.get(message__key=key, message__branch=branch, recipient_normal=recipient.lower())


def tell(branch: BranchProfile, recipient: str = LEE, *, at: datetime = NOON, **fields: Any) -> None:
    """One event of a log."""
    event = LogEvent(branch=branch.code, line=1, raw="", at=at, recipient=recipient, **fields)
    ingest([event], source="jsonl")


def came(octets: bytes, **fields: Any) -> ReturnedMail:
    """The mail as it stands once it has been read."""
    mail, _ = take(octets, source="file", rings=False, **fields)
    runner.perform(mail.pk)
    return ReturnedMail.objects.get(pk=mail.pk)


def only(mail: ReturnedMail) -> ReturnedRecipient:
    return mail.recipients.get()


@pytest.fixture(autouse=True)
def _addresses(settings: Any) -> None:
    settings.BOUNCE_ADDRESSES = [
        "bounce+<token>@desk.example",
        "bounce-<recipient>@desk.example",
        "returned@desk.example",
    ]
