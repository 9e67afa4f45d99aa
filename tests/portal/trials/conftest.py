"""The world of the test messages: North's mail as its server sends it, DNS as a zone, the bell that rings here."""

from __future__ import annotations

from collections.abc import Callable
from email.utils import format_datetime
from typing import Any

import pytest
from django.utils import timezone

from diagnostics import runner
from diagnostics.engine.zone import Zone
from diagnostics.services import tasks
from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.trials.addresses import address_of
from portal.trials.models import Trial, TrialMessage
from portal.trials.services import open_trial
from tests.diagnostics.engine.messages.headers.signing import published, rsa, signature

#: Where North's mail comes from, and addresses with one thing wrong each.
GOOD, LISTED, NAMELESS, STRANGE = "192.0.2.10", "192.0.2.66", "192.0.2.77", "198.51.100.5"
OURS, VENDORS = "bounce@north.example", "bounce@xenegrade.example"
KEY = published(rsa())
PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
ZONE: dict[str, Any] = {
    "north.example": {"TXT": [f"v=spf1 ip4:{GOOD} ip4:{LISTED} ip4:{NAMELESS} -all"], "MX": [[10, "mx.north.example"]]},
    "_dmarc.north.example": {"TXT": ["v=DMARC1; p=reject"]},
    "xenegrade.example": {"TXT": [f"v=spf1 ip4:{GOOD} -all"]},
    "xen1._domainkey.north.example": {"TXT": [KEY]},
    "revoked._domainkey.north.example": {"TXT": ["v=DKIM1; p="]},
    "weak._domainkey.north.example": {"TXT": [published(rsa(512, "weak"))]},
    "other._domainkey.north.example": {"TXT": [published(rsa(1024, "other"))]},
    "slow._domainkey.north.example": {"TXT": "TIMEOUT"},
    "xen1._domainkey.xenegrade.example": {"TXT": [KEY]},
    "smtp.xenegrade.example": {"A": [GOOD]},
    "listed.xenegrade.example": {"A": [LISTED]},
    "strange.xenegrade.example": {"A": [STRANGE]},
    "10.2.0.192.in-addr.arpa": {"PTR": ["smtp.xenegrade.example"]},
    "66.2.0.192.in-addr.arpa": {"PTR": ["listed.xenegrade.example"]},
    "5.100.51.198.in-addr.arpa": {"PTR": ["strange.xenegrade.example"]},
    "66.2.0.192.zen.spamhaus.org": {"A": ["127.0.0.2"]},
}
HELO = {GOOD: "smtp.xenegrade.example", LISTED: "listed.xenegrade.example", STRANGE: "strange.xenegrade.example"}
ONE_CLICK = "List-Unsubscribe: <https://north.example/out/1>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
HTML = (
    '<html><body><img src="https://north.example/banner.png" alt="North College" width="600" height="80">'
    "<p>Dear Lee, your place in the course <b>Pottery for beginners</b> is reserved. The course begins on Monday at "
    'six in room four.</p><p><a href="https://north.example/out">Unsubscribe</a></p></body></html>'
)
TEXT = "Dear Lee, your place in the course Pottery for beginners is reserved. Unsubscribe: https://north.example/out"


def mail(
    *,
    html: str | bytes = HTML,
    text: str = TEXT,
    charset: str = "utf-8",
    author: str = "From: North College <registrar@north.example>\r\n",
    more: str = ONE_CLICK,
    subject: str = "Your course",
) -> bytes:
    """A message as North's application writes it."""
    page = html if isinstance(html, bytes) else html.encode()
    head = (
        f"{author}To: lee@corp.example\r\nSubject: {subject}\r\nDate: Wed, 4 Mar 2026 12:00:00 +0000\r\n"
        f"Message-ID: <1@north.example>\r\nMIME-Version: 1.0\r\n{more}"
        'Content-Type: multipart/alternative; boundary="cut-here-please"\r\n\r\n'
    ).encode()
    parts = (
        f"--cut-here-please\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
        f"--cut-here-please\r\nContent-Type: text/html; charset={charset}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    ).encode()
    return head + parts + page + b"\r\n--cut-here-please--\r\n"


def signed(message: bytes, tags: str = "", **options: Any) -> bytes:
    """``message`` with a signature of North's on top."""
    return signature(message, tags, **options) + message


def by_our_server(message: bytes, address: str = GOOD, helo: str = "") -> bytes:
    """``message`` with the note of the desk's own mail server, which hands it on to the mailroom."""
    name = HELO.get(address, "unknown")
    note = (
        f"Received: from {helo or HELO.get(address, 'out.xenegrade.example')} ({name} [{address}])\r\n"
        f"\tby mx.desk.example (Postfix) with ESMTPS id 4Bq1; {format_datetime(timezone.now())}\r\n"
    )
    return note.encode() + message


@pytest.fixture(autouse=True)
def _settings(settings: Any) -> None:
    settings.TRIAL_ADDRESS = "test+<token>@desk.example"
    settings.MAILROOM = "127.0.0.1:8025"
    settings.MAILROOM_NAME = "desk.example"
    settings.IMAP_HOST = ""
    settings.DNSBL_ZONES = ["zen.spamhaus.org"]


@pytest.fixture(autouse=True)
def rung(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The runs that the bell was rung for; DNS is the zone above."""
    rung: list[int] = []
    monkeypatch.setattr(tasks.perform_run, "apply_async", lambda args, **options: rung.append(args[0]))
    monkeypatch.setattr(runner, "resolver_from_settings", lambda fresh=False: Zone(ZONE))
    return rung


@pytest.fixture
def trial(north: BranchProfile, nora: User) -> Trial:
    return open_trial(north, by=nora, module="webreg")


@pytest.fixture
def arrived(trial: Trial, rung: list[int], django_capture_on_commit_callbacks: Any) -> Callable[..., TrialMessage]:
    """Have a message come to the trial and be looked at, without a wire."""
    from portal.mailroom.delivering import deliver

    def come(octets: bytes = b"", *, address: str = GOOD, sender: str = OURS, looked_at: bool = True) -> TrialMessage:
        given = by_our_server(octets or signed(mail()), address)
        with django_capture_on_commit_callbacks(execute=True):
            deliver(given, recipients=[address_of(trial)], sender=sender, source="mailroom", peer="127.0.0.1")
        while looked_at and rung:
            runner.perform(rung.pop(0))
        return TrialMessage.objects.latest("pk")

    return come
