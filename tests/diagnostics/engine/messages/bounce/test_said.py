"""Everything a report says of one recipient, the best first, and what it says of all of them gathered once."""

from __future__ import annotations

from diagnostics.engine.messages.bounce.report import gather
from diagnostics.engine.messages.bounce.said import Telling, joined, telling, told_by
from diagnostics.engine.messages.bounce.status import Group
from diagnostics.engine.messages.mime import read_parts

HEADER = "From: MAILER-DAEMON@corp.example\nSubject: Returned mail: it failed\n\n"


def told(text: str) -> Telling:
    return told_by(gather(read_parts((HEADER + text).encode()), ()))


def group(address: str, diagnostic: str = "") -> Group:
    return Group(address, "", "failed", "", "", diagnostic, "")


def test_the_other_servers_words_go_before_our_own_servers_verdict() -> None:
    found = told(
        "<lee@corp.example>\n\n>>> RCPT To:<lee@corp.example>\n<<< 550 5.2.2 Mailbox full\n"
        "550 <lee@corp.example>... Service unavailable\n"
    )
    said = [words.text for words in found.of(group("lee@corp.example"))]
    assert said[0] == "550 5.2.2 Mailbox full"


def test_the_diagnostic_goes_before_everything() -> None:
    found = told("<lee@corp.example>: 550 no\n")
    assert found.of(group("lee@corp.example", "550 5.1.1 gone"))[0].text == "550 5.1.1 gone"


def test_the_subject_and_what_is_loose_are_asides() -> None:
    found = told("The mailbox is full.\n")
    asides = [words.text for words in found.of(group("lee@corp.example")) if words.is_aside]
    assert asides == ["The mailbox is full.", "Returned mail: it failed"]


def test_asides_are_left_out_where_the_report_has_both_halves() -> None:
    found = told("Loose words.\n\n<lee@corp.example>: 550 no\n")
    assert not [words for words in found.of(group("lee@corp.example", "550 gone")) if words.is_aside]


def test_what_stands_in_every_report_of_a_program_is_no_reason() -> None:
    assert telling(["Please note that this is only a temporary failure report.", "", "Mailbox full"]) == [
        "Mailbox full"
    ]


def test_lines_of_one_answer_are_put_together() -> None:
    assert joined(["550-5.1.1 no", "550-5.1.1 such", "550 user", "554 bye"]) == [
        "550-5.1.1 no\n550-5.1.1 such\n550 user",
        "554 bye",
    ]
