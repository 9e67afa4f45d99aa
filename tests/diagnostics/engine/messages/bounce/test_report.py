"""Gathering what a report is made of, whatever half of it is missing."""

from __future__ import annotations

from diagnostics.engine.messages.bounce.report import Gathered, gather
from diagnostics.engine.messages.mime import read_parts
from tests.diagnostics.engine.messages.bounce.own_mails import own_mail

HEADER = "From: MAILER-DAEMON@corp.example\nTo: office@north.example\nSubject: Returned mail\n"


def gathered(text: str, *, sent_to: tuple[str, ...] = ("office@north.example",)) -> Gathered:
    return gather(read_parts(text.encode()), sent_to)


def addresses(found: Gathered) -> list[str]:
    return [group.address for group in found.groups(is_delayed=False)]


def test_the_groups_name_the_recipients_before_all_else() -> None:
    found = gather(read_parts(own_mail("postfix-two-recipients")), ("office@north.example",))
    assert addresses(found) == ["lee@corp.example", "kim@school.example"]
    assert [group.remote for group in found.groups(is_delayed=False)] == ["mx.corp.example", "mx.school.example"]


def test_the_header_names_them_where_there_are_no_groups() -> None:
    found = gathered(
        HEADER + "X-Failed-Recipients: lee@corp.example,\n kim@corp.example\n\nIt failed: sue@corp.example\n"
    )
    assert addresses(found) == ["lee@corp.example", "kim@corp.example"]


def test_the_text_names_them_where_the_header_does_not() -> None:
    assert addresses(gathered(HEADER + "\nIt failed.\n\n<lee@corp.example>: no\n")) == ["lee@corp.example"]


def test_a_verdict_of_sendmail_names_them() -> None:
    text = HEADER + "\n550 5.1.1 <lee@corp.example>... User unknown\n"
    assert addresses(gathered(text)) == ["lee@corp.example"]


def test_one_named_in_passing_is_believed_where_the_returned_message_was_for_them() -> None:
    text = HEADER + (
        "\nWe could not give it to box@inner.example for lee@corp.example.\n\n"
        "----- Original message -----\n\nTo: lee@corp.example\nSubject: x\n"
    )
    assert addresses(gathered(text)) == ["lee@corp.example"]


def test_else_the_returned_message_says_for_whom_it_was() -> None:
    text = HEADER + "\nIt failed.\n\n----- Original message -----\n\nTo: Lee <lee@corp.example>\nSubject: x\n"
    assert addresses(gathered(text)) == ["lee@corp.example"]


def test_the_server_is_found_in_the_text() -> None:
    found = gathered(HEADER + "\n<lee@corp.example>: host mx.corp.example[198.51.100.5] said: 550 no\n")
    assert [group.remote for group in found.groups(is_delayed=False)] == ["mx.corp.example"]


def test_groups_in_plain_text_are_read() -> None:
    found = gathered(HEADER + "\nAction: failed\nFinal-Recipient: rfc822; lee@corp.example\nStatus: 5.1.1\n")
    assert found.is_self_made
    assert addresses(found) == ["lee@corp.example"]


def test_what_stands_below_the_returned_message_is_a_footer() -> None:
    mixed = HEADER + (
        'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"\n\n--b\n\nIt failed.\n--b\n'
        "Content-Type: message/rfc822\n\nTo: lee@corp.example\nMessage-ID: <1@north.example>\n\nx\n"
        "--b\n\nwrite to sue@corp.example\n--b--\n"
    )
    found = gathered(mixed)
    assert found.message_id == "1@north.example"
    assert "sue@" not in found.told.text


def test_a_delay_is_the_action_where_nothing_says_so() -> None:
    (group,) = gathered(HEADER + "\n<lee@corp.example>: later\n").groups(is_delayed=True)
    assert group.action == "delayed"


def test_a_report_inside_is_gathered_when_it_is_asked_for() -> None:
    found = gather(read_parts(own_mail("report-inside-a-report")), ())
    assert not found.report.groups
    assert addresses(found.within) == ["lee@corp.example"]


def test_the_sign_of_ezwebs_filter_is_seen() -> None:
    assert gather(read_parts(own_mail("ezweb-spam-sign")), ()).is_filtered
    assert not gather(read_parts(own_mail("ezweb-no-user")), ()).is_filtered
