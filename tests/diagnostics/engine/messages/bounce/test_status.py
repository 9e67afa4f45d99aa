"""The machine-readable half of a report, also where the program that wrote it was careless."""

from __future__ import annotations

from diagnostics.engine.messages.bounce.status import Report, host, read_status, said

GROUP = "Final-Recipient: rfc822; lee@corp.example\nAction: failed\nStatus: 5.1.1\n"


def read(text: str) -> Report:
    return read_status(text)


def test_the_message_and_each_recipient_have_a_group() -> None:
    report = read(
        "Reporting-MTA: dns; smtp.sender.example\nX-Postfix-Queue-ID: 4Xk\nOriginal-Envelope-Id: 7\n\n"
        + GROUP
        + "Remote-MTA: dns; MX.corp.example (198.51.100.5)\n\n"
        + GROUP.replace("lee@", "kim@")
    )
    assert [group.address for group in report.groups] == ["lee@corp.example", "kim@corp.example"]
    assert (report.reporting, report.queue_id, report.envelope_id) == ("dns; smtp.sender.example", "4Xk", "7")
    assert report.groups[0].remote == "mx.corp.example"
    assert report.groups[1].status == "5.1.1"


def test_a_missing_blank_line_is_no_matter() -> None:
    report = read(GROUP + GROUP.replace("lee@", "kim@"))
    assert [group.address for group in report.groups] == ["lee@corp.example", "kim@corp.example"]


def test_a_recipient_may_stand_in_a_group_before_the_rest() -> None:
    (group,) = read("Final-Recipient: rfc822; lee@corp.example\n\nAction: failed\nStatus: 5.1.1\n").groups
    assert (group.address, group.action, group.status) == ("lee@corp.example", "failed", "5.1.1")


def test_a_pipe_is_no_recipient_where_the_original_is_known() -> None:
    (group,) = read('Final-Recipient: x-unix; "|/bin/vacation"\nOriginal-Recipient: rfc822; lee@corp.example\n').groups
    assert group.address == "lee@corp.example"


def test_a_bare_host_gives_way_to_the_original() -> None:
    (group,) = read("Final-Recipient: rfc822; lee@ims-ms-daemon\nOriginal-Recipient: rfc822; lee@corp.example\n").groups
    assert group.address == "lee@corp.example"


def test_folded_lines_go_on_and_need_no_space() -> None:
    (group,) = read(GROUP + "Diagnostic-Code: smtp; 550 5.1.1 no\n such user\nhttps://mx.corp.example/help\n").groups
    assert group.diagnostic == "550 5.1.1 no\nsuch user\nhttps://mx.corp.example/help"


def test_domino_folds_in_the_midst_of_a_word() -> None:
    (group,) = read(GROUP + "Diagnostic-Code: X-Notes; User lee not listed in Domi\n no Directory\n").groups
    assert group.diagnostic == "User lee not listed in Domino Directory"


def test_a_comment_in_the_status_is_kept() -> None:
    (group,) = read(GROUP.replace("5.1.1", "5.2.2 (Over quota)")).groups
    assert (group.status, group.comment) == ("5.2.2", "Over quota")


def test_repeated_diagnostics_are_told_once() -> None:
    (group,) = read(GROUP + "Diagnostic-Code: smtp; 550 no\nDiagnostic-Code: smtp; 550 no\n").groups
    assert group.diagnostic == "550 no"


def test_the_kind_before_the_words_is_left_out() -> None:
    assert said("smtp; 550 no") == "550 no"
    assert said("X-Postfix; connect to mx") == "connect to mx"
    assert said("550 no; really") == "550 no; really"


def test_a_host_is_read_out_of_its_field() -> None:
    assert host("dns; <MX.corp.example> [198.51.100.5]") == "mx.corp.example"
    assert host("") == ""


def test_what_is_no_report_has_no_groups() -> None:
    assert read("Dear Lee,\n\nAction: please write back\n").groups == ()
    assert len(read((GROUP + "\n") * 2_000).groups) == 1_000
