"""What came back to the demo world: bounces, complaints, an absence notice, and what belongs to no message.

The mails come out as an mbox file that ``manage.py ingest dsn`` reads, and the suppression list as a sheet that support
imports: the demo has no other way in than a user has.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.demo.stories import HARBOR, MAILBOXES, NORTH, SUMMIT, VENDOR, Branch, Story, iso, key_of

GATEWAY = MAILBOXES["hospital.example"]
#: Messages that were accepted first, and of which something came back later.
LATER = (
    Story(NORTH, 2.6, "nurse.office@hospital.example", 2, ((0.4, "accepted", GATEWAY, "250 ok: Message 8814"),)),
    Story(NORTH, 4.6, "gita.kim@carefree.example", 3, ((0.2, "accepted", "mail.carefree.example",
        "250 2.0.0 Ok: queued as 4XkT9q1b7zz1"),)),
    *(Story(SUMMIT, days, f"{name}@{domain}", 3, ((0.3, "accepted", MAILBOXES[domain], "250 2.0.0 OK - accepted"),),
            subject="LAST CHANCE - open house")
      for days, name, domain in ((3.05, "lea.hansen", "letterbox.example"), (3.06, "mateo.diaz", "oakwood.example"))),
)  # fmt: skip
#: Replies in words that no rule knows yet: support names their cause.
ODD = (
    *(Story(NORTH, days, f"{name}@foundry.example", 0, ((0.3, "refused", "mx.foundry.example",
        "550 R4-117: not today"),))
      for days, name in ((0.7, "iris.grant"), (1.6, "sam.ferro"), (2.7, "kim.jensen"))),
    Story(HARBOR, 4.3, "farid.meyer@vineyard.example", 1, ((0.5, "refused", "mail.vineyard.example",
        "554 Nachricht nicht angenommen (Regel 12)"),)),
)  # fmt: skip
#: Who asked not to be written to, entered by hand or in a list of another program: branch, address, reason, days ago.
UNWANTED = (
    ("north", "viktor.novak@mailhub.example", "opt_out", 21, "Link in a class reminder"),
    ("north", "carla.owens@post.example", "opt_out", 9, "Said so on the phone"),
    ("harbor", "quentin.ito@letterbox.example", "opt_out", 16, "Link in a registration notice"),
    ("summit", "test@summit.example", "manual", 30, "Test address of the office"),
)


@dataclass(frozen=True, slots=True)
class Back:
    """One report of a server about a message: of which story, how long after it, and what it says."""

    story: Story
    after: timedelta
    status: str
    diagnostic: str


BOUNCES = (
    # The gateway took it, and the mail system behind it had no such mailbox.
    Back(LATER[0], timedelta(minutes=9), "5.1.1", "550 5.1.1 <nurse.office@hospital.example>: Recipient unknown"),
)
UNKNOWN = "former.student@elsewhere.example"


def stories() -> Iterator[Story]:
    """The messages that these mails are about, for the log."""
    yield from LATER
    yield from ODD


def mbox(now: datetime) -> bytes:
    """The mails, oldest first, as one mbox file."""
    return b"".join(b"From MAILER-DAEMON Thu Jan  1 00:00:00 1970\n" + mail.encode() + b"\n" for mail in _mails(now))


def sheet(branch: str, now: datetime) -> bytes:
    """The suppression list that support imports for ``branch``."""
    rows = [
        f"{address},{reason},{iso(now - timedelta(days=days))},{source}"
        for code, address, reason, days, source in UNWANTED
        if code == branch
    ]
    return "\n".join(["address,reason,since,source", *rows]).encode()


def _mails(now: datetime) -> Iterator[str]:
    for back in BOUNCES:
        at = now - timedelta(days=back.story.days_ago) + back.after
        yield _report(
            back.story.recipient, at, back.status, back.diagnostic, _message_id(back.story), back.story.branch
        )
    # Of no message in the log: sent before the log begins, or by another program.
    at = now - timedelta(days=1, hours=7)
    yield _report(UNKNOWN, at, "5.1.1", f"550 5.1.1 <{UNKNOWN}>: no such user", "<newsletter-17@north.example>", NORTH)
    for story, hours in ((LATER[2], 3), (LATER[3], 7)):
        at = now - timedelta(days=story.days_ago) + timedelta(hours=hours)
        yield _complaint(story.recipient, at, _message_id(story), story.branch)
    # Some providers black out who complained.
    yield _complaint("", now - timedelta(days=6), "<newsletter-16@north.example>", NORTH)
    away = LATER[1]
    at = now - timedelta(days=away.days_ago) + timedelta(minutes=2)
    yield _away(away.recipient, at, _message_id(away))
    yield _person(now - timedelta(hours=20))


def _message_id(story: Story) -> str:
    key = key_of(story.branch.code, story.recipient, story.days_ago)
    return f"<{key}@{story.branch.sender.rpartition('@')[2]}>"


def _date(at: datetime) -> str:
    return f"{at:%a, %d %b %Y %H:%M:%S} +0000"


def _report(recipient: str, at: datetime, status: str, diagnostic: str, message_id: str, branch: Branch) -> str:
    """A report in the form of RFC 3464."""
    domain = recipient.rpartition("@")[2]
    return f"""From: MAILER-DAEMON@{domain} (Mail Delivery System)
To: returned@desk.example
Subject: Undelivered Mail Returned to Sender
Date: {_date(at)}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="demo"
Message-Id: <{key_of(recipient, status)}@{domain}>

--demo
Content-Type: text/plain; charset=us-ascii

Your message could not be delivered.

<{recipient}>: {diagnostic}

--demo
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.{domain}

Final-Recipient: rfc822; {recipient}
Action: failed
Status: {status}
Diagnostic-Code: smtp; {diagnostic}

--demo
Content-Type: message/rfc822

From: {branch.sender}
To: {recipient}
Subject: Your registration
Message-ID: {message_id}

Hello.

--demo--
"""


def _complaint(recipient: str, at: datetime, message_id: str, branch: Branch) -> str:
    """A complaint in the form of RFC 5965."""
    named = f"Original-Rcpt-To: <{recipient}>\n" if recipient else ""
    return f"""From: feedback@letterbox.example
To: returned@desk.example
Subject: Complaint about message from {VENDOR}
Date: {_date(at)}
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="demo"
Message-ID: <{key_of(message_id, "complaint")}@letterbox.example>

--demo
Content-Type: text/plain

This is an e-mail abuse report for a message that a reader marked as spam.

--demo
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: Letterbox/2.1
Version: 1
{named}
--demo
Content-Type: message/rfc822

From: {branch.sender}
To: undisclosed-recipients:;
Subject: LAST CHANCE - open house
Message-ID: {message_id}

Hello.

--demo--
"""


def _away(sender: str, at: datetime, message_id: str) -> str:
    return f"""From: Gita Kim <{sender}>
To: returned@desk.example
Subject: Out of office: Your class starts soon
Date: {_date(at)}
Auto-Submitted: auto-replied
In-Reply-To: {message_id}
Message-ID: <{key_of(sender, "away")}@{sender.rpartition("@")[2]}>

I am away until Monday.
"""


def _person(at: datetime) -> str:
    return f"""From: Ana Park <ana.park@post.example>
To: returned@desk.example
Subject: Which room?
Date: {_date(at)}
Message-ID: <{key_of("ana.park", "room")}@post.example>

I answered the reminder, I hope this reaches you. Which room is the class in?
"""
