"""What people at the branches have going on besides tickets: a test message, a key they asked for, a planned mailing.

Each is made by what a person would press, and judged by the worker that would judge it, so that no page of the demo
world is empty and none shows what the desk would not have found.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from email.utils import format_datetime

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile

from portal.accounts.models import User
from portal.branches.models import BranchProfile, SendingDomain
from portal.demo.stories import FIRST_NAMES, LAST_NAMES, MAILBOXES
from portal.mailroom.delivering import deliver
from portal.planning.models import Mailing
from portal.planning.services import plan_mailing
from portal.signing import adopting
from portal.signing.models import SigningKey
from portal.signing.services import ask_for_key
from portal.trials.addresses import address_of
from portal.trials.models import Trial
from portal.trials.services import open_trial
from tickets.models import Report

#: The ticket that the test message is made for.
TRIED_FOR = "a.meyer@stateagency.example"
#: What a list that grew over years holds besides: mistyped, twice, no longer there, not to be written to, for a role.
FAULTS = (
    "lena.grant@riversde.example",
    "ana.abbott@mailhub.example",
    "marta.evans@oakwood.example",
    "viktor.novak@mailhub.example",
    "info@carefree.example",
    "omar.park@",
    "rosa diaz@post.example",
    "alumni@closed.invalid",
)
PAGE = """<html><body>
<img src="https://img.north.example/banner-2019.png" alt="North College" width="600" height="80">
<p>Dear participant, your place in the course <b>Pottery for beginners</b> is confirmed. It begins on Monday at six in
room four. Please bring an apron; clay and tools are there.</p>
<img src="http://www.north.example/footer.gif">
<p>North College, Registrar</p>
</body></html>"""
TEXT = (
    "Dear participant, your place in the course Pottery for beginners is confirmed. It begins on Monday at six in room "
    "four. Please bring an apron; clay and tools are there."
)


def furnish(now: datetime) -> None:
    """All three. Where the desk takes no test messages there is none."""
    people = {person.email: person for person in User.objects.all()}
    north = BranchProfile.objects.get(code="north")
    nora = people["nora@north.example"]
    if settings.TRIAL_ADDRESS:
        send_test_message(north, by=nora, now=now)
    ask_for_a_key(by=people["sven@summit.example"])
    plan(north, by=nora)


def send_test_message(branch: BranchProfile, *, by: User, now: datetime) -> Trial:
    """A test for a ticket, and the confirmation that the vendor's server brought to it."""
    report = Report.objects.filter(branch=branch, recipient=TRIED_FOR).first()
    trial = open_trial(branch, by=by, module="webreg", report=report.code if report else None, asks_for_pictures=True)
    address = address_of(trial)
    deliver(
        confirmation(address, now),
        recipients=[address],
        sender="bounce@xenegrade.example",
        source="mailroom",
        peer="192.0.2.10",
        helo="smtp.xenegrade.example",
        tls="TLSv1.3",
    )
    return trial


def confirmation(to: str, at: datetime) -> bytes:
    """The message as the function writes it: a banner whose server is gone, no signature, no way to opt out."""
    return (
        f"From: North College <registrar@north.example>\r\nTo: {to}\r\nSubject: Your class is confirmed\r\n"
        f"Date: {format_datetime(at)}\r\nMessage-ID: <{at:%Y%m%d%H%M%S}.class@north.example>\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/alternative; boundary="=_north"\r\n\r\n'
        f"--=_north\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{TEXT}\r\n"
        f"--=_north\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{PAGE}\r\n--=_north--\r\n"
    ).encode()


def ask_for_a_key(*, by: User) -> SigningKey:
    """A key that support has yet to issue, beside those of the profiles, which are looked after from now on."""
    adopting.adopt()
    domain = SendingDomain.objects.get(domain="summit-alumni.example")
    return ask_for_key(domain, note="The alumni office will send its invitations by your server from May on.", by=by)


def plan(branch: BranchProfile, *, by: User) -> Mailing:
    """A mailing to some hundred people, whose list is judged by the worker."""
    upload = SimpleUploadedFile("open-house.csv", "\r\n".join(["name,email", *rows()]).encode(), "text/csv")
    return plan_mailing(branch, name="Open house in spring", upload=upload, by=by)


def rows() -> Iterator[str]:
    """The lines of the list, names and addresses."""
    homes = list(MAILBOXES)
    for number, first in enumerate(FIRST_NAMES):
        for step, last in enumerate(LAST_NAMES):
            home = homes[(number + step * step) % len(homes)]
            yield f"{first} {last},{first.lower()}.{last.lower()}@{home}"
    for address in FAULTS:
        yield f",{address}"
