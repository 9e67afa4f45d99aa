"""What is kept of a message trace, which row counts, and what the ranking makes of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.maillog.models import Delivery, State
from tests import make
from tests.tickets.wizard.conftest import make_report
from tickets.models import Attachment, Report
from tickets.selectors.belief import SUPPORT, belief
from tickets.selectors.traces import told_trace
from tickets.services import reports
from tickets.services.files import add_files
from tickets.services.reports import Message
from tickets.traces import MOST_KEPT, trace_in

HEAD = "Received,SenderAddress,RecipientAddress,Subject,Status,MessageId,MessageTraceId,Detail\n"
OURS, OTHER = "<m1@north.example>", "<m2@north.example>"
DELIVERED = f"2026-03-04T12:00:05,b@north.example,lee@corp.example,Hi,Delivered,{OURS},1,\n"


BOUNCE = """From: Mail Delivery System <MAILER-DAEMON@smtp.vendor.example>
To: b@north.example
Date: {date}
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="part"

--part
Content-Type: text/plain

It could not be delivered.

--part
Content-Type: message/delivery-status

Reporting-MTA: dns; smtp.vendor.example

Final-Recipient: rfc822; {to}
Action: {action}
Status: 5.1.1
Remote-MTA: dns; mx.corp.example
Diagnostic-Code: smtp; 550 5.1.1 User unknown

--part
Content-Type: text/rfc822-headers

From: b@north.example
To: {to}
Message-ID: {message_id}

