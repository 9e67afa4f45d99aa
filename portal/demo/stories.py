"""The demo world's log, told as stories: five weeks of three organisations, with one loss of each kind among them.

The stories are written against "now", so that the world is never old. They come out as the JSON lines that
``manage.py ingest jsonl`` reads; the demo has no other way in than a user has. Nothing is random: the same day gives the
same world.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

WEEKS = 5
VENDOR = "smtp.xenegrade.example"
OWN = "mail.summit.example"

FIRST_NAMES = (
    "Ana Ben Carla Dev Elif Farid Gita Hugo Iris Jonas Kim Lea Mateo Nina Omar Pia Quentin Rosa Sam Tara Uma Viktor "
    "Wanda Ximena Yusuf Zoe"
).split()
LAST_NAMES = "Abbott Brandt Cruz Diaz Evans Ferro Grant Hansen Ito Jensen Kaya Lopez Meyer Novak Owens Park".split()
#: Where clients have their mail, and the host that takes it there.
MAILBOXES = {
    "mailhub.example": "mx.delivery-desk-demo.googlemail.com",
    "oakwood.example": "oakwood-example.delivery-desk-demo.mail.protection.outlook.com",
    "letterbox.example": "mta5.delivery-desk-demo.yahoodns.net",
    "post.example": "mx1.delivery-desk-demo.mail.icloud.com",
    "riverside.example": "d1234.delivery-desk-demo.ess.barracudanetworks.com",
    "carefree.example": "mail.carefree.example",
    "hospital.example": "hospital.delivery-desk-demo.iphmx.com",
}
#: What branches send, by module.
FUNCTIONS = (
    ("webreg", "Registration notice", "Your registration"),
    ("webreg", "Payment receipt", "Receipt for your payment"),
    ("xendirect_admin", "Class confirmation", "Your class is confirmed"),
    ("quicktools", "Class reminder", "Your class starts soon"),
    ("webreg", "Forgot password", "Set a new password"),
)


@dataclass(frozen=True, slots=True)
class Branch:
    """Who sends: the branch's code, its From-address, its server, and how many mails leave on a working day."""

    code: str
    sender: str
    server: str
    a_day: int


NORTH = Branch("north", "registrar@north.example", VENDOR, 9)
HARBOR = Branch("harbor", "office@harbor.example", VENDOR, 4)
SUMMIT = Branch("summit", "notices@summit.example", OWN, 3)


@dataclass(frozen=True, slots=True)
class Story:
    """One message that deserves telling. ``replies`` are (minutes after, state, host, reply), oldest first."""

    branch: Branch
    days_ago: float
    recipient: str
    function: int
    replies: tuple[tuple[float, str, str, str], ...]
    subject: str = ""
    has_case_note: bool = True
    server: str = ""
    tags: tuple[str, ...] = field(default=())


