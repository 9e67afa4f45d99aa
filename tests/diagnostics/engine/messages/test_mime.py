"""The parts of a message, read so that nobody can make it slow or big."""

from __future__ import annotations

import pytest

from diagnostics.engine.messages.mime import MAX_DEPTH, MAX_PARTS, read_parts, words_of_html

MIXED = b"""\
From: a@b.example
MIME-Version: 1.0
Content-Type: Multipart/Mixed; boundary="b 1"; charset=utf-8

before

--b 1
Content-Type: text/plain

one
--b 1
Content-Type: message/rfc822

Content-Type: multipart/mixed; boundary=b2

--b2

inner
--b2--
--b 1--
after
"""


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"], ids=["lf", "crlf", "cr"])
def test_leaves_stand_in_their_order_and_a_message_inside_is_one_leaf(end: bytes) -> None:
    parts = read_parts(MIXED.replace(b"\n", end))
    assert parts.type == "multipart/mixed"
    assert parts.parameter("boundary") == "b 1"
    assert [part.type for part in parts.leaves] == ["text/plain", "message/rfc822"]
    assert parts.leaves[0].text.strip() == "one"


def test_without_a_type_it_is_plain_text() -> None:
    (leaf,) = read_parts(b"From: a@b.example\n\nhello\n").leaves
    assert (leaf.type, leaf.text) == ("text/plain", "hello\n")


def test_a_multipart_without_delimiters_is_the_text_it_holds() -> None:
    (leaf,) = read_parts(b"Content-Type: multipart/mixed; boundary=b\n\nhello\n").leaves
    assert (leaf.type, leaf.text) == ("text/plain", "hello\n")


def test_a_header_that_lost_its_type_is_found_out() -> None:
    octets = (
        b"From: a@b.example\n\nThis is a multi-part message in MIME format.\n------=_Part_1\n"
        b"Content-Type: text/plain\n\none\n------=_Part_1--\n"
    )
    assert read_parts(octets).leaves[0].text.strip() == "one"


@pytest.mark.parametrize(
    ("encoding", "body", "expected"),
    [
        ("base64", "aGVs\nbG8=", "hello"),
        ("base64", "aGVsbG8", "hello"),
        ("base64", "!!!", ""),
        ("quoted-printable", "h=65llo=\n", "hello"),
        ("quoted-printable", "h=ZZ", "h=ZZ"),
        ("7bit", "hello", "hello"),
        ("x-none", "hello", "hello"),
    ],
)
def test_transfer_encodings_are_undone(encoding: str, body: str, expected: str) -> None:
    (leaf,) = read_parts(f"Content-Transfer-Encoding: {encoding}\nA: b\n\n{body}".encode()).leaves
    assert leaf.text.rstrip("\n") == expected


@pytest.mark.parametrize(
    ("charset", "octets", "expected"),
    [
        ("utf-8", "é".encode(), "é"),
        ("iso-8859-1", b"\xe9", "é"),
        ("nonsense", b"\xe9", "é"),
        ("us-ascii", "é".encode(), "é"),
        ("", "宛先".encode("iso-2022-jp"), "宛先"),
    ],
)
def test_letters_are_decoded_whatever_the_header_says(charset: str, octets: bytes, expected: str) -> None:
    header = f"Content-Type: text/plain; charset={charset}\n\n".encode() if charset else b"A: b\n\n"
    assert read_parts(header + octets).leaves[0].text == expected


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("<p>one</p><p>two</p>", "one two"),
        ("<style>a{}</style>one<script>x</script>", "one"),
        ("&lt;lee@corp.example&gt;", "<lee@corp.example>"),
        ("to <lee@corp.example> now", "to <lee@corp.example> now"),
        ("a<br>b<td>c", "a b c"),
        ("a < b", "a"),
        ("<" * 5_000, ""),
    ],
)
def test_the_words_of_a_page_are_read(page: str, words: str) -> None:
    shown = " ".join(words_of_html(page).split())
    assert shown == words or words.replace(" c", "c") == shown


def test_parts_and_depth_have_a_limit() -> None:
    many = b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 500
    assert len(read_parts(many).leaves) <= MAX_PARTS
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(40))
    assert len(read_parts(deep).leaves) <= MAX_DEPTH
