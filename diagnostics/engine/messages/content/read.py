"""The facts of a message's content, read so that no stranger can make it slow or big.

HTML is read once from left to right and never fails; what is wrong with the tags is a fact among the others. Nothing is
loaded from anywhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape
from typing import Final

from diagnostics.engine.messages.headers.fields import Message
from diagnostics.engine.messages.mime import Part, read_parts

MOST_IMAGES: Final = 200
MOST_LINKS: Final = 2_000
MOST_HTML: Final = 2 << 20
MOST_STYLE: Final = 100_000
#: An end tag belongs to a beginning so far up at most.
DEEPEST: Final = 60
#: Elements that have no end tag (HTML Living Standard §13.1.2).
VOID: Final = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr", "param"]
)
#: Elements whose missing end changes what stands after them. A paragraph or a table cell ends by itself.
STRICT: Final = frozenset(
    ["a", "b", "div", "em", "font", "form", "h1", "h2", "h3", "h4", "i", "span", "strong", "table", "u", "center"]
)
#: What mail programs take out, so that the message does not work or is not shown.
ACTIVE: Final = frozenset(["script", "form", "iframe", "object", "embed", "applet", "video", "audio"])
#: Fields of a template that nobody filled in.
_PLACEHOLDER: Final = re.compile(
    r"\{\{\s{0,5}[\w .|-]{1,60}\s{0,5}\}\}|\[\[[\w .-]{1,60}\]\]|«[\w .-]{1,60}»|%%[A-Za-z_]{2,40}%%|\$\{[\w.]{1,60}\}"
    r"|\*\|[A-Z_]{2,40}\|\*|<<[A-Za-z_ ]{2,40}>>"
)
_NAME: Final = re.compile(r"/?([a-zA-Z][a-zA-Z0-9]{0,20})")
_ATTRIBUTE: Final = re.compile(r"""([a-zA-Z_][\w:.-]{0,60})\s{0,20}(?:=\s{0,20}(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?""")
_DECLARATIONS: Final = re.compile(r"[;{}]")
_URL: Final = re.compile(r"""url\(\s{0,5}(?:"([^"]{1,2000})"|'([^']{1,2000})'|([^"'()\s]{1,2000}))""", re.IGNORECASE)
_OPT_OUT: Final = re.compile(
    r"unsubscribe|opt[ -]?out|stop receiving|manage (?:your )?(?:e-?mail )?preferences|e-?mail preferences|abmelden|"
    r"abbestellen|désabonner|désinscrire|darse de baja|cancelar (?:la )?suscripción|uitschrijven|afmelden",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Image:
    """One picture of the page: where it comes from, and the words that stand for it where it is not shown.

    ``kind`` is http, https, cid (a part of the message), data, or other (nothing a mail program can load).
    ``alt`` is None where the page gives none; an empty one says that it is decoration.
    """

    source: str
    kind: str
    alt: str | None
    is_tiny: bool = False


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part that is a file: its name, its type, its size in octets as it stands in the message."""

    name: str
    type: str
    octets: int


@dataclass(slots=True)
class Page:
    """What the HTML of a message holds."""

    images: list[Image] = field(default_factory=list)
    #: Addresses of pictures behind the words: of styles and of ``background``.
    backgrounds: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    open_tags: list[str] = field(default_factory=list)
    stray_ends: list[str] = field(default_factory=list)
    active: list[str] = field(default_factory=list)
    words: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """All facts of the content of one message.

    ``octets`` is the size of the whole message. ``html_octets`` counts the HTML as it is sent, decoded: what a mail
    program measures. ``charset_problem`` says which part's letters do not fit the character set it names.
    """

    octets: int
    has_header: tuple[str, ...]
    unsubscribe: str
    is_one_click: bool
    has_html: bool
    has_text: bool
    is_empty: bool
    html_octets: int = 0
    page: Page = field(default_factory=Page)
    has_opt_out: bool = False
    placeholders: tuple[str, ...] = ()
    charset_problem: str = ""
    missing_parts: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()


def read_content(octets: bytes) -> Content:
    """The content of the message in ``octets``."""
    parts = read_parts(octets)
    shown = [part for part in parts.leaves if not _is_file(part)]
    html = next((part for part in shown if part.type == "text/html"), None)
    plain = next((part for part in shown if part.type == "text/plain"), None)
    page, markup = _page(html)
    text = " ".join(part.text for part in (plain, html) if part is not None)
    header = parts.header
    ids = {_content_id(part) for part in parts.leaves} - {""}
    wanted = [image.source for image in page.images if image.kind == "cid"]
    return Content(
        octets=len(octets),
        has_header=tuple(name for name in ("From", "Date", "Message-ID", "Subject") if header.first(name)),
        unsubscribe=_value(header, "List-Unsubscribe"),
        is_one_click=_value(header, "List-Unsubscribe-Post").replace(" ", "").lower() == "list-unsubscribe=one-click",
        has_html=html is not None,
        has_text=plain is not None and bool(plain.text.strip()),
        is_empty=not text.strip() and not page.images and not any(_is_file(part) for part in parts.leaves),
        html_octets=len(markup.encode("utf-8", "replace")),
        page=page,
        has_opt_out=_OPT_OUT.search(text[:500_000]) is not None,
        placeholders=tuple(dict.fromkeys(match[0] for match in _PLACEHOLDER.finditer(text[:500_000])))[:10],
        charset_problem=next((problem for part in shown if (problem := _charset_problem(part))), ""),
        missing_parts=tuple(dict.fromkeys(source for source in wanted if source.strip("<>") not in ids))[:10],
        attachments=tuple(_attachment(part) for part in parts.leaves if _is_file(part))[:50],
    )


def _value(header: Message, name: str) -> str:
    found = header.first(name)
    return found.value[:2_000] if found else ""


def _is_file(part: Part) -> bool:
    disposition = _value(part.header, "Content-Disposition").partition(";")[0].strip().lower()
    return disposition == "attachment" or not part.type.startswith(("text/", "multipart/", "image/"))


def _attachment(part: Part) -> Attachment:
    disposition = _value(part.header, "Content-Disposition")
    match = re.search(r'filename\*?=(?:"([^"]{1,200})"|([^;\s]{1,200}))', disposition)
    name = (match[1] or match[2]) if match else part.parameter("name")
    return Attachment(name[:200], part.type, len(part.body))


def _content_id(part: Part) -> str:
    return _value(part.header, "Content-ID").strip().strip("<>")


def _charset_problem(part: Part) -> str:
    """What is wrong with the character set of a text part; empty where nothing is."""
    if not part.type.startswith("text/"):
        return ""
    named = part.parameter("charset").partition("*")[0].strip().lower()
    content = part.content
    if not named:
        # RFC 2045 §5.2: without a charset it is us-ascii, and nothing else.
        return "" if content.isascii() else f"{part.type} names no character set, but is not plain ASCII"
    try:
        content.decode(named)
    except LookupError:
        return f"{part.type} names the character set {named[:40]}, which nobody knows"
    except ValueError as error:
        # What is read of a large part may end within a letter.
        if getattr(error, "start", 0) < len(content) - 8:
            return f"{part.type} says {named[:40]}, but has letters that are none of it"
    return ""


def _page(html: Part | None) -> tuple[Page, str]:
    if html is None:
        return Page(), ""
    markup = _markup(html)
    reader = _Reader()
    reader.read(markup)
    reader.page.open_tags = [name for name in reader.stack if name in STRICT][:20]
    return reader.page, markup


def _markup(html: Part) -> str:
    charset = html.parameter("charset").partition("*")[0].strip() or "utf-8"
    try:
        return html.content.decode(charset, "replace")[:MOST_HTML]
    except LookupError:
        return html.content.decode("utf-8", "replace")[:MOST_HTML]


class _Reader:
    """Gathers pictures, links and what is wrong with the tags, in one walk from left to right.

    The standard library's parser takes time with the square of the length of what some strangers send.
    """

    def __init__(self) -> None:
        self.page = Page()
        self.stack: list[str] = []
        self._silent = ""

    def read(self, markup: str) -> None:
        for number, piece in enumerate(_without_comments(markup).split("<")):
            tag, closed, words = piece.partition(">") if number else ("", ">", piece)
            match = _NAME.match(tag)
            if number and (match is None or not closed):
                words = piece if not closed else words
            elif match is not None:
                self._tag(match[1].lower(), tag[match.end() : match.end() + 8_000], is_end=tag.startswith("/"))
            if self._silent == "style":
                self._style(words)
            if not self._silent:
                self.page.words += len(words.split())

    def _tag(self, name: str, rest: str, *, is_end: bool) -> None:
        if self._silent and not (is_end and name == self._silent):
            return
        if is_end:
            self._silent = ""
            self._end(name)
            return
        if name in ("style", "script", "title"):
            self._silent = name
        if name in ACTIVE and len(self.page.active) < 20:
            self.page.active.append(name)
        # HTML Living Standard §16.3.1: obsolete, and what many mail programs still go by.
        if "background" in rest.lower():
            given = _attributes(rest)
            self._behind(given.get("background") or "")
            self._style(given.get("style") or "")
        if name == "img" and len(self.page.images) < MOST_IMAGES:
            self.page.images.append(_image(_attributes(rest)))
        elif name == "a" and len(self.page.links) < MOST_LINKS and (target := _attributes(rest).get("href")):
            self.page.links.append(target[:2_000])
        if name not in VOID and len(self.stack) < 2_000:
            self.stack.append(name)

    def _style(self, text: str) -> None:
        """Note what stands behind words by a style (CSS Backgrounds 3 §2.3), of the page or of one element."""
        for declaration in _DECLARATIONS.split(text[:MOST_STYLE]):
            name, _, value = declaration.partition(":")
            if name.strip().lower() in ("background", "background-image"):
                for match in _URL.finditer(value):
                    self._behind(match[1] or match[2] or match[3])

    def _behind(self, address: str) -> None:
        if address.strip() and len(self.page.backgrounds) < MOST_IMAGES:
            self.page.backgrounds.append(address.strip()[:2_000])

    def _end(self, name: str) -> None:
        if name in VOID:
            return
        lowest = max(0, len(self.stack) - DEEPEST)
        at = next((at for at in range(len(self.stack) - 1, lowest - 1, -1) if self.stack[at] == name), -1)
        if at < 0:
            self._stray([name])
            return
        self._stray(self.stack[at + 1 :])
        del self.stack[at:]

    def _stray(self, names: list[str]) -> None:
        left = 20 - len(self.page.stray_ends)
        self.page.stray_ends += [name for name in names if name in STRICT][: max(0, left)]


def _without_comments(markup: str) -> str:
    """The page without what stands between ``<!--`` and ``-->``; one that is never closed hides the rest."""
    kept, at = [], 0
    while (begins := markup.find("<!--", at)) >= 0:
        kept.append(markup[at:begins])
        ends = markup.find("-->", begins + 4)
        if ends < 0:
            return "".join(kept)
        at = ends + 3
    return "".join([*kept, markup[at:]])


def _attributes(text: str) -> dict[str, str | None]:
    """The attributes of a tag; of two with one name the first counts (HTML Living Standard §13.2.5.33)."""
    found: dict[str, str | None] = {}
    for match in _ATTRIBUTE.finditer(text):
        value = next((group for group in match.groups()[1:] if group is not None), None)
        found.setdefault(match[1].lower(), unescape(value) if value is not None else None)
    return found


def _image(given: dict[str, str | None]) -> Image:
    source = str(given.get("src") or "").strip()
    scheme = source.partition(":")[0].lower() if ":" in source[:12] else ""
    kind = scheme if scheme in ("http", "https", "cid", "data") else "https" if source.startswith("//") else "other"
    is_tiny = _pixels(given.get("width")) <= 2 and _pixels(given.get("height")) <= 2
    kept = source[4:] if kind == "cid" else source
    return Image(kept[:2_000] if kind != "data" else "data:", kind, given.get("alt"), is_tiny)


def _pixels(value: str | None) -> int:
    match = re.match(r"\s{0,5}(\d{1,6})", value or "")
    return int(match[1]) if match else 10_000
