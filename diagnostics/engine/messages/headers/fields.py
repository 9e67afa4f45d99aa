"""Reading a message, or only its header, as it was pasted or uploaded.

A header is a list of fields, ``name: value``, and a line that begins with a space goes on with the field before it
(RFC 5322 §2.2). What people hand us is seldom so clean: line ends of three kinds, blank lines on top, a byte order
mark, or a header out of Outlook's window, whose folded lines have lost the space in front. :func:`read_message` makes
of all of it the same :class:`Message`, in time proportional to its length, and never refuses: what is no header at all
is a message without fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header
from typing import Final

MAX_OCTETS: Final = 1 << 20
MAX_FIELDS: Final = 2_000
#: More of a value than this is never decoded for display, and no subject has so many encoded words.
MAX_SHOWN: Final = 16_384
MAX_WORDS: Final = 200

# A run of CR before LF is one line end that was converted twice; a run of CR alone is that many line ends.
_END = re.compile(rb"\r+\n?|\n")
# RFC 5322 §3.6.8: a name is of printable characters without the colon; white space before the colon is obsolete (§4.5).
_FIELD = re.compile(rb"([!-9;-~]{1,200})[ \t]{0,20}:")
# What is a name even where any line may be a torn-off part: "2002:a05::" and "h=from:to" are none.
_PLAIN = re.compile(rb"[A-Za-z][A-Za-z0-9_.-]{0,99}")
# The line before each message of an mbox file (RFC 4155).
_MBOX = (b"From ", b">From ")
# A torn-off part of a signature's h=, "subject:date:message-id;", looks like a field named Subject.
_SIGNATURE = re.compile(rb"(?:x-google-)?dkim-signature|arc-message-signature", re.IGNORECASE)
_NAMES = re.compile(rb"[A-Za-z-]{1,60}:(?:[A-Za-z-]|$)")
_OPEN_LIST = re.compile(rb"\s{0,20}h\s{0,20}=")
_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")
_ENCODED = re.compile(r"=\?([^?\s]{1,80})\?[BbQq]\?[^?\s]*\?=")


@dataclass(frozen=True, slots=True)
class Field:
    """One field. ``value`` is unfolded and has no control characters; ``raw`` is what stood there, folded with CRLF.

    ``position`` counts from zero, from the top.
    """

    name: str
    value: str
    raw: bytes
    position: int

    @property
    def key(self) -> str:
        """The name for comparing: case means nothing (RFC 5322 §1.2.2)."""
        return self.name.lower()

    @property
    def shown(self) -> str:
        """The value with its encoded words decoded (RFC 2047), for people. Still a stranger's words: escape them."""
        return decoded(self.value)


@dataclass(frozen=True, slots=True)
class Message:
    """What was handed to us. ``body`` is None where only a header was, else its octets with lines ended by CRLF.

    ``is_truncated``: more was given than is read. ``has_lost_folding``: lines went on without the space that says so,
    so no signature can be verified over them. ``is_text``: it came as text, through somebody's window and clipboard.
    """

    fields: tuple[Field, ...]
    body: bytes | None = None
    is_truncated: bool = False
    has_lost_folding: bool = False
    is_text: bool = False

    def all(self, name: str) -> tuple[Field, ...]:
        """The fields of that name, topmost first."""
        key = name.lower()
        return tuple(field for field in self.fields if field.key == key)

    def first(self, name: str) -> Field | None:
        """The topmost field of that name."""
        return next(iter(self.all(name)), None)


def read_message(given: bytes | str, *, most_octets: int = MAX_OCTETS) -> Message:
    """The message in ``given``: a whole one or its header alone, however it was copied."""
    is_text = isinstance(given, str)
    octets = _unmarked(given.encode("utf-8", "replace") if isinstance(given, str) else given)
    is_truncated = len(octets) > most_octets
    octets = octets[:most_octets]
    lines, end = _header_lines(octets)
    first = next((at for at, line in enumerate(lines) if _FIELD.match(line)), len(lines))
    header = [line for line in lines[first:] if not line.startswith(_MBOX)]
    has_lost_folding = any(not line.startswith((b" ", b"\t")) and not _FIELD.match(line) for line in header)
    gathered = list(_gathered(header, has_lost_folding))
    body = None
    if end is not None and gathered:
        body = _body(octets[end:], is_mac=b"\n" not in octets, is_doubled=b"\r\r\n" in octets[:end])
        if is_text and not body.strip():
            body = None  # A line end or two after a pasted header are no body.
    return Message(
        fields=tuple(_field(raw, at) for at, raw in enumerate(gathered[:MAX_FIELDS])),
        body=body,
        is_truncated=is_truncated or len(gathered) > MAX_FIELDS,
        has_lost_folding=has_lost_folding,
        is_text=is_text,
    )


def _unmarked(octets: bytes) -> bytes:
    """``octets`` without a byte order mark; what Windows saved as UTF-16 is made UTF-8."""
    if octets.startswith((b"\xff\xfe", b"\xfe\xff")):
        return octets[: 4 * MAX_OCTETS].decode("utf-16", "replace").encode("utf-8", "replace")
    return octets.removeprefix(b"\xef\xbb\xbf")


