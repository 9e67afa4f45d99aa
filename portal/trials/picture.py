"""A message as a mail program shows it, made so that a browser loads nothing and runs nothing.

The page is cleaned (nh3), links lead nowhere, and no picture is fetched: one that comes with the message is put in as
it is; one from elsewhere is a box with its address, or, as mail programs show it until the reader allows pictures, an
empty box of its size with the words that stand for it. The page is served with a policy of its own that forbids
everything else besides.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

import nh3

from diagnostics.engine.messages.mime import MAX_DECODED, Part, read_parts

KINDS = ("shown", "blocked")
#: A part is put in up to this size, all parts together up to that.
MOST_PICTURE = MAX_DECODED
MOST_PICTURES = 1 << 20
MOST_SHOWN = 1 << 19
#: Letters of an address on a line of the box that stands for a picture.
_LINE = 40
PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
#: Mail is written in the HTML of long ago.
_TAGS = (nh3.ALLOWED_TAGS | {"style", "font", "big", "tfoot"}) - {"map", "area", "details", "summary"}
_ATTRIBUTES = {
    "*": {"style", "class", "id", "align", "valign", "width", "height", "bgcolor", "color", "dir", "lang", "title"},
    "img": {"src", "alt", "border"},
    "a": {"href"},
    "font": {"face", "size"},
    "td": {"colspan", "rowspan", "nowrap"},
    "th": {"colspan", "rowspan", "nowrap"},
    "table": {"border", "cellpadding", "cellspacing"},
    "ol": {"start", "type"},
}
#: The policy forbids what these load; without them the browser need not even refuse it.
_SHEET = re.compile(r"<style[^>]*>.*?</style>", re.DOTALL)
_LOADING = re.compile(r"url\s{0,9}\(|@import|\\", re.IGNORECASE)
_PAGE = (
    '<!doctype html><html lang="und"><head><meta charset="utf-8"><title>The message</title><style>'
    ":root{{color-scheme:light}}body{{margin:12px;background:#fff;color:#111;font:14px/1.5 sans-serif;"
    "overflow-wrap:anywhere}}img{{max-width:100%}}a{{color:#0b57d0;text-decoration:underline}}"
    "img:not([src]){{display:inline-block;box-sizing:border-box;padding:2px 4px;border:1px dashed #8a94a3;"
    "background:#f3f4f6;overflow:hidden}}img:not([src]):not([width]){{min-width:32px;min-height:32px}}"
    "pre{{white-space:pre-wrap;font:inherit;margin:0}}</style></head><body>{body}</body></html>"
)


@dataclass(slots=True)
class _Parts:
    """The pictures that come with a message, by the name that the page calls them by (RFC 2392)."""

    held: dict[str, Part]
    left: int = MOST_PICTURES

    def data(self, name: str) -> str:
        """The picture as a data: address; empty where it is missing, too large, or no picture."""
        part = self.held.get(name.strip().strip("<>"))
        if part is None or part.type not in PICTURES or len(part.body) > 2 * MOST_PICTURE:
            return ""
        content = part.content
        if len(content) >= MOST_PICTURE or len(content) > self.left:
            return ""
        self.left -= len(content)
        return f"data:{part.type};base64,{base64.b64encode(content).decode()}"


def picture_of(octets: bytes, kind: str) -> str:
    """The page of the message in ``octets``, with its pictures "shown" or "blocked"."""
    parts = read_parts(octets)
    shown = [part for part in parts.leaves if not _is_file(part)]
    html = next((part for part in shown if part.type == "text/html"), None)
    if html is not None:
        held = {name: part for part in parts.leaves if (name := _content_id(part))}
        return _PAGE.format(body=_cleaned(_markup(html), _Parts(held), kind))
    plain = next((part for part in shown if part.type == "text/plain"), None)
    words = plain.text[:MOST_SHOWN] if plain is not None else "The message has nothing to show."
    return _PAGE.format(body=f"<pre>{escape(words)}</pre>")


def _cleaned(markup: str, parts: _Parts, kind: str) -> str:
    def kept(tag: str, name: str, value: str) -> str | None:
        if name == "href":
            return None
        if tag == "img" and name == "src":
            return None if kind == "blocked" else _source(value, parts)
        return _without_addresses(value) if name == "style" else value

    cleaned = nh3.clean(
        markup,
        tags=set(_TAGS),
        clean_content_tags={"script", "title", "noscript", "iframe", "object"},
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        attribute_filter=kept,
        url_schemes={"http", "https", "cid", "data", "mailto", "tel"},
        link_rel=None,
        strip_comments=True,
    )
    return _SHEET.sub(lambda match: _LOADING.sub("none", match[0]), cleaned)


def _without_addresses(style: str) -> str:
    """The declarations of a style that load nothing; a backslash may hide the word that does."""
    return ";".join(item for item in style.split(";") if "url" not in item.lower() and "\\" not in item)


def _source(value: str, parts: _Parts) -> str:
    """What stands in the place of a picture's address: itself where it came with the message, else a box."""
    address = value.strip()
    scheme = address.partition(":")[0].lower() if ":" in address[:12] else ""
    if scheme == "cid":
        return parts.data(address[4:]) or _box("Not in the message", address)
    if scheme == "data":
        kind = address[5:].partition(";")[0].lower()
        is_plain = kind in PICTURES and len(address) <= 2 * MOST_PICTURE
        return address if is_plain else _box("A picture that is not shown here", kind)
    return _box("A picture would be loaded from", address or "(no address)")


def _box(words: str, address: str) -> str:
    """A box with words and an address as a picture: as such nothing in it can be loaded or run.

    It has no size of its own, so that it takes the picture's and its letters are not stretched.
    """
    cut = address if len(address) <= 120 else f"{address[:80]}…{address[-39:]}"
    plain = "".join(letter if letter.isprintable() else "·" for letter in cut)
    lines = [plain[at : at + _LINE] for at in range(0, len(plain), _LINE)]
    told = "".join(
        f'<text x="8" y="{36 + 15 * number}" font-family="monospace" font-size="11">{escape(line)}</text>'
        for number, line in enumerate(lines)
    )
    drawn = (
        '<svg xmlns="http://www.w3.org/2000/svg"><rect width="100%" height="100%" fill="#f3f4f6" stroke="#8a94a3" '
        f'stroke-width="2" stroke-dasharray="5 4"/><text x="8" y="19" font-family="sans-serif" font-size="12" '
        f'fill="#4b5563">{escape(words)}</text>{told}</svg>'
    )
    return f"data:image/svg+xml,{quote(drawn)}"


def _is_file(part: Part) -> bool:
    field = part.header.first("content-disposition")
    return field is not None and field.value.partition(";")[0].strip().lower() == "attachment"


def _content_id(part: Part) -> str:
    field = part.header.first("content-id")
    return field.value.strip().strip("<>") if field else ""


def _markup(html: Part) -> str:
    charset = html.parameter("charset").partition("*")[0].strip() or "utf-8"
    try:
        return html.content.decode(charset, "replace")[:MOST_SHOWN]
    except LookupError:
        return html.content.decode("utf-8", "replace")[:MOST_SHOWN]