STORIES = (
    # A mailbox that is gone.
    Story(NORTH, 1.2, "marta.evans@oakwood.example", 0, ((0.2, "refused", MAILBOXES["oakwood.example"],
        "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient marta.evans@oakwood.example not found by SMTP address lookup"),)),
    # A mailbox that is full.
    Story(NORTH, 2.1, "t.novak@letterbox.example", 1, ((0.3, "refused", MAILBOXES["letterbox.example"],
        "552 5.2.2 The email account that you tried to reach is over quota and inactive."),)),
    # A mailbox that was switched off.
    Story(NORTH, 3.4, "old.account@mailhub.example", 2, ((0.2, "refused", MAILBOXES["mailhub.example"],
        "550 5.2.1 The email account that you tried to reach is disabled."),)),
    # A typing mistake in the domain.
    Story(NORTH, 0.4, "lena.grant@riversde.example", 0, ((0.1, "refused", "",
        "550 5.4.4 Host or domain name not found. Name service error for name=riversde.example type=MX: Host not found"),)),
    # A domain that takes no mail.
    Story(NORTH, 5.3, "info@quietlake.example", 3, ((0.1, "refused", "",
        "556 5.1.10 Domain quietlake.example does not accept mail (nullMX)"),)),
    # Greylisted, then taken.
    Story(NORTH, 0.9, "gita.ito@carefree.example", 2, (
        (0.1, "deferred", "mail.carefree.example", "450 4.2.0 <gita.ito@carefree.example>: Recipient address rejected: Greylisted, see http://postgrey.schweikert.ch/help/"),
        (14, "accepted", "mail.carefree.example", "250 2.0.0 Ok: queued as 4XkT2p3b1zz9"),)),
    # A state agency that takes nothing from third parties.
    Story(NORTH, 0.3, "a.meyer@stateagency.example", 2, ((0.3, "refused", "mxa.delivery-desk-demo.pphosted.com",
        "550 5.7.1 Message rejected: mail from third-party senders is not permitted by organizational policy"),)),
    Story(HARBOR, 1.3, "k.owens@stateagency.example", 0, ((0.3, "refused", "mxa.delivery-desk-demo.pphosted.com",
        "550 5.7.1 Message rejected: mail from third-party senders is not permitted by organizational policy"),)),
    # The second sending address is on a blocklist.
    Story(NORTH, 0.6, "dev.lopez@union.example", 3, ((0.2, "refused", "mx1.union.example",
        "554 5.7.1 Service unavailable; Client host [192.0.2.11] blocked using zen.spamhaus.org; https://check.spamhaus.org/query/ip/192.0.2.11"),)),
    # The same listing, two more recipients, one of them another branch's.
    Story(NORTH, 0.15, "ximena.ferro@union.example", 3, ((0.2, "refused", "mx1.union.example",
        "554 5.7.1 Service unavailable; Client host [192.0.2.11] blocked using zen.spamhaus.org; https://check.spamhaus.org/query/ip/192.0.2.11"),)),
    Story(HARBOR, 0.14, "elif.hansen@union.example", 0, ((0.2, "refused", "mx1.union.example",
        "554 5.7.1 Service unavailable; Client host [192.0.2.11] blocked using zen.spamhaus.org; https://check.spamhaus.org/query/ip/192.0.2.11"),)),
    # Too big, a forbidden attachment, taken for spam.
    Story(NORTH, 6.2, "hugo.park@hospital.example", 2, ((0.6, "refused", MAILBOXES["hospital.example"],
        "552 5.3.4 Message size exceeds fixed limit"),), subject="Course handbook"),
    Story(NORTH, 7.1, "iris.kaya@hospital.example", 2, ((0.4, "refused", MAILBOXES["hospital.example"],
        "552 5.7.0 Message refused: the attachment type .xlsm is not allowed"),), subject="Your timetable"),
    Story(SUMMIT, 8.2, "omar.cruz@riverside.example", 3, ((0.5, "refused", MAILBOXES["riverside.example"],
        "554 5.7.1 Message rejected as spam by content filter"),), subject="LAST CHANCE - open house"),
    # TLS, a full disk over there, relaying refused, a fault in the message.
    Story(NORTH, 9.3, "pia.ferro@union.example", 1, ((0.2, "refused", "mx2.union.example",
        "530 5.7.0 Must issue a STARTTLS command first"),)),
    Story(NORTH, 10.4, "quentin.abbott@union.example", 0, (
        (0.2, "deferred", "mx1.union.example", "452 4.3.1 Insufficient system storage"),
        (31, "accepted", "mx1.union.example", "250 2.0.0 Ok: queued as 1A2B3C4D5E"),)),
    Story(NORTH, 11.2, "rosa.diaz@movedaway.example", 2, ((0.3, "refused", "mx.formerhost.example",
        "554 5.7.1 <rosa.diaz@movedaway.example>: Relay access denied"),)),
    Story(SUMMIT, 12.2, "sam.jensen@mailhub.example", 0, ((0.3, "refused", MAILBOXES["mailhub.example"],
        "550 5.6.0 Message is not RFC 5322 compliant: multiple From headers"),)),
    # A server that never answered.
    Story(NORTH, 7.5, "tara.hansen@oldfirm.example", 1, (
        (0.6, "deferred", "oldfirm.example", "connect to oldfirm.example[198.51.100.38]:25: Connection timed out"),
        (60, "deferred", "oldfirm.example", "connect to oldfirm.example[198.51.100.38]:25: Connection timed out"),
        (2880, "deferred", "oldfirm.example", "connect to oldfirm.example[198.51.100.38]:25: Connection timed out"),
        (7200, "expired", "oldfirm.example", "connect to oldfirm.example[198.51.100.38]:25: Connection timed out"),)),
    # Harbor's own policy forbids what Harbor does.
    *(Story(HARBOR, days, f"{name}@mailhub.example", 0, ((0.3, "refused", MAILBOXES["mailhub.example"],
        "550 5.7.26 Unauthenticated email from harbor.example is not accepted due to domain's DMARC policy. Please contact the administrator of harbor.example domain if this was a legitimate mail."),))
      for days, name in ((0.2, "uma.brandt"), (1.1, "viktor.meyer"), (2.3, "wanda.grant"), (4.2, "yusuf.park"))),
    # Harbor to Harbor: refused by Harbor's own gateway as a forgery.
    *(Story(HARBOR, days, "office@harbor.example", 0, ((0.2, "refused", "us-smtp-inbound-1.delivery-desk-demo.mimecast.com",
        "550 Rejected by header based Anti-Spoofing policy: office@harbor.example - https://community.mimecast.com/docs/DOC-1369#550"),),
        subject="New registration", has_case_note=False) for days in (0.25, 1.15, 2.2, 3.3)),
    Story(HARBOR, 5.1, "zoe.novak@hospital.example", 1, ((0.7, "refused", MAILBOXES["hospital.example"],
        "550 #5.7.1 Your access to submit messages to this e-mail system has been rejected."),)),
    # Summit's own server has no reverse name, and one of its domains is not set up.
    *(Story(SUMMIT, days, f"{name}@mailhub.example", 3, ((0.4, "refused", MAILBOXES["mailhub.example"],
        "550 5.7.25 [198.51.100.77] The IP address sending this message does not have a PTR record setup, or the corresponding forward DNS entry does not match the sending IP."),))
      for days, name in ((3.2, "ben.ito"), (5.2, "carla.kaya"), (9.1, "dev.owens"))),
    Story(SUMMIT, 6.1, "farid.lopez@carefree.example", 3, ((0.3, "refused", "mail.carefree.example",
        "550 5.1.8 <notices@summit-alumni.example>: Sender address rejected: Domain not found"),)),
)  # fmt: skip
#: A mailing that ran into a limit: the first recipients were taken, the rest is still being tried.
MAILING = 90
MAILING_TAKEN = 40
#: What the sending application could not hand over.
ERRORS = (
    (NORTH, 0.5, "nina.cruz@post.example", 3, "QuickTools: the merge field CourseStart has no value; nothing was sent"),
    (SUMMIT, 4.1, "kim.evans@letterbox.example", 1,
     "Sending through mail.summit.example:587 failed: TLS handshake failed, certificate has expired"),
)  # fmt: skip
#: Clients that stories need beyond those of ordinary days: branch, name, address.
CLIENTS = (
    (NORTH, "Priya Nair", "priya.nair@oakwood.example"),
    (NORTH, "Dana Fox", "dana.fox@post.example"),
    (NORTH, "Lena Grant", "lena.grant@riverside.example"),
    (NORTH, "Nina Cruz", "nina.cruz@post.example"),
    (NORTH, "A. Meyer", "a.meyer@stateagency.example"),
    (HARBOR, "Uma Brandt", "uma.brandt@mailhub.example"),
    (SUMMIT, "Ben Ito", "ben.ito@mailhub.example"),
)