def _header_lines(octets: bytes) -> tuple[list[bytes], int | None]:
    """The lines up to the first blank one that stands below a field, and where the body begins, if one does."""
    lines: list[bytes] = []
    start, has_field = 0, False
    for match in _END.finditer(octets):
        line = octets[start : match.start()]
        start = match.end()
        if line.strip(b" \t"):
            lines.append(line)
            has_field = has_field or _FIELD.match(line) is not None
            if match[0].endswith(b"\n") or len(match[0]) == 1 or not has_field:
                continue
            return lines, match.start() + 2  # Two lone CR in a row: the second ends a blank line.
        if has_field:
            return lines, start
    if octets[start:].strip(b" \t"):
        lines.append(octets[start:])
    return lines, None


def _body(octets: bytes, *, is_mac: bool, is_doubled: bool) -> bytes:
    """``octets`` with lines ended by CRLF. A lone CR stays, as it was sent, unless nothing else ends lines."""
    if is_mac:
        return octets.replace(b"\r", b"\r\n")
    if is_doubled:
        octets = octets.replace(b"\r\r\n", b"\r\n")
    return octets.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _gathered(header: list[bytes], has_lost_folding: bool) -> Iterator[list[bytes]]:
    """The lines of each field in turn."""
    current: list[bytes] = []
    for line in header:
        match = None if line.startswith((b" ", b"\t")) else _FIELD.match(line)
        if match and has_lost_folding and current:
            begins = _PLAIN.fullmatch(match[1]) is not None and not _is_torn_off(current, line)
        else:
            begins = match is not None
        if begins and current:
            yield current
        if begins:
            current = [line]
        elif current:
            current.append(line)
    if current:
        yield current


def _is_torn_off(current: list[bytes], line: bytes) -> bool:
    """``line`` is a part of the list of names in the signature ``current``, whose h= is not ended yet."""
    if not _SIGNATURE.match(current[0]) or not _NAMES.match(line):
        return False
    last = b"".join(current[-20:])
    return _OPEN_LIST.match(last, last.rfind(b";") + 1) is not None


def _field(raw: list[bytes], position: int) -> Field:
    name, _, first = raw[0].partition(b":")
    # RFC 5322 §2.2.3: unfolding takes away the line ends and nothing else; a lost space is given back.
    parts = [first, *(line if line[:1] in (b" ", b"\t") else b" " + line for line in raw[1:])]
    value = _CONTROL.sub("\ufffd", _text(b"".join(parts))).strip()
    return Field(name.strip().decode("ascii"), value, b"\r\n".join(raw), position)


def _text(octets: bytes) -> str:
    """RFC 6532 permits UTF-8; what is none is old 8-bit text, one character an octet."""
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return octets.decode("latin-1")


#: Fields that every message has some of (RFC 5322 §3.6), or that a server puts on it.
_USUAL = frozenset(
    ("received", "from", "to", "date", "subject", "message-id", "return-path", "mime-version", "delivered-to", "sender")
)


def has_header(raw: bytes | str) -> bool:
    """``raw`` begins as a message does: its first fields hold at least one that messages have, and no binary data."""
    beginning = raw[:100_000]
    octets = beginning.encode("utf-8", "replace") if isinstance(beginning, str) else _unmarked(beginning)
    if b"\x00" in octets[:2000]:
        return False
    return any(field.key in _USUAL or field.key.startswith("x-") for field in read_message(beginning).fields)


def decoded(value: str) -> str:
    """``value`` with its encoded words decoded (RFC 2047); what cannot be decoded stands as it is.

    White space between two encoded words is not shown (§6.2), and a letter that a sender wrongly cut in two between
    them is put together.
    """
    value = value[:MAX_SHOWN]
    if not 2 <= value.count("=?") + 1 <= MAX_WORDS:
        return value
    shown: list[str] = []
    pending, charset, start = b"", "", 0
    for match in _ENCODED.finditer(value):
        between = value[start : match.start()]
        if between.strip() or not pending:
            shown += [_letters(pending, charset), between]
            pending = b""
        octets = _octets(match[0])
        if match[1].lower() != charset:
            shown.append(_letters(pending, charset))
            pending, charset = b"", match[1].lower()
        pending += octets
        start = match.end()
    shown += [_letters(pending, charset), value[start:]]
    return _CONTROL.sub("\ufffd", "".join(shown))


def _octets(word: str) -> bytes:
    """What one encoded word holds; itself where it cannot be read."""
    try:
        ((octets, _),) = decode_header(word)
    except (HeaderParseError, ValueError):
        return word.encode()
    return octets if isinstance(octets, bytes) else octets.encode()


def _letters(octets: bytes, charset: str) -> str:
    try:
        # RFC 2231 §5: a language may follow the charset after an asterisk.
        return octets.decode(charset.partition("*")[0] or "ascii", "replace")
    except (LookupError, ValueError):
        return octets.decode("latin-1")
