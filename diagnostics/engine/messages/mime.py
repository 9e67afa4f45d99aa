"""The parts of a message (RFC 2045, RFC 2046), read so that no stranger can make it slow or big.

:func:`read_parts` walks a message of any line ends and returns its leaves in the order in which they stand. A message
that comes inside (``message/rfc822``) is a leaf: it is somebody's returned mail, not part of what is said about it.
Wrong structure is no error: a multipart without its own delimiters is read as the text it holds.
"""

from __future__ import annotations

import base64
import binascii
import html
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from diagnostics.engine.messages.headers.fields import Message, read_message

MAX_PARTS: Final = 60
MAX_DEPTH: Final = 6
#: More of one part is never decoded: what a report has to say stands at its beginning.
MAX_DECODED: Final = 1 << 18

_PARAMETER = re.compile(r';\s*([A-Za-z0-9!#$&+.^_`|~-]{1,60})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s"]+))')
_TYPE = re.compile(r"([a-z0-9!#$&^_.+-]{1,60}/[a-z0-9!#$&^_.+-]{1,80})", re.IGNORECASE)
#: Before the first part may stand a sentence or two for programs that know no parts.
_DELIMITER = re.compile(
    rb"\s{0,20}(?:This (?:is|message) [^\r\n]{0,120}\s{1,8}(?:[A-Za-z][^\r\n]{0,120}\s{1,8}){0,2})?"
    rb"--([!-~]{10,70})[ \t]{0,9}\r?\n"
)
#: Where a tag ends a line of text.
_BREAKS: Final = ("br", "/p", "p", "/div", "div", "/tr", "/li", "/h1", "/h2", "/h3", "/table", "/pre", "hr")
_SILENT: Final = ("style", "script", "head", "title")


@dataclass(frozen=True, slots=True)
class Part:
    """One leaf: its header, its type in lower case, and what it holds, still encoded."""

    header: Message
    type: str
    parameters: tuple[tuple[str, str], ...]
    body: bytes

    def parameter(self, name: str) -> str:
        return next((value for key, value in self.parameters if key == name), "")

    @property
    def content(self) -> bytes:
        """What the part holds, decoded from its transfer encoding (RFC 2045 §6)."""
        field = self.header.first("content-transfer-encoding")
        encoding = field.value.strip().lower() if field else ""
        body = self.body[: 2 * MAX_DECODED]
        if encoding == "base64":
            return _from_base64(body)[:MAX_DECODED]
        if encoding == "quoted-printable":
            return quopri.decodestring(body)[:MAX_DECODED]
        return body[:MAX_DECODED]

    @property
    def text(self) -> str:
        """What the part says, its lines ended by LF; of HTML, the words without the tags."""
        text = _decoded(self.content, self.parameter("charset"))
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        return words_of_html(text) if self.type == "text/html" else text


@dataclass(frozen=True, slots=True)
class Parts:
    """A message and its leaves."""

    header: Message
    type: str
    parameters: tuple[tuple[str, str], ...]
    leaves: tuple[Part, ...]

    def of_type(self, *types: str) -> tuple[Part, ...]:
        return tuple(part for part in self.leaves if part.type in types)

    def parameter(self, name: str) -> str:
        return next((value for key, value in self.parameters if key == name), "")


def read_parts(octets: bytes) -> Parts:
    """The leaves of the message in ``octets``."""
    message = read_message(octets)
    kind, parameters = content_type(message)
    leaves = list(_leaves(message, message.body or b"", 0, [MAX_PARTS]))
    return Parts(message, kind, parameters, tuple(leaves))


