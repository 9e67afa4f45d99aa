"""A server's log of several branches, brought in by one branch's staff: only the mail of that branch comes in."""

from __future__ import annotations

import pytest

from portal.accounts.models import User
from portal.branches.models import BranchProfile, SendingDomain
from portal.intake.preview import preview_of
from portal.maillog.models import Delivery
from tests import make
from tests.portal.intake.conftest import read, upload_of

#: North sends from north.example, South from south.example, both from shared.example.
HEAD = "2026-03-04T14:02:1{0}Z out1 postfix/"
SENDER = HEAD + "qmgr[1]: 4jbgK90c8HzKWX{0}: from=<{1}>, size=9, nrcpt=1 (queue active)\n"
NAMED = HEAD + "cleanup[1]: 4jbgK90c8HzKWX{0}: message-id={1}\n"
SENT = (
    HEAD
    + "smtp[1]: 4jbgK90c8HzKWX{0}: to=<c{0}@corp.example>, relay=mx.corp.example[192.0.2.7]:25, delay=1, dsn=2.0.0, "
    "status=sent (250 OK)\n"
)


@pytest.fixture(autouse=True)
def domains(north: BranchProfile, south: BranchProfile) -> None:
    for branch, domain in ((north, "shared.example"), (south, "shared.example")):
        SendingDomain.objects.get_or_create(branch=branch, domain=domain)
    make.message(north, make.NOON, message_id="<told@x>")
    make.message(south, make.NOON, message_id="<souths@x>")


@pytest.mark.parametrize(
    ("sender", "message_id", "is_taken"),
    [
        ("office@north.example", "", True),
        ("office@News.North.example", "", True),
        ("office@south.example", "", False),
        ("office@south.example", "<told@x>", False),
        ("x@nobodys.example", "", False),
        ("x@nobodys.example", "<told@x>", True),
        ("x@nobodys.example", "<souths@x>", False),
        ("x@nobodys.example", "<1@north.example>", False),
        ("office@shared.example", "", False),
        ("office@shared.example", "<told@x>", True),
        (None, "", False),
        (None, "<told@x>", True),
    ],
)
def test_only_ones_own_mail(
    nora: User, north: BranchProfile, sender: str | None, message_id: str, is_taken: bool
) -> None:
    named = NAMED.format(1, message_id) if message_id else ""
    text = named + (SENDER.format(1, sender) if sender is not None else "") + SENT.format(1)
    upload = upload_of(text, by=nora, branch=north)
    preview = preview_of(upload)
    assert (preview.good, preview.bad) == (int(is_taken), int(not is_taken))
    upload = read(upload)
    assert (upload.new, upload.rejected_count) == (preview.good, preview.bad)
    assert Delivery.objects.filter(branch=north, recipient="c1@corp.example").exists() is is_taken


def test_the_next_part_of_the_log_is_known_by_its_queue_ids(nora: User, north: BranchProfile) -> None:
    first = SENDER.format(1, "office@north.example") + SENT.format(1).replace("status=sent", "status=deferred")
    assert read(upload_of(first, by=nora, branch=north)).new == 1
    later = SENT.format(1).replace("14:02", "15:02") + SENT.format(2).replace("14:02", "15:02")
    upload = read(upload_of(later, by=nora, branch=north))
    assert (upload.new, upload.rejected_count) == (1, 1)


def test_for_support_the_branch_they_name_is_theirs_to_say(ida: User, north: BranchProfile) -> None:
    text = SENDER.format(1, "office@south.example") + SENT.format(1)
    assert read(upload_of(text, by=ida, branch=north)).new == 1
