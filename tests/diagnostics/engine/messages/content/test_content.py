"""The content of a message: each fault by its code, what is well built, and what no stranger can make slow."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as some

from diagnostics.engine.inspect import inspect
from diagnostics.engine.messages.content import judge_content, read_content
from diagnostics.engine.messages.content.codes import CODES
from diagnostics.engine.zone import Zone
from tests.soon import ends_soon

HEAD = (
    "From: Registrar <registrar@north.example>\r\nDate: Wed, 4 Mar 2026 14:02:10 +0000\r\n"
    "Message-ID: <m1@north.example>\r\nSubject: Your receipt\r\nMIME-Version: 1.0\r\n"
)
WAY_OUT = "List-Unsubscribe: <https://desk.example/u/x>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
TEXT = "Dear Lee, thank you for your payment of 20 dollars. To opt out of such mail, write to us."
GOOD = f'<html><body><p>{TEXT}</p><img src="https://north.example/b.png" alt="North College"></body></html>'


def message(
    html: str = GOOD, *, text: str = TEXT, head: str = HEAD + WAY_OUT, charset: str = "utf-8", more: str = ""
) -> bytes:
    """A message with both forms of its text."""
    return (
        f'{head}Content-Type: multipart/alternative; boundary="b"\r\n\r\n'
        f"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
        f"--b\r\nContent-Type: text/html; charset={charset}\r\n\r\n{html}\r\n{more}--b--\r\n"
    ).encode()


def codes(octets: bytes) -> list[str]:
    return [finding.code.id for finding in judge_content(read_content(octets))]


CASES: list[tuple[str, bytes, list[str]]] = [
    ("good", message(), ["content.well_built", "content.unsubscribe"]),
    (
        "no header",
        message(head="Subject: x\r\n" + WAY_OUT),
        ["content.header_missing", "content.unsubscribe"],
    ),
    ("empty", (HEAD + WAY_OUT + "\r\n \r\n").encode(), ["content.empty", "content.unsubscribe", "content.no_opt_out"]),
    ("placeholder", message(GOOD.replace("Lee", "{{ first_name }}")), ["content.placeholder", "content.unsubscribe"]),
    ("other placeholder", message(text=f"Dear «FirstName», {TEXT}"), ["content.placeholder", "content.unsubscribe"]),
    ("charset", message(charset="us-ascii", html=GOOD.replace("Dear", "Chère")), ["content.charset", "content.unsubscribe"]),
    ("no such charset", message(charset="x-nonsense"), ["content.charset", "content.unsubscribe"]),
    ("cid without part", message(GOOD.replace("https://north.example/b.png", "cid:banner")), ["content.part_missing", "content.unsubscribe"]),
    (
        "cid with part",
        message(
            GOOD.replace("https://north.example/b.png", "cid:banner"),
            more="--b\r\nContent-Type: image/png\r\nContent-ID: <banner>\r\n\r\nx\r\n",
        ),
        ["content.well_built", "content.unsubscribe"],
    ),
    ("relative picture", message(GOOD.replace("https://north.example/", "/img/")), ["content.image_address", "content.unsubscribe"]),
    ("http picture", message(GOOD.replace("https:", "http:")), ["content.image_http", "content.unsubscribe"]),
    ("no alt", message(GOOD.replace(' alt="North College"', "")), ["content.image_alt", "content.unsubscribe"]),
    ("empty alt is decoration", message(GOOD.replace("North College", "")), ["content.well_built", "content.unsubscribe"]),
    ("counter", message(GOOD.replace(' alt="North College"', ' width="1" height="1"')), ["content.well_built", "content.unsubscribe"]),
    (
        "only pictures",
        message('<img src="https://a.example/1.png" alt="opt out">', text=" "),
        ["content.no_text", "content.only_pictures", "content.unsubscribe", "content.no_opt_out"],
    ),
    ("clipped", message(GOOD + "<p>x</p>" * 14_000), ["content.clipped", "content.unsubscribe"]),
    ("open tag", message(GOOD.replace("</body>", "<div></body>")), ["content.tags", "content.unsubscribe"]),
    ("crossed tags", message(GOOD.replace("Dear Lee", "<b><i>Dear</b></i> Lee")), ["content.tags", "content.unsubscribe"]),
    ("script", message(GOOD + "<script>x()</script>"), ["content.active", "content.unsubscribe"]),
    ("no text", message(GOOD.replace("Dear", "Dear " * 20), text=" "), ["content.no_text", "content.unsubscribe"]),
    ("two presses", message(head=HEAD + "List-Unsubscribe: <mailto:out@x.example>\r\n"), ["content.well_built", "content.not_one_click"]),
    ("no way out", message(head=HEAD), ["content.well_built", "content.no_unsubscribe"]),
    (
        "no words of a way out",
        message(GOOD.replace("opt out", "leave"), text=TEXT.replace("opt out", "leave")),
        ["content.well_built", "content.unsubscribe", "content.no_opt_out"],
    ),
    (
        "large",
        message(more="--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=a.pdf\r\n\r\n" + "x" * (6 << 20) + "\r\n"),
        ["content.large", "content.unsubscribe"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("octets", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_what_is_found(octets: bytes, expected: list[str]) -> None:
    assert codes(octets) == expected


def test_every_code_is_met() -> None:
    assert {code for *_, expected in CASES for code in expected} == {code.id for code in CODES}


def test_line_ends_make_no_difference() -> None:
    for end in (b"\n", b"\r"):
        assert codes(message().replace(b"\r\n", end)) == codes(message())


def test_a_file_is_told_of() -> None:
    octets = message(more='--b\r\nContent-Type: application/pdf; name="a.pdf"\r\n\r\nxx\r\n')
    (file,) = read_content(octets).attachments
    assert (file.name, file.type) == ("a.pdf", "application/pdf")


def test_an_inspected_message_has_its_content_too() -> None:
    whole = asyncio.run(inspect(message(GOOD.replace("https:", "http:")), Zone({})))
    assert "content.image_http" in [finding.code.id for finding in whole.findings]
    assert whole.facts["content"]["images"][0]["kind"] == "http"
    header = asyncio.run(inspect(HEAD, Zone({})))
    assert not [finding for finding in header.findings if finding.code.id.startswith("content.")]


@pytest.mark.parametrize(
    "html",
    [
        "<" * 60_000,
        "<div>" * 12_000,
        "</b>" * 15_000,
        "<img>" * 12_000,
        "<a href=" * 8_000,
        "&#" * 30_000,
        "<!--" * 15_000,
        "{{" * 30_000,
        "<style>" + "background:" * 5_000,
        "<style>" + 'background:url("' * 4_000,
        "<p style='background:url(" * 3_000,
    ],
)
def test_no_page_is_slow(html: str) -> None:
    with ends_soon():
        codes(message(html))


@given(some.binary(max_size=400), some.integers(0, 600))
def test_no_message_is_an_error(octets: bytes, at: int) -> None:
    whole = message()
    codes(whole[:at] + octets + whole[at + len(octets) :])
    codes(octets)