def content_type(header: Message) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Type and parameters. Without a type it is plain text (RFC 2045 §5.2)."""
    field = header.first("content-type")
    value = field.value[:2_000] if field else ""
    match = _TYPE.match(value)
    parameters = tuple(
        (item[1].lower(), re.sub(r"\\(.)", r"\1", item[2]) if item[2] is not None else item[3])
        for item in _PARAMETER.finditer(value)
    )
    return match[1].lower() if match else "text/plain", parameters


def _leaves(header: Message, body: bytes, depth: int, left: list[int]) -> Iterator[Part]:
    kind, parameters = content_type(header)
    boundary = dict(parameters).get("boundary", "")
    if depth == 0 and not header.first("content-type"):
        kind, boundary = _lost_type(body)
    if kind.startswith("multipart/") and boundary and depth < MAX_DEPTH:
        pieces = _pieces(body, boundary.encode("utf-8", "replace"))
        for piece in pieces:
            if left[0] <= 0:
                return
            left[0] -= 1
            inner = read_message(piece) if not piece.startswith((b"\r\n", b"\n")) else Message((), piece.lstrip())
            yield from _leaves(inner, inner.body if inner.body is not None else _bare(piece, inner), depth + 1, left)
        if pieces:
            return
    is_broken = kind.startswith("multipart/")
    yield Part(header, "text/plain" if is_broken else kind, parameters, body)


def _lost_type(body: bytes) -> tuple[str, str]:
    """The type of a message whose header has lost it: a multipart, if lines of it are plainly delimiters."""
    match = _DELIMITER.match(body[:4_000])
    if match and body.count(b"--" + match[1]) > 1 and re.search(rb"^content-type:", body, re.IGNORECASE | re.MULTILINE):
        return "multipart/mixed", match[1].decode("latin-1")
    return "text/plain", ""


def _bare(piece: bytes, inner: Message) -> bytes:
    """The piece itself where it has no header of its own."""
    return b"" if inner.fields else piece


def _pieces(body: bytes, boundary: bytes) -> list[bytes]:
    """What stands between the delimiters (RFC 2046 §5.1.1); what stands before the first and after the last is none."""
    delimiter = b"--" + boundary.rstrip()
    found: list[bytes] = []
    start = -1
    for at in _line_starts(body, delimiter):
        end = body.find(b"\n", at)
        rest = body[at + len(delimiter) : end if end >= 0 else None].strip()
        if rest not in (b"", b"--"):
            continue
        if start >= 0:
            found.append(body[start:at])
        start = -1 if rest else (end + 1 if end >= 0 else len(body))
        if rest or len(found) > MAX_PARTS:
            break
    if 0 <= start < len(body):
        found.append(body[start:])
    return found


def _line_starts(body: bytes, delimiter: bytes) -> Iterator[int]:
    at = 0 if body.startswith(delimiter) else body.find(b"\n" + delimiter) + 1
    while at > 0 or body.startswith(delimiter, at):
        yield at
        following = body.find(b"\n" + delimiter, at)
        if following < 0:
            return
        at = following + 1


def _from_base64(body: bytes) -> bytes:
    letters = re.sub(rb"[^A-Za-z0-9+/]", b"", body)
    try:
        return base64.b64decode(letters + b"=" * (-len(letters) % 4))
    except (binascii.Error, ValueError):
        return base64.b64decode(letters[: len(letters) // 4 * 4])


def _decoded(octets: bytes, charset: str) -> str:
    # RFC 1468: this escape is Japanese whether or not the header says so.
    if b"\x1b$" in octets:
        charset = "iso-2022-jp"
    for name in (charset.partition("*")[0].strip(), "utf-8"):
        try:
            return octets.decode(name or "utf-8")
        except (LookupError, ValueError):
            continue
    try:
        return octets.decode(charset or "latin-1", "replace")
    except (LookupError, ValueError):
        return octets.decode("latin-1")


def words_of_html(text: str) -> str:
    """The words of an HTML page, one line a block. Read once from left to right, whatever is wrong with the tags."""
    shown: list[str] = []
    silent = ""
    for number, piece in enumerate(text.split("<")):
        tag, closed, words = piece.partition(">") if number else ("", ">", piece)
        name = tag.split(None, 1)[0].lower().rstrip("/") if tag.split() else ""
        if "@" in name and closed:
            # An address in angle brackets that nobody escaped.
            shown.append(f"<{tag}>{words}")
            continue
        if silent:
            if name != "/" + silent:
                continue
            silent = ""
        elif name in _SILENT:
            silent = name
            continue
        if name in _BREAKS:
            shown.append("\n")
        shown.append(words if closed else "")
    return html.unescape("".join(shown)).replace("\xa0", " ")
