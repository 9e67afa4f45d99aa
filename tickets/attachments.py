"""Judging a file that a person adds to a report: what it is by its content, what it may be called, how big it may be.

A file's name and its declared type are a stranger's words, so the first bytes decide. What is not one of the few kinds
that help to find out why a mail did not arrive is refused with a sentence that says what would be accepted.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from django.core.files.base import File

MAX_FILES = 10
MAX_BYTES = 10 * 1024 * 1024
MAX_NAME = 120
HEAD_BYTES = 8192

#: Header fields of which a saved message has at least one near its top (RFC 5322 §3.6).
MAIL_FIELDS = re.compile(rb"^(?:from|to|date|subject|received|return-path|message-id|mime-version):", re.I | re.M)
HEADER_LINE = re.compile(rb"\A(?:From [^\n]*\n|>?[!-9;-~]+[ \t]*:)")
#: Control characters that text does not hold; tab, line ends, form feed and escape may stand in a log.
BINARY = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


class RefusedFileError(Exception):
    """The file is not taken; the message says why, in words for who chose it."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file: the endings it may have (the first is the usual one), how it is served, how it is recognised."""

    suffixes: tuple[str, ...]
    content_type: str
    fits: Callable[[bytes], bool]


@dataclass(frozen=True, slots=True)
class Judged:
    """A file that is taken: its kind, its clean name, and its content's size and digest."""

    kind: Kind
    name: str
    size: int
    sha256: str


def _begins(*signatures: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(signatures)


def _is_text(head: bytes) -> bool:
    if head.startswith(UTF_16):
        # A file that Windows saved as "Unicode"; every other octet of it is NUL.
        return True
    return BINARY.search(head) is None


def _is_mail(head: bytes) -> bool:
    bare = head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    return _is_text(bare) and HEADER_LINE.match(bare) is not None and MAIL_FIELDS.search(bare) is not None


PLAIN = "text/plain; charset=utf-8"
KINDS = (
    Kind((".png",), "image/png", _begins(b"\x89PNG\r\n\x1a\n")),
    Kind((".jpg", ".jpeg"), "image/jpeg", _begins(b"\xff\xd8\xff")),
    Kind((".gif",), "image/gif", _begins(b"GIF87a", b"GIF89a")),
    Kind((".webp",), "image/webp", lambda head: head[:4] == b"RIFF" and head[8:12] == b"WEBP"),
    # A PDF may be preceded by other octets; readers look for its mark in the first 1024.
    Kind((".pdf",), "application/pdf", lambda head: b"%PDF-" in head[:1024]),
    # An Outlook message is an OLE compound file. So are old Office files, hence the ending counts too (see `judge`).
    Kind((".msg",), "application/vnd.ms-outlook", _begins(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")),
    Kind((".eml",), "message/rfc822", _is_mail),
    Kind((".txt", ".log"), PLAIN, _is_text),
    Kind((".csv",), PLAIN, _is_text),
)
SUFFIXES = tuple(suffix for kind in KINDS for suffix in kind.suffixes)
ACCEPTED = "PNG, JPEG, GIF, WebP, PDF, .eml, .msg, CSV and plain text"


def judge(upload: File[bytes]) -> Judged:
    """What ``upload`` is; raises :class:`RefusedFileError`. Reads it once, in pieces, and leaves it at its start."""
    shown = clean_name(upload.name or "")
    if upload.size > MAX_BYTES:
        raise RefusedFileError(f"{shown} is larger than {MAX_BYTES // (1024 * 1024)} MB.")
    if not upload.size:
        raise RefusedFileError(f"{shown} is empty.")
    digest, head, size = hashlib.sha256(), b"", 0
    for piece in upload.chunks():
        digest.update(piece)
        size += len(piece)
        if len(head) < HEAD_BYTES:
            head = (head + piece)[:HEAD_BYTES]
    upload.seek(0)
    kind = kind_of(shown, head)
    return Judged(kind=kind, name=_with_suffix(shown, kind), size=size, sha256=digest.hexdigest())


def kind_of(name: str, head: bytes) -> Kind:
    """The kind that the first octets prove, where the name's ending claims one that is accepted at all."""
    suffix = _suffix(name)
    claimed = next((kind for kind in KINDS if suffix in kind.suffixes), None)
    if claimed is None:
        raise RefusedFileError(f"{name} is not accepted. {ACCEPTED} are.")
    if claimed.fits(head):
        return claimed
    proved = next((kind for kind in KINDS if kind.fits(head) and ".msg" not in kind.suffixes), None)
    if proved is None:
        raise RefusedFileError(f"{name} does not hold what its ending says. {ACCEPTED} are accepted.")
    return proved


def handed_out_as(name: str) -> str:
    """The name under which a kept file is saved by who looks at it.

    A spreadsheet runs the formulas that a stranger wrote into the cells of a CSV, so a CSV opens as the text that it
    is. What is kept is not changed: it may be proof.
    """
    return f"{name}.txt" if _suffix(name) == ".csv" else name


def clean_name(name: str) -> str:
    """``name`` without folders, control and bidirectional characters, and what file systems do not allow."""
    base = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    seen = "".join(item for item in base if unicodedata.category(item)[0] != "C" and item not in "\u2028\u2029")
    tidy = re.sub(r'[<>:"|?*]+', "_", " ".join(seen.split())).strip(" .") or "file"
    suffix = _suffix(tidy)
    return tidy if len(tidy) <= MAX_NAME else tidy[: MAX_NAME - len(suffix)] + suffix


def _suffix(name: str) -> str:
    match = re.search(r"\.[A-Za-z0-9]{1,8}\Z", name)
    return match[0].lower() if match else ""


def _with_suffix(name: str, kind: Kind) -> str:
    """A picture called .png that is a JPEG keeps its name and gets the ending that opens it."""
    return name if _suffix(name) in kind.suffixes else f"{name}{kind.suffixes[0]}"
