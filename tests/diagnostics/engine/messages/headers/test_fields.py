"""Reading what people paste and upload: every kind of line end, lost folding, no header at all, and hostile octets."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.engine.messages.headers.fields import MAX_FIELDS, MAX_OCTETS, decoded, read_message

HEADER = "Received: from a.example\r\n\tby b.example; Tue, 3 Mar 2026 10:00:00 +0000\r\nSubject: One\r\n two\r\n"
WHOLE = HEADER + "\r\nThe first line\r\n\r\nThe last\r\n"
NAMES = ["Received", "Subject"]


def names(given: bytes | str) -> list[str]:
    return [field.name for field in read_message(given).fields]


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\r\r\n"], ids=["crlf", "lf", "cr", "doubled"])
def test_p109_line_ends(end: str) -> None:
    message = read_message(WHOLE.replace("\r\n", end).encode())
    assert [field.name for field in message.fields] == NAMES
    assert message.fields[1].value == "One two"
    assert message.fields[1].raw == b"Subject: One\r\n two"
    assert message.body == b"The first line\r\n\r\nThe last\r\n"


def test_p109_line_ends_mixed() -> None:
    message = read_message(b"A: 1\rB: 2\nC: 3\r\nD: 4\r 5\n\r\nbody\rstill\n")
    assert [(field.name, field.value) for field in message.fields] == [("A", "1"), ("B", "2"), ("C", "3"), ("D", "4 5")]
    assert message.body == b"body\rstill\r\n"


@pytest.mark.parametrize(
    "before", ["", "\n\n", " \r\n\t\n", "From nora@north.example Tue Mar  3\n", "\ufeff", "Junk\n"]
)
def test_what_stands_before_the_header(before: str) -> None:
    assert names((before + WHOLE).encode()) == names(before + WHOLE) == NAMES
    assert not read_message((before + WHOLE).encode()).has_lost_folding


def test_utf_16_as_windows_saves_it() -> None:
    assert names(WHOLE.encode("utf-16")) == NAMES


def test_a_header_alone_has_no_body() -> None:
    assert read_message(HEADER).body is None
    assert read_message(HEADER + "\r\n\r\n").body is None
    assert read_message(HEADER.encode()).body is None
    assert read_message((HEADER + "\r\n").encode()).body == b""
    assert read_message(HEADER + "\r\nx").body == b"x"


LOST = """Received: from AM0.example (2603:10a6:208::17) by
AM7.example with HTTPS; Tue, 3 Mar 2026 10:00:00 +0000
Received: by
2002:a05:6512:398a:: with SMTP id x1; Tue, 3 Mar 2026 09:59:58 +0000
DKIM-Signature: v=1; a=rsa-sha256; d=north.example; s=x;
h=from:to:
subject:date:message-id; bh=abc;
b=def
Subject: Minutes: today
To:bob@corp.example
"""


def test_p109_lost_folding() -> None:
    message = read_message(LOST)
    assert message.has_lost_folding
    assert [field.name for field in message.fields] == ["Received", "Received", "DKIM-Signature", "Subject", "To"]
    assert message.fields[1].value.startswith("by 2002:a05:6512:398a:: with SMTP")
    assert "h=from:to: subject:date:message-id;" in message.fields[2].value


def test_a_well_folded_message_may_have_unusual_names() -> None:
    assert names("X/y+z=1: a\nSubject : b\nDKIM-Signature: h=a\nsubject:date:x\n") == [
        "X/y+z=1",
        "Subject",
        "DKIM-Signature",
        "subject",
    ]


def test_p115_nul_and_markup() -> None:
    field = read_message(b"Subject: <script>\x00alert(1)</script>\n").fields[0]
    assert field.value == "<script>\ufffdalert(1)</script>"
    assert b"\x00" in field.raw


@pytest.mark.parametrize("given", ["", "\n\n", "no header here", "\x00", b"\xff\xfe", b"\xff" * 9, ":", ": x", " x: y"])
def test_no_header_at_all(given: bytes | str) -> None:
    message = read_message(given)
    assert (message.fields, message.body) == ((), None)


def test_p115_a_megabyte() -> None:
    message = read_message(b"Subject: " + b"x" * MAX_OCTETS)
    assert message.is_truncated
    assert len(message.fields) == 1
    message = read_message(b"A: b\n" * (MAX_FIELDS + 1))
    assert message.is_truncated
    assert len(message.fields) == MAX_FIELDS
    assert not read_message(WHOLE).is_truncated


def test_by_name() -> None:
    message = read_message("A: 1\nB: 2\na: 3\n")
    assert [field.value for field in message.all("A")] == ["1", "3"]
    assert [field.position for field in message.all("a")] == [0, 2]
    first = message.first("B")
    assert first is not None
    assert first.value == "2"
    assert message.first("C") is None


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("plain", "plain"),
        ("=?utf-8?Q?Gr=C3=BC=C3=9Fe_an?= Nora", "Grüße an Nora"),
        ("=?UTF-8?B?R3LDvMOfZQ==?=  =?utf-8?q?_zwei?= drei", "Grüße zwei drei"),
        ("a =?utf-8?q?x=C3?= =?utf-8?q?=BCy?=", "a xüy"),
        ("=?iso-8859-1*de?q?=FC?= =?utf-8?q?=C3=BC?=", "üü"),
        ("=?no-such?q?=FC?=", "ü"),
        ("=?utf-8?b?!!!!?=x", "x"),
        ("=?utf-8?q?a=00b?=", "a\ufffdb"),
        ("Is 1 =? 2", "Is 1 =? 2"),
    ],
)
def test_encoded_words(value: str, shown: str) -> None:
    assert decoded(value) == shown


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.binary(max_size=400), st.text(max_size=300)))
def test_any_octets_are_read(given: bytes | str) -> None:
    message = read_message(given)
    for field in message.fields:
        assert field.name
        assert "\x00" not in field.shown


LINES = st.sampled_from(
    [b"A: b", b" c", b"\tc", b"", b"torn off", b"DKIM-Signature: h=a:", b"b:c", b"From x", b"\x00", b"=?utf-8?q?=C3?="]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(LINES, st.sampled_from([b"\r\n", b"\n", b"\r", b"\r\r\n"])), max_size=12))
def test_any_lines_are_read(lines: list[tuple[bytes, bytes]]) -> None:
    message = read_message(b"".join(line + end for line, end in lines))
    assert [field.position for field in message.fields] == list(range(len(message.fields)))
    assert all(field.name and "\n" not in field.value for field in message.fields)
