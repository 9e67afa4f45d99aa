"""The human half of a report: whom it names, and which lines speak of whom."""

from __future__ import annotations

from diagnostics.engine.messages.bounce.text import paragraphs, read_text, replies_in, split_returned


def test_lines_belong_to_the_address_above_them() -> None:
    told = read_text("We failed.\n\n<lee@corp.example>: 550 no\n  such user\n\nkim@corp.example\n    quota\n")
    assert told.named == ["lee@corp.example", "kim@corp.example"]
    assert told.lines_of("Lee@corp.example") == ["550 no", "such user", ""]
    assert told.lines_of("kim@corp.example")[:1] == ["quota"]
    assert told.loose[:1] == ["We failed."]


def test_addresses_one_below_the_other_share_what_follows() -> None:
    told = read_text("lee@corp.example\nkim@corp.example\n   550 unknown host\n")
    assert told.lines_of("lee@corp.example") == told.lines_of("kim@corp.example")


def test_whom_the_report_was_sent_to_did_not_fail() -> None:
    told = read_text("<office@north.example>\n<lee@corp.example>: no", senders=("office@north.example",))
    assert told.named == ["lee@corp.example"]
    assert told.own_named == ["office@north.example"]


def test_headers_and_help_name_nobody() -> None:
    told = read_text("From: office@north.example\nFor help write to postmaster@corp.example\nlee@corp.example wrote:\n")
    assert told.named == []
    assert told.weak == []


def test_a_conversation_is_read_by_its_arrows() -> None:
    told = read_text(
        "... while talking to mx.corp.example.:\n>>> RCPT To:<lee@corp.example>\n<<< 550 5.1.1 unknown\n"
        ">>> DATA\n<<< 503 need RCPT\n"
    )
    assert told.answers_to("lee@corp.example") == ["550 5.1.1 unknown", "503 need RCPT"]
    assert told.stage_of("lee@corp.example") == "RCPT"
    assert told.weak == ["lee@corp.example"]


def test_an_answer_is_about_the_one_whom_the_line_below_names() -> None:
    told = read_text(
        "while talking to one.example:\n>>> DATA\n<<< 550 too much\n554 <lee@one.example>... Service unavailable\n"
        "while talking to two.example:\n>>> RCPT To:<kim@two.example>\n<<< 550 unknown\n>>> QUIT\n<<< 421 bye\n"
    )
    assert told.answers_to("lee@one.example") == ["550 too much"]
    assert told.answers_to("kim@two.example") == ["550 unknown"]


def test_status_fields_in_the_text_name_nobody() -> None:
    assert read_text("Final-Recipient: rfc822; lee@corp.example\n").named == []


def test_reading_stops_where_the_returned_message_begins() -> None:
    said, returned = split_returned(
        "It failed.\n\n--- Below this line is a copy of the message.\n\nTo: lee@corp.example\n"
    )
    assert said == "It failed.\n"
    assert returned.startswith("To: lee@corp.example")


def test_a_header_without_a_rule_above_it_ends_the_text_too() -> None:
    said, returned = split_returned(
        "It failed.\n\nReturn-Path: <a@b.example>\nReceived: from x\n\tby y\nTo: c@d.example"
    )
    assert said.strip() == "It failed."
    assert returned.startswith("Return-Path:")


def test_a_sentence_about_a_copy_is_no_copy() -> None:
    text = "This is a copy of what we said before and it goes on\n\nIt failed."
    assert split_returned(text) == (text, "")


def test_replies_are_cut_out_with_their_lines() -> None:
    lines = ["host mx said: 550-5.1.1 no", "550 5.1.1 such user", "", "Giving up on 192.0.2.1.", "452 later"]
    assert replies_in(lines) == ["550-5.1.1 no\n550 5.1.1 such user", "452 later"]


def test_what_stands_together_is_one_paragraph() -> None:
    assert paragraphs(["a", "b", "", "", "c"]) == ["a b", "c"]


def test_a_long_text_is_read_to_a_limit() -> None:
    told = read_text("".join(f"<u{number}@corp.example>: no\n" for number in range(3_000)))
    assert len(told.named) <= 1_000
