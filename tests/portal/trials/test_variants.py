"""A real message, sent over SMTP to a loopback mailroom, in each way in which it can be right or wrong."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from diagnostics import runner
from portal.trials.addresses import address_of
from portal.trials.models import Trial, TrialMessage
from portal.trials.selectors import report_of
from tests.diagnostics.engine.messages.headers.signing import rsa
from tests.portal.mailroom.conftest import running
from tests.portal.trials.conftest import (
    GOOD,
    HTML,
    LISTED,
    NAMELESS,
    ONE_CLICK,
    OURS,
    STRANGE,
    VENDORS,
    by_our_server,
    mail,
    signed,
)

pytestmark = pytest.mark.django_db(transaction=True)

PLAIN = mail()
AUTHOR = "From: North College <registrar@north.example>\r\n"
LONG = HTML.replace("</body>", "<p>" + "Pottery.\r\n" * 14_000 + "</p></body>")


@dataclass(frozen=True, kw_only=True)
class Variant:
    """A message, how it is sent, and the codes that must and must not be found of it."""

    name: str
    message: bytes
    codes: str
    never: str = ""
    judgement: str = "believed"
    address: str = GOOD
    helo: str = ""
    sender: str = OURS


FAULTS = (
    "message.not_vouched message.dkim_none message.dkim_no_key message.dkim_revoked message.dkim_weak "
    "message.dkim_expired message.dkim_body_changed message.from_several list.listed ptr.missing ptr.unconfirmed "
    "spf.fail spf.envelope_fail content.image_http content.image_alt content.clipped content.charset "
    "content.placeholder content.tags content.no_unsubscribe content.header_missing"
)
VARIANTS = (
    Variant(
        name="good",
        message=signed(PLAIN),
        codes="message.dkim_verified message.vouched spf.pass ptr.fine list.clean content.well_built "
        "content.unsubscribe dkim.present",
        never=FAULTS,
    ),
    Variant(name="unsigned, envelope of its own", message=PLAIN, codes="message.dkim_none message.vouched spf.pass",
            never="message.not_vouched", judgement="doubted"),
    Variant(name="unsigned, the vendor's envelope", message=PLAIN, sender=VENDORS, judgement="not_believed",
            codes="message.dkim_none message.not_vouched spf.envelope_pass", never="message.vouched"),
    Variant(name="body broken on the way", message=signed(PLAIN) + b"Scanned.\r\n", sender=VENDORS,
            codes="message.dkim_body_changed message.not_vouched", judgement="not_believed",
            never="message.dkim_verified message.vouched"),
    Variant(name="header changed on the way", sender=VENDORS, judgement="not_believed",
            message=signed(PLAIN).replace(b"Subject: Your", b"Subject: [EXT] Your"),
            codes="message.dkim_wrong message.not_vouched", never="message.dkim_body_changed"),
    Variant(name="selector without a key", message=signed(PLAIN, "s=gone"), sender=VENDORS, judgement="not_believed",
            codes="message.dkim_no_key message.not_vouched dkim.absent", never="message.dkim_wrong"),
    Variant(name="key revoked", message=signed(PLAIN, "s=revoked"), sender=VENDORS, judgement="not_believed",
            codes="message.dkim_revoked message.not_vouched dkim.revoked"),
    Variant(name="key too short", message=signed(PLAIN, "s=weak", key=rsa(512, "weak")), sender=VENDORS,
            codes="message.dkim_weak message.not_vouched", judgement="not_believed"),
    Variant(name="another key is published", message=signed(PLAIN, "s=other"), sender=VENDORS,
            codes="message.dkim_wrong message.not_vouched", judgement="not_believed"),
    Variant(name="signature expired", message=signed(PLAIN, "t=999999999; x=1000000000"), sender=VENDORS,
            codes="message.dkim_expired message.not_vouched", judgement="not_believed"),
    Variant(name="key cannot be asked for", message=signed(PLAIN, "s=slow"), sender=VENDORS, judgement="unknown",
            codes="message.dkim_unknown message.vouching_unknown", never="message.not_vouched message.dkim_no_key"),
    Variant(name="signed by the vendor alone", message=signed(PLAIN, "d=xenegrade.example"), sender=VENDORS,
            codes="message.dkim_verified message.not_vouched", judgement="not_believed", never="message.vouched"),
    Variant(name="the vendor's envelope but signed", message=signed(PLAIN), sender=VENDORS,
            codes="message.dkim_verified message.vouched spf.envelope_pass", never="message.not_vouched"),
    Variant(name="SPF forbids the address, signed", message=signed(PLAIN), address=STRANGE, judgement="believed_but",
            codes="spf.fail message.vouched ptr.fine", never="spf.pass message.not_vouched"),
    Variant(name="SPF forbids the address, unsigned", message=PLAIN, address=STRANGE, judgement="not_believed",
            codes="spf.fail message.not_vouched message.dkim_none"),
    Variant(name="empty envelope", message=signed(PLAIN), sender="", codes="message.vouched ptr.fine",
            never="message.not_vouched spf.fail"),
    Variant(name="no reverse name", message=signed(PLAIN), address=NAMELESS, codes="ptr.missing spf.pass",
            never="list.listed ptr.fine", judgement="believed_but"),
    Variant(name="greets by another name", message=signed(PLAIN), helo="mail.north.example", codes="ptr.not_helo",
            never="ptr.missing", judgement="doubted"),
    Variant(name="listed address", message=signed(PLAIN), address=LISTED, codes="list.listed ptr.fine spf.pass",
            never="list.clean", judgement="believed_but"),
    Variant(name="banner by http", message=signed(mail(html=HTML.replace("https://north.example/banner", "http://n/b"))),
            codes="content.image_http", never="content.image_alt content.well_built", judgement="doubted"),
    Variant(name="banner without words", message=signed(mail(html=HTML.replace(' alt="North College"', ""))),
            codes="content.image_alt", never="content.image_http", judgement="doubted"),
    Variant(name="no way out", message=signed(mail(more="")), codes="content.no_unsubscribe", judgement="doubted",
            never="content.unsubscribe content.not_one_click"),
    Variant(name="way out with more than one press", message=signed(mail(more=ONE_CLICK.splitlines()[0] + "\r\n")),
            codes="content.not_one_click", never="content.unsubscribe content.no_unsubscribe", judgement="doubted"),
    Variant(name="way out with one press", message=signed(mail(more=ONE_CLICK)), codes="content.unsubscribe",
            never="content.not_one_click content.no_unsubscribe"),
    Variant(name="clipped by Gmail", message=signed(mail(html=LONG)), codes="content.clipped", judgement="doubted"),
    Variant(name="letters of another character set", codes="content.charset", judgement="believed_but",
            message=signed(mail(html=HTML.replace("Lee", "Zoë").encode("latin-1")))),
    Variant(name="field not filled in", message=signed(mail(html=HTML.replace("Lee", "{{ first_name }}"))),
            codes="content.placeholder", judgement="believed_but"),
    Variant(name="broken tags", message=signed(mail(html=HTML.replace("</b>", ""))), codes="content.tags",
            judgement="doubted"),
    Variant(name="two From", message=signed(mail(author=AUTHOR + "From: Other <x@other.example>\r\n")),
            codes="message.from_several", never="message.vouched content.header_missing", judgement="no_author"),
    Variant(name="no From", message=mail(author=""), codes="message.from_missing", judgement="no_author"),
    Variant(name="a picture that is not there", message=signed(mail(html=HTML.replace("https://north.example/banner.png",
            "cid:banner"))), codes="content.part_missing", judgement="believed_but"),
)  # fmt: skip


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
def test_the_report_is_right(trial: Trial, rung: list[int], variant: Variant) -> None:
    octets = by_our_server(variant.message, variant.address, variant.helo)
    with running() as mailroom:
        assert mailroom.send(octets, address_of(trial), sender=variant.sender) == {}
    for pk in rung:
        runner.perform(pk)
    message = TrialMessage.objects.get()
    report = report_of(message)
    found = {finding.code for told in (report.own, report.posture) for finding in told.findings}
    assert (report.is_over, message.address, message.peer) == (True, variant.address, "127.0.0.1")
    assert set(variant.codes.split()) - found == set()
    assert set(variant.never.split()) & found == set()
    assert found & {"check.failed", "check.deadline"} == set()
    assert report.judgement is not None
    assert report.judgement.code == f"trial.{variant.judgement}"


def test_there_are_enough_variants() -> None:
    assert len({variant.name for variant in VARIANTS}) == len(VARIANTS) >= 15
