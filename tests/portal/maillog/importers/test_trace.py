"""Message traces of Microsoft 365 and Google Workspace, in the forms that their IT sends."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from io import BytesIO
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.maillog.importers.trace import MEANINGS, MOST_ROWS, Fate, Trace, read

SUMMARY = """\
"Received","SenderAddress","RecipientAddress","Subject","Status","ToIP","FromIP","Size","MessageId","MessageTraceId"
"2026-03-04T14:02:12.1234567","bounce@north.example","lee@corp.example","Your receipt","Delivered",,"192.0.2.10",\
"9000","<m1@north.example>","ae4ad8f6"
"2026-03-04T14:02:13","bounce@north.example","bo@corp.example","Your receipt","FilteredAsSpam",,"192.0.2.10","9000",\
"<m1@north.example>","ae4ad8f7"
"2026-03-04T14:02:14","bounce@north.example","ann@corp.example","Your receipt","Quarantined",,"192.0.2.10","9000",\
"<m1@north.example>","ae4ad8f8"
"2026-03-04T14:02:15","bounce@north.example","all@corp.example","Your receipt","Expanded",,"192.0.2.10","9000",\
"<m2@north.example>","ae4ad8f9"
"2026-03-04T14:02:16","bounce@north.example","zed@corp.example","Your receipt","Failed",,"192.0.2.10","9000",\
"<m2@north.example>","ae4ad8fa"
"2026-03-04T14:02:17","bounce@north.example","late@corp.example","Your receipt","Pending",,"192.0.2.10","9000",\
"<m2@north.example>","ae4ad8fb"
"""
ENHANCED = """\
origin_timestamp_utc,sender_address,recipient_status,message_subject,total_bytes,message_id,network_message_id,\
original_client_ip,directionality,connector_id,delivery_priority
2026-03-04T14:02:12.0000000Z,bounce@north.example,"lee@corp.example##Receive, Deliver;bo@corp.example##Receive, Fail;\
ann@corp.example##Receive",Your receipt,9000,<m1@north.example>,1341ac7b,192.0.2.10,1,,Normal
"""
GOOGLE = """\
Message ID,Start date,End date,Sender,Message size,Subject,Direction,Attachments,Recipient address,Event target,\
Event date,Event status,Event target IP address,Has encryption,Event SMTP reply code,Event description
m1@north.example,2026/03/04 14:02:12 UTC,2026/03/04 14:02:13 UTC,bounce@north.example,9000,Your receipt,Received,0,\
lee@corp.example,GMAIL_INBOX,2026/03/04 14:02:13 UTC,DELIVERED,,,,
m1@north.example,2026/03/04 14:02:12 UTC,2026/03/04 14:02:13 UTC,bounce@north.example,9000,Your receipt,Received,0,\
bo@corp.example,GMAIL_SPAM,2026/03/04 14:02:13 UTC,DELIVERED,,,,
m1@north.example,2026/03/04 14:02:12 UTC,2026/03/04 14:02:13 UTC,bounce@north.example,9000,Your receipt,Received,0,\
ann@corp.example,SMTP_IN,2026/03/04 14:02:13 UTC,REJECTED,,,550,Blocked by a content rule
"""


def traced(text: str | bytes, **options: object) -> Trace:
    return read(BytesIO(text.encode() if isinstance(text, str) else text), **options)  # type: ignore[arg-type]


def fates(trace: Trace) -> dict[str, str]:
    return {row.recipient: str(row.fate) for row in trace.rows}


def test_microsofts_summary() -> None:
    trace = traced(SUMMARY)
    assert (trace.system, trace.rejected, trace.forms) == ("microsoft", (), ("iso",))
    assert fates(trace) == {
        "lee@corp.example": "delivered", "bo@corp.example": "spam", "ann@corp.example": "quarantined",
        "all@corp.example": "expanded", "zed@corp.example": "failed", "late@corp.example": "pending",
    }  # fmt: skip
    first = trace.rows[0]
    assert first.at == datetime(2026, 3, 4, 14, 2, 12, 123456, tzinfo=UTC)
    assert (first.sender, first.message_id, first.word, first.line) == (
        "bounce@north.example", "<m1@north.example>", "Delivered", 2,
    )  # fmt: skip


def test_microsofts_enhanced_report_tells_of_all_recipients_in_one_cell() -> None:
    trace = traced(ENHANCED)
    assert fates(trace) == {
        "lee@corp.example": "delivered",
        "bo@corp.example": "failed",
        "ann@corp.example": "received",
    }
    assert {row.at for row in trace.rows} == {datetime(2026, 3, 4, 14, 2, 12, tzinfo=UTC)}


def test_microsofts_extended_report() -> None:
    trace = traced(
        "date_time_utc,client_ip,source,event_id,message_id,recipient_address,recipient_status,message_subject,"
        "sender_address,custom_data\n"
        "2026-03-04T14:02:12.000Z,192.0.2.10,SMTP,RECEIVE,<m1@n.example>,lee@corp.example,,s,b@north.example,\n"
        "2026-03-04T14:02:13.000Z,,STOREDRIVER,DELIVER,<m1@n.example>,lee@corp.example,,s,b@north.example,S:x=1\n"
        "2026-03-04T14:02:13.000Z,,ROUTING,DEFER,<m1@n.example>,bo@corp.example,,s,b@north.example,\n"
    )
    assert [str(row.fate) for row in trace.rows] == ["received", "delivered", "pending"]
    assert trace.rows[1].detail == "S:x=1"


def test_googles_email_log_search() -> None:
    trace = traced(GOOGLE)
    assert (trace.system, trace.rejected) == ("google", ())
    assert fates(trace) == {"lee@corp.example": "delivered", "bo@corp.example": "spam", "ann@corp.example": "failed"}
    assert trace.rows[0].at == datetime(2026, 3, 4, 14, 2, 13, tzinfo=UTC)
    assert (trace.rows[0].message_id, trace.rows[2].detail) == ("<m1@north.example>", "550 Blocked by a content rule")


@pytest.mark.parametrize(
    "octets",
    [
        SUMMARY.encode("utf-16"),
        b"\xef\xbb\xbf" + SUMMARY.encode(),
        gzip.compress(SUMMARY.encode(), mtime=0),
        b"#TYPE Selected.System.Management.Automation.PSCustomObject\n" + SUMMARY.encode(),
        SUMMARY.replace("\n", "\r\n").encode(),
        SUMMARY.replace(",", ";").encode(),
    ],
)
def test_as_their_programs_save_it(octets: bytes) -> None:
    assert fates(traced(octets)) == fates(traced(SUMMARY))


class TestTimes:
    def one(self, *times: str, **options: object) -> Trace:
        rows = "".join(f'"{time}",lee@corp.example,Delivered\n' for time in times)
        return traced(f"Received,Recipient,Status\n{rows}", **options)

    def test_month_first_where_only_that_can_be_meant(self) -> None:
        trace = self.one("3/4/2026 2:02:12 PM", "3/14/2026 2:02:12 PM")
        assert trace.forms == ("mdy",)
        assert trace.rows[0].at == datetime(2026, 3, 4, 14, 2, 12, tzinfo=UTC)

    def test_what_may_be_march_or_april_is_not_guessed(self) -> None:
        trace = self.one("3/4/2026 2:02:12 PM")
        assert trace.forms == ("mdy", "dmy")
        assert (trace.rows[0].at, trace.rows[0].told_at) == (None, "3/4/2026 2:02:12 PM")
        told = self.one("3/4/2026 2:02:12 PM", form="dmy").rows[0].at
        assert told == datetime(2026, 4, 3, 14, 2, 12, tzinfo=UTC)

    def test_the_zone_that_a_person_names(self) -> None:
        told = self.one("2026-03-04 07:02:12", zone=ZoneInfo("America/Denver")).rows[0].at
        assert told == datetime(2026, 3, 4, 14, 2, 12, tzinfo=UTC)

    @pytest.mark.parametrize("time", ["", "soon", "0001-01-01T00:00:00", "9999-01-01T00:00:00", "2026-02-30 1:00"])
    def test_times_that_are_none(self, time: str) -> None:
        assert [row.at for row in self.one(time).rows] == [None]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "recipient"),
        ("a,b\n1,2\n", "recipient"),
        ("Recipient,Subject\nlee@corp.example,x\n", "Status"),
        ("PK\x03\x04", "ZIP"),
    ],
)
def test_what_is_no_trace_is_told(text: str, word: str) -> None:
    trace = traced(text)
    assert (trace.rows, len(trace.rejected)) == ((), 1)
    assert word in trace.rejected[0].why


def test_rows_that_cannot_be_read_cost_no_other() -> None:
    good = "2026-03-04T14:02:12,lee@corp.example,Delivered\n"
    trace = traced(f'Received,Recipient,Status\n{good}x,,Delivered\n"open\n1,2,3,4,5\n{good}')
    assert [row.line for row in trace.rows] == [2, 6]
    assert [item.line for item in trace.rejected] == [3, 4, 5]


def test_a_status_that_nobody_knows_is_unknown_and_kept() -> None:
    (row,) = traced("Recipient,Status\nlee@corp.example,Vaporised\n").rows
    assert (row.fate, row.word) == (Fate.UNKNOWN, "Vaporised")


def test_somebodys_whole_log_is_cut() -> None:
    trace = traced("Recipient,Status\n" + "lee@corp.example,Delivered\n" * (MOST_ROWS + 5))
    assert (len(trace.rows), trace.is_cut) == (MOST_ROWS, True)


class TestAbout:
    def test_by_message_id_and_recipient(self) -> None:
        (row,) = traced(SUMMARY).about(recipient="LEE@corp.example", message_id="m1@north.example")
        assert row.fate is Fate.DELIVERED

    def test_by_recipient_where_the_message_id_is_not_there(self) -> None:
        (row,) = traced(SUMMARY).about(recipient="zed@corp.example", message_id="<other@north.example>")
        assert row.fate is Fate.FAILED

    def test_a_message_that_was_traced_under_another_address(self) -> None:
        found = traced(SUMMARY).about(recipient="alias@corp.example", message_id="<m2@north.example>")
        assert {row.recipient for row in found} == {"all@corp.example", "zed@corp.example", "late@corp.example"}

    def test_nothing_about_it(self) -> None:
        assert traced(SUMMARY).about(recipient="nobody@corp.example") == []


def test_every_fate_says_what_it_means() -> None:
    assert MEANINGS.keys() == set(Fate)


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.binary(max_size=400), st.sampled_from([SUMMARY, ENHANCED, GOOGLE]), st.floats(0, 1))
def test_anything_is_read_or_told(octets: bytes, sample: str, share: float) -> None:
    whole = sample.encode()
    at = int(share * len(whole))
    trace = traced(whole[:at] + octets + whole[at:])
    assert trace.rows or trace.rejected
