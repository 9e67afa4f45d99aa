"""The picture of a message: what is shown, what stands in the place of pictures, and that nothing of it is active."""

from __future__ import annotations

import base64
from urllib.parse import unquote

import pytest

from portal.trials.picture import picture_of
from tests.portal.trials.conftest import PICTURE, mail

FORBIDDEN = (
    "<script",
    "onerror",
    "onload",
    "javascript:",
    "<iframe",
    "<form",
    "<object",
    "<meta http",
    "href=",
    "evil",
)


def with_part(html: str, *, type: str = "image/png", body: str = PICTURE) -> bytes:
    return (
        'Content-Type: multipart/related; boundary="cut-here-please"\r\n\r\n'
        f"--cut-here-please\r\nContent-Type: text/html\r\n\r\n{html}\r\n"
        f"--cut-here-please\r\nContent-Type: {type}\r\nContent-ID: <banner@x>\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\n"
        f"{body}\r\n--cut-here-please--\r\n"
    ).encode()


def test_a_picture_from_elsewhere_is_a_box_with_its_address() -> None:
    page = unquote(picture_of(mail(), "shown"))
    assert "data:image/svg+xml," in page
    assert "https://north.example/banner.png" in page
    assert 'src="http' not in page


def test_with_pictures_blocked_the_words_stand() -> None:
    page = picture_of(mail(), "blocked")
    assert 'alt="North College"' in page
    assert "src=" not in page
    # A box stands where the picture was, also where no words stand for it.
    assert "img:not([src])" in page


def test_a_picture_that_came_with_the_message() -> None:
    page = picture_of(with_part('<img src="cid:banner@x">'), "shown")
    assert f"data:image/png;base64,{PICTURE}" in page


@pytest.mark.parametrize(
    ("html", "options"),
    [
        ('<img src="cid:other@x">', {}),
        ('<img src="cid:banner@x">', {"type": "image/svg+xml"}),
        ('<img src="cid:banner@x">', {"type": "text/html"}),
        ('<img src="cid:banner@x">', {"body": base64.b64encode(b"x" * 300_000).decode()}),
        ('<img src="data:text/html,hello">', {}),
        ('<img src="data:image/svg+xml,hello">', {}),
        ('<img src="/banner.png">', {}),
        ("<img src>", {}),
    ],
)
def test_what_is_not_put_in(html: str, options: dict[str, str]) -> None:
    page = picture_of(with_part(html, **options), "shown")
    assert "image/png;base64" not in page
    assert "data:text" not in page
    assert "svg+xml,hello" not in page


@pytest.mark.parametrize(
    "html",
    [
        "<script>evil()</script>",
        "<img src=x onerror=evil()>",
        '<svg onload="evil()"><style><img src=x onerror=evil()></style></svg>',
        '<a href="javascript:evil()">x</a>',
        '<a href="https://evil.example">x</a>',
        '<iframe src="https://evil.example"></iframe>',
        "<form action=https://evil.example><input></form>",
        '<meta http-equiv="refresh" content="0;url=https://evil.example">',
        '<p style="background:url(https://evil.example/x)">x</p>',
        '<p style="background:u\\72l(https://evil.example/x)">x</p>',
        '<td background="https://evil.example/x">x</td>',
        "<object data=https://evil.example></object>",
        '<base href="https://evil.example/">',
        '<link rel=stylesheet href="https://evil.example/x.css">',
        '<noscript><p title="</noscript><img src=x onerror=evil()>"></noscript>',
        '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=evil()&gt;">',
    ],
)
@pytest.mark.parametrize("kind", ["shown", "blocked"])
def test_nothing_of_it_is_active(html: str, kind: str) -> None:
    page = picture_of(mail(html=f"<p>Before</p>{html}<p>After</p>"), kind)
    active = page.lower().replace("&lt;img src=1 onerror=evil()&gt;", "")
    assert "Before" in page
    assert [word for word in FORBIDDEN if word in active] == []


def test_a_style_sheet_loads_nothing() -> None:
    page = picture_of(mail(html="<style>@import 'x.css'; p{color:red;background:url(x.png)}</style><p>x</p>"), "shown")
    assert "color:red" in page
    assert "@import" not in page
    assert "url(" not in page


def test_plain_text_and_nothing_at_all() -> None:
    assert "&lt;b&gt;Hello" in picture_of(b"From: a@b.example\r\n\r\n<b>Hello", "shown")
    for octets in (b"", b"\x00", b"\xff" * 1000):
        assert "<body>" in picture_of(octets, "shown")


def test_letters_of_another_character_set() -> None:
    assert "Zoë" in picture_of(mail(html="<p>Zoë</p>".encode("latin-1"), charset="iso-8859-1"), "shown")
    assert "<p>x</p>" in picture_of(mail(html="<p>x</p>", charset="no-such"), "shown")
