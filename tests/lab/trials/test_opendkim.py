"""Test messages that a real Postfix took, a real OpenDKIM signed, and the mailroom was handed: the report is right."""

from __future__ import annotations

import os
import smtplib
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from diagnostics import runner
from diagnostics.models import ReceivedMessage
from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.mailroom import delivering
from portal.trials.addresses import address_of
from portal.trials.models import Trial, TrialMessage
from portal.trials.selectors import report_of
from portal.trials.services import open_trial
from tests.lab import postfix
from tests.lab.trials import opendkim
from tests.lab.trials.opendkim import HOLDS, Signs
from tests.portal.mailroom.conftest import Running, running
from tests.portal.trials.conftest import (
    GOOD,
    HELO,
    HTML,
    LISTED,
    NAMELESS,
    OURS,
    STRANGE,
    VENDORS,
    _settings,
    mail,
    rung,
)
from tests.portal.trials.test_variants import LONG

pytestmark = [pytest.mark.lab, pytest.mark.django_db(transaction=True)]
__all__ = ["_settings", "rung"]

DOMAIN = "tests.example"
SIGNERS = {
    "registrar@north.example": Signs("north.example", "xen1"),
    "gone@north.example": Signs("north.example", "gone"),
    "revoked@north.example": Signs("north.example", "revoked"),
    "other@north.example": Signs("north.example", "other"),
    "weak@north.example": Signs("north.example", "weak", 512, "weak"),
    "vendor@north.example": Signs("xenegrade.example", "xen1"),
}


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A message that is sent, by whom it is signed (or not), and what must be found of it."""

    name: str
    author: str = "registrar"
    address: str = GOOD
    sender: str = OURS
    content: dict[str, Any] = field(default_factory=dict)
    codes: str = ""
    never: str = ""
    judgement: str

    @property
    def octets(self) -> bytes:
        given = {"author": f"From: North College <{self.author}@north.example>\r\n", **self.content}
        return mail(subject=self.name, **given)


def page(old: str, new: str) -> dict[str, Any]:
    return {"html": HTML.replace(old, new)}


SENT = (
    Sent(name="good", codes="message.dkim_verified message.vouched spf.pass ptr.fine list.clean content.well_built",
         never="message.not_vouched message.dkim_none", judgement="believed"),
    Sent(name="unsigned", author="nobody", sender=VENDORS, codes="message.dkim_none message.not_vouched",
         never="message.dkim_verified", judgement="not_believed"),
    Sent(name="no key", author="gone", sender=VENDORS, codes="message.dkim_no_key", judgement="not_believed"),
    Sent(name="revoked", author="revoked", sender=VENDORS, codes="message.dkim_revoked", judgement="not_believed"),
    Sent(name="another key", author="other", sender=VENDORS, codes="message.dkim_wrong", judgement="not_believed"),
    Sent(name="weak", author="weak", sender=VENDORS, codes="message.dkim_weak", judgement="not_believed"),
    Sent(name="unaligned", author="vendor", sender=VENDORS, codes="message.dkim_verified message.not_vouched",
         judgement="not_believed"),
    Sent(name="the vendor's envelope", sender=VENDORS, codes="message.vouched spf.envelope_pass",
         judgement="believed"),
    Sent(name="SPF forbids", address=STRANGE, codes="spf.fail message.vouched", judgement="believed_but"),
    Sent(name="no reverse name", address=NAMELESS, codes="ptr.missing", judgement="believed_but"),
    Sent(name="listed", address=LISTED, codes="list.listed", judgement="believed_but"),
    Sent(name="http banner", content=page("https://north.example/banner", "http://north.example/banner"),
         codes="content.image_http", judgement="doubted"),
    Sent(name="no words", content=page(' alt="North College"', ""), codes="content.image_alt", judgement="doubted"),
    Sent(name="no way out", content={"more": ""}, codes="content.no_unsubscribe", judgement="doubted"),
    Sent(name="clipped", content={"html": LONG}, codes="content.clipped", judgement="doubted"),
    Sent(name="not filled in", content=page("Lee", "{{ first_name }}"), codes="content.placeholder",
         judgement="believed_but"),
    Sent(name="broken tags", content=page("</b>", ""), codes="content.tags", judgement="doubted"),
)  # fmt: skip


@pytest.fixture
def mailroom(settings: Any) -> Any:
    settings.TRIAL_ADDRESS = f"test+<token>@{DOMAIN}"
    with running() as room:
        yield room


def hand_over(server: postfix.SendingServer, item: Sent, recipient: str) -> None:
    """Send as the server at ``item.address`` would."""
    with smtplib.SMTP("127.0.0.1", server.port, local_hostname="lab.test", timeout=10) as client:
        client.ehlo()
        helo = HELO.get(item.address, "out.xenegrade.example")
        name = HELO.get(item.address, "[UNAVAILABLE]")
        code, said = client.docmd("XCLIENT", f"NAME={name} ADDR={item.address}")
        assert code == 220, said
        client.ehlo(helo)
        client.sendmail(item.sender, [recipient], item.octets)


def came() -> int:
    return TrialMessage.objects.count()


def looked_at(message: TrialMessage) -> tuple[set[str], str]:
    """The codes that are found of ``message``, and its judgement."""
    for run in (message.inspection, message.connection):
        if run is not None:
            runner.perform(run.pk)
    report = report_of(TrialMessage.objects.get(pk=message.pk))
    assert report.judgement is not None
    return {finding.code for told in (report.own, report.posture) for finding in told.findings}, report.judgement.code


def test_what_a_real_signer_signs(
    north: BranchProfile, nora: User, tmp_path: Path, mailroom: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    if why := opendkim.why_not():
        if os.environ.get("CI") == "true":
            pytest.fail(why)
        pytest.skip(why)
    trials = {item.name: open_trial(north, by=nora, module="webreg") for item in SENT}
    with opendkim.signing(tmp_path, SIGNERS) as port, postfix.running({DOMAIN: mailroom.port}) as server:
        opendkim.sign_by(server, port)
        for item in SENT:
            hand_over(server, item, address_of(trials[item.name]))
        postfix.wait_until(lambda: came() == len(SENT), f"Not all has come: {came()}")
    wrong = {}
    for item in SENT:
        message = TrialMessage.objects.get(trial=trials[item.name])
        assert (message.address, message.sender) == (item.address, item.sender)
        found, judgement = looked_at(message)
        missing, too_many = set(item.codes.split()) - found, set(item.never.split()) & found
        if missing or too_many or judgement != f"trial.{item.judgement}":
            wrong[item.name] = (missing, too_many, judgement)
    assert wrong == {}
    changed_and_late(trials["good"], trials["weak"], mailroom, monkeypatch)


def changed_and_late(good: Trial, other: Trial, mailroom: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the signer signed, with a line added on the way, and brought when the signature holds no more."""
    octets = bytes(ReceivedMessage.objects.get(run__in=good.messages.values("inspection")).raw)
    # Without the mailroom's own note, which is three lines on top.
    octets = octets.split(b"\n", 3)[3]
    mailroom.send(octets + b"Scanned.\r\n", address_of(other), sender=VENDORS)
    assert "message.dkim_body_changed" in looked_at(TrialMessage.objects.latest("pk"))[0]
    later = SimpleNamespace(now=lambda: timezone.now() + timedelta(seconds=2 * HOLDS))
    monkeypatch.setattr(delivering, "timezone", later)
    mailroom.send(octets, address_of(other), sender=VENDORS)
    assert "message.dkim_expired" in looked_at(TrialMessage.objects.latest("pk"))[0]