def lines(now: datetime, more: Iterable[Story] = ()) -> Iterator[dict[str, Any]]:
    """Every line of the log up to ``now`` (UTC), with ``more`` stories than stand here."""
    yield {"kind": "coverage", "from": iso(now - timedelta(weeks=WEEKS)), "until": iso(now)}
    for branch, name, email in CLIENTS:
        yield client(branch, name, email)
    for branch in (NORTH, HARBOR, SUMMIT):
        yield from ordinary_days(branch, now)
    for story in (*STORIES, *more):
        yield from told(story, now)
    yield from mailing(now)
    for branch, days, recipient, function, text in ERRORS:
        at = now - timedelta(days=days)
        key = key_of(branch.code, recipient, days)
        yield message(branch, key, at, recipient, function)
        yield {
            "kind": "error", "branch": branch.code, "key": key, "recipient": recipient,
            "at": iso(at + timedelta(seconds=2)), "reply": text,
        }  # fmt: skip
    # Somebody asked for a new password with an address that is not the one on their profile.
    at = now - timedelta(hours=5)
    stray = "dana.fox@letterbox.example"
    yield message(NORTH, "stray", at, stray, 4)
    yield from passed(NORTH, "stray", at, stray, MAILBOXES["letterbox.example"])


def ordinary_days(branch: Branch, now: datetime) -> Iterator[dict[str, Any]]:
    """Five weeks of mail that was taken at once; on weekends little is sent."""
    for day in range(WEEKS * 7 - 1, -1, -1):
        midnight = (now - timedelta(days=day)).replace(hour=0, minute=0, second=0, microsecond=0)
        count = 1 if midnight.weekday() >= 5 else branch.a_day + number(branch.code, day, "count") % 4
        if branch is SUMMIT and day < 2:
            continue  # Summit's e-mail function has been suspended since then.
        for index in range(count):
            seed = (branch.code, day, index)
            at = midnight + timedelta(hours=13, seconds=number(*seed, "time") % 32000)
            if at >= now - timedelta(minutes=5):
                continue
            first = FIRST_NAMES[number(*seed, "first") % len(FIRST_NAMES)]
            last = LAST_NAMES[number(*seed, "last") % len(LAST_NAMES)]
            domain = list(MAILBOXES)[number(*seed, "domain") % len(MAILBOXES)]
            recipient = f"{first}.{last}@{domain}".lower()
            key = key_of(*seed)
            yield client(branch, f"{first} {last}", recipient)
            yield message(branch, key, at, recipient, number(*seed, "function") % 4)
            yield from passed(branch, key, at, recipient, MAILBOXES[domain])
            yield case_note(branch, at, recipient, number(*seed, "function") % 4)