--part--
"""


def bounce(to: str = "lee@corp.example", message_id: str = OURS, action: str = "failed",
           date: str = "Wed, 4 Mar 2026 12:01:00 +0000") -> str:  # fmt: skip
    return BOUNCE.format(to=to, message_id=message_id, action=action, date=date)


def row(status: str, at: str = "2026-03-04T12:00:05", to: str = "lee@corp.example", message_id: str = OURS,
        detail: str = "") -> str:  # fmt: skip
    return f"{at},b@north.example,{to},Hi,{status},{message_id},1,{detail}\n"


@pytest.fixture
def accepted(north: BranchProfile) -> Delivery:
    message = make.message(north, message_id=OURS)
    return make.delivery(north, "lee@corp.example", message=message, reply="250 ok", remote_host="mx.corp.example")


@pytest.fixture
def report(north: BranchProfile, nora: User, accepted: Delivery) -> Report:
    return make_report(north, nora, delivery=accepted)


@pytest.fixture
def plain(north: BranchProfile, nora: User) -> Report:
    """A report of which the log knows nothing."""
    return make_report(north, nora)


def added(report: Report, octets: str | bytes, name: str = "trace.csv") -> Attachment:
    content = octets.encode() if isinstance(octets, str) else octets
    assert add_files(report, [SimpleUploadedFile(name, content)], by=report.by) == []
    return report.attachments.latest("id")


def first(report: Report) -> tuple[str, str]:
    """The first of the ranking, and how sure."""
    found = belief(SUPPORT, report)[0]
    return found.cause, str(found.confidence)


class TestRecognised:
    @pytest.mark.parametrize("name", ["trace.csv", "trace.txt", "TRACE.LOG"])
    def test_by_its_columns_and_not_its_name(self, report: Report, name: str) -> None:
        kept = added(report, HEAD + DELIVERED, name).trace
        assert kept is not None
        assert (kept["system"], kept["count"], len(kept["rows"])) == ("microsoft", 1, 1)

    def test_utf_16(self, report: Report) -> None:
        kept = added(report, (HEAD + DELIVERED).encode("utf-16")).trace
        assert kept is not None
        assert kept["rows"][0]["fate"] == "delivered"

    @pytest.mark.parametrize(
        "text",
        ["name,score\nx,1\n", "recipient,status,at\nlee@corp.example,member,2026-03-04\n", "=cmd|' /C calc'!A0\n"],
    )
    def test_another_csv_is_kept_and_says_why_it_is_none(self, report: Report, text: str) -> None:
        file = added(report, text)
        assert file.trace is not None
        assert file.trace["why"]
        told = told_trace(file, report)
        assert told is not None
        assert not told.how_far
        assert belief(SUPPORT, report)[0].cause == "accepted_by_recipient_server"

    def test_plain_text_is_no_failed_trace(self, report: Report) -> None:
        assert added(report, "550 no such user\n", "bounce.txt").trace is None

    def test_a_picture_is_not_read(self, report: Report) -> None:
        assert trace_in(SimpleUploadedFile("a.png", HEAD.encode()), "a.png", report) is None

    def test_rows_about_others_are_not_kept(self, report: Report) -> None:
        file = added(report, HEAD + DELIVERED + row("Delivered", to="bo@corp.example", message_id=OTHER))
        assert "bo@corp.example" not in str(file.trace)
        assert file.trace is not None
        assert file.trace["count"] == 2

    def test_no_more_than_so_many_rows_are_kept(self, report: Report) -> None:
        rows = "".join(row("Delivered", message_id=f"<x{at}@north.example>") for at in range(MOST_KEPT + 9))
        kept = added(report, HEAD + rows + DELIVERED).trace
        assert kept is not None
        assert len(kept["rows"]) == MOST_KEPT
        assert kept["rows"][-1]["message_id"] == OURS

    def test_formulas_stay_text(self, report: Report) -> None:
        file = added(report, HEAD + row("=HYPERLINK(1)", detail="@SUM(1)"))
        told = told_trace(file, report)
        assert told is not None
        assert told.row is not None
        assert (told.row.fate, told.row.word) == ("unknown", "=HYPERLINK(1)")

    def test_a_recipient_that_is_corrected_is_looked_for_anew(self, plain: Report, nora: User) -> None:
        added(plain, HEAD + row("Delivered", to="leo@corp.example"))
        assert belief(SUPPORT, plain)[0].cause == "unknown"
        message = Message(recipient="leo@corp.example", around=make.NOON)
        reports.change_message(plain, message=message, by=nora, version=plain.version)
        assert first(plain) == ("accepted_by_recipient_server", "likely")


@pytest.mark.parametrize(
    ("rows", "cause", "confidence"),
    [
        (DELIVERED, "accepted_by_recipient_server", "likely"),
        (row("Quarantined"), "accepted_by_recipient_server", "likely"),
        (row("Pending"), "accepted_by_recipient_server", "likely"),
        (row("FilteredAsSpam"), "spam_content", "likely"),
        (row("Failed"), "recipient_refused_unspecified", "likely"),
        (row("Failed", detail="550 5.1.10 RESOLVER.ADR.RecipientNotFound; no such user"), "no_such_user", "certain"),
        # The last event that says something counts.
        (row("Receive") + row("Failed", "2026-03-04T12:09:00", detail="552 5.2.2 full"), "mailbox_full", "certain"),
    ],
)  # fmt: skip
def test_what_a_named_row_makes_of_it(report: Report, rows: str, cause: str, confidence: str) -> None:
    added(report, HEAD + rows)
    assert first(report) == (cause, confidence)
    assert any("Microsoft 365" in line and "trace.csv" in line for line in belief(SUPPORT, report)[0].for_)


def test_what_our_server_still_waits_for_has_arrived(report: Report, accepted: Delivery) -> None:
    Delivery.objects.filter(pk=accepted.pk).update(state=State.DEFERRED, reply="451 later", cause="greylisted")
    report.refresh_from_db()
    added(report, HEAD + DELIVERED)
    found = [item.cause for item in belief(SUPPORT, report)]
    assert found[0] == "accepted_by_recipient_server"
    assert "still_trying" not in found


def test_our_log_says_that_it_was_refused(report: Report, accepted: Delivery) -> None:
    Delivery.objects.filter(pk=accepted.pk).update(state=State.REFUSED, reply="550 5.2.2 full", cause="mailbox_full")
    report.refresh_from_db()
    added(report, HEAD + DELIVERED)
    assert first(report) == ("mailbox_full", "certain")
    (beside,) = [item for item in belief(SUPPORT, report) if item.cause == "accepted_by_recipient_server"]
    assert (str(beside.confidence), len(beside.against) > 0) == ("possible", True)


def test_a_row_of_another_message_is_no_evidence(report: Report) -> None:
    file = added(report, HEAD + row("Failed", message_id=OTHER))
    told = told_trace(file, report)
    assert told is not None
    assert (told.how_far, len(told.others)) == ("", 1)
    assert first(report)[0] == "accepted_by_recipient_server"


@pytest.mark.parametrize(
    ("rows", "cause", "confidence"),
    [
        (row("Failed", detail="552 5.2.2 mailbox full"), "mailbox_full", "likely"),
        (row("Failed", "2026-03-09T12:00:05", detail="552 5.2.2 mailbox full"), "unknown", "possible"),
        # March or April: no time is read, so it may be any message to the address.
        (row("Failed", "3/4/2026 12:00 PM", detail="552 5.2.2 mailbox full"), "mailbox_full", "possible"),
    ],
)
def test_without_a_record_the_nearest_in_time(plain: Report, rows: str, cause: str, confidence: str) -> None:
    added(plain, HEAD + rows)
    assert first(plain) == (cause, confidence)


def test_googles_spam_is_a_folder(plain: Report) -> None:
    head = "Message ID,Start date,Sender,Recipient address,Event target,Event status\n"
    google = "m1@north.example,2026/03/04 12:00:12 UTC,b@north.example,lee@corp.example,GMAIL_SPAM,DELIVERED\n"
    added(plain, head + google)
    assert first(plain) == ("junked", "likely")


def test_hostile_files_are_bounded(report: Report) -> None:
    wide = "Recipient,Status,MessageId," + "x," * 200_000 + "\n" + "lee@corp.example,Delivered,<m1@north.example>\n"
    kept: dict[str, Any] | None = added(report, wide, "wide.csv").trace
    assert kept is not None
    long = "Recipient,Status,MessageId\nlee@corp.example,Delivered,<" + "m" * 300_000 + ">\n"
    kept = added(report, long, "long.csv").trace
    assert kept is not None
    assert len(str(kept)) < 2000


class TestABounceAmongTheFiles:
    @pytest.mark.parametrize(
        ("octets", "cause", "confidence"),
        [
            (bounce(message_id=OTHER), "no_such_user", "likely"),
            (bounce(message_id=OTHER, date="Mon, 9 Mar 2026 12:01:00 +0000"), "unknown", "possible"),
            (bounce(message_id=OTHER, date="some day"), "no_such_user", "possible"),
            (bounce(to="bo@corp.example"), "unknown", "possible"),
            # It is still being tried, so nothing has failed.
            (bounce(action="delayed"), "unknown", "possible"),
        ],
    )
    def test_where_the_log_knows_nothing(self, plain: Report, octets: str, cause: str, confidence: str) -> None:
        added(plain, octets, "back.eml")
        assert first(plain) == (cause, confidence)

    def test_it_names_the_very_message(self, report: Report) -> None:
        added(report, bounce(), "back.eml")
        assert first(report) == ("no_such_user", "certain")
        assert any("back.eml" in line and "User unknown" in line for line in belief(SUPPORT, report)[0].for_)

    def test_of_another_message_it_is_no_evidence(self, report: Report) -> None:
        file = added(report, bounce(message_id=OTHER), "back.eml")
        told = told_trace(file, report)
        assert told is not None
        assert (told.is_bounce, told.how_far) == (True, "")
        assert first(report)[0] == "accepted_by_recipient_server"

    def test_other_people_are_not_kept(self, report: Report) -> None:
        file = added(report, bounce(to="bo@corp.example", message_id=OTHER), "back.eml")
        assert "bo@corp.example" not in str(file.trace)

    def test_another_saved_message_is_kept_as_it_is(self, report: Report) -> None:
        assert added(report, "From: a@b.example\nTo: c@d.example\nSubject: Hi\n\nHello\n", "hi.eml").trace is None