def told(story: Story, now: datetime) -> Iterator[dict[str, Any]]:
    """One story: the message, its way to the server, and every answer it got up to now."""
    at = now - timedelta(days=story.days_ago)
    key = key_of(story.branch.code, story.recipient, story.days_ago)
    yield message(story.branch, key, at, story.recipient, story.function, story.subject, story.server)
    yield {**event("handed", story.branch, key, story.recipient, at + timedelta(seconds=3)), "remote_host": ""}
    for minutes, state, host, reply in story.replies:
        yield {
            **event(state, story.branch, key, story.recipient, at + timedelta(minutes=minutes, seconds=4)),
            "remote_host": host,
            "reply": reply,
        }
    if story.has_case_note:
        yield case_note(story.branch, at, story.recipient, story.function)


def mailing(now: datetime) -> Iterator[dict[str, Any]]:
    """A reminder to many at one provider: taken until its limit of recipients an hour, deferred after it."""
    at = now - timedelta(hours=3)
    for index in range(MAILING):
        recipient = f"member{index + 1:03}@bignet.example"
        key = f"mailing-{index + 1:03}"
        sent = at + timedelta(seconds=2 * index)
        yield message(NORTH, key, sent, recipient, 3, "Spring classes open on Monday")
        if index < MAILING_TAKEN:
            yield from passed(NORTH, key, sent, recipient, "mx.bignet.example")
            continue
        yield event("handed", NORTH, key, recipient, sent + timedelta(seconds=1))
        for minutes in (1, 21, 61, 141):
            yield {
                **event("deferred", NORTH, key, recipient, sent + timedelta(minutes=minutes)),
                "remote_host": "mx.bignet.example",
                "reply": "421 4.7.0 Too many recipients from 192.0.2.10 this hour, try again later",
            }


def passed(branch: Branch, key: str, at: datetime, recipient: str, host: str) -> Iterator[dict[str, Any]]:
    yield event("handed", branch, key, recipient, at + timedelta(seconds=1))
    yield {
        **event("accepted", branch, key, recipient, at + timedelta(seconds=3)),
        "remote_host": host,
        "reply": f"250 2.0.0 OK {number(key) % 10**10:010} - accepted",
    }


def message(
    branch: Branch, key: str, at: datetime, recipient: str, function: int, subject: str = "", server: str = ""
) -> dict[str, Any]:
    module, name, usual_subject = FUNCTIONS[function]
    sender = branch.sender
    return {
        "kind": "message", "branch": branch.code, "key": key, "at": iso(at), "recipient": recipient, "module": module,
        "function": name, "subject": subject or usual_subject, "from": sender, "server": server or branch.server,
        "message_id": f"<{key}@{sender.rpartition('@')[2]}>", "queue_id": f"4{number(key) % 16**9:09X}",
    }  # fmt: skip


def event(kind: str, branch: Branch, key: str, recipient: str, at: datetime) -> dict[str, Any]:
    return {
        "kind": kind, "branch": branch.code, "key": key, "recipient": recipient, "at": iso(at), "server": branch.server,
    }  # fmt: skip


def client(branch: Branch, name: str, email: str) -> dict[str, Any]:
    return {"kind": "client", "branch": branch.code, "reference": email, "name": name, "email": email}


def case_note(branch: Branch, at: datetime, recipient: str, function: int) -> dict[str, Any]:
    text = f"E-mail sent: {FUNCTIONS[function][1]}"
    return {"kind": "case_note", "branch": branch.code, "at": iso(at), "email": recipient, "text": text}


def key_of(*parts: object) -> str:
    return f"{number(*parts) % 16**12:012x}"


def number(*parts: object) -> int:
    """The same number for the same parts, on every machine and in every year."""
    return int.from_bytes(sha256("/".join(map(str, parts)).encode()).digest()[:8], "big")


def iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
