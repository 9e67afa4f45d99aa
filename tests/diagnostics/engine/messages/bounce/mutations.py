"""Mails and replies changed as hostile or broken programs change them: from a seed, so that each can be had again."""

from __future__ import annotations

import random

#: What careless reading stumbles over, and what reports are made of. Nothing here says that something was delivered.
PIECES = (
    *(b"\r", b"\n", b"\r\n", b"\n\n", b" ", b"\t", b"\x00", b"\xff", b"\xc3", b"\x1b$B", b"\xef\xbb\xbf", b"\\", b'"'),
    *(b"<", b">", b"<>", b"@", b"a@b", b"lee@corp.example", b"(", b")", b"[", b"]", b";", b":", b"=", b"--", b"--b1"),
    *(b"550 ", b"550-", b"450 4.2.2 ", b"5.1.1", b">>> ", b"<<< ", b"... ", b"Action: failed\n", b"Status: 5.1.1\n"),
    *(b"Final-Recipient: rfc822; ", b"Diagnostic-Code: smtp; ", b"Content-Type: ", b"multipart/mixed; boundary=b1"),
    *(
        b"Content-Transfer-Encoding: base64\n",
        b"message/delivery-status",
        b"From: ",
        b"To: ",
        b"Subject: ",
        b"{",
        b"=?",
    ),
    *(b"<p>", b"&#0;", b"&#x110000;", b"while talking to ", b"-----", b"Received: for <", "é".encode(), "宛".encode()),
)
MOST_OCTETS = 64 * 1024


def changed(octets: bytes, source: random.Random, others: tuple[bytes, ...]) -> bytes:
    """``octets`` after one to six changes; ``others`` are mails of which pieces may be put in."""
    for _ in range(source.randint(1, 6)):
        octets = source.choice(CHANGES)(octets, source, others)
    return octets[:MOST_OCTETS]


def _at(octets: bytes, source: random.Random) -> int:
    return source.randint(0, len(octets))


def _insert(octets: bytes, source: random.Random, others: tuple[bytes, ...]) -> bytes:
    at = _at(octets, source)
    return octets[:at] + source.choice(PIECES) * source.choice((1, 1, 1, 2, 40)) + octets[at:]


def _delete(octets: bytes, source: random.Random, others: tuple[bytes, ...]) -> bytes:
    at = _at(octets, source)
    return octets[:at] + octets[at + source.choice((1, 2, 10, 200)) :]


def _octet(octets: bytes, source: random.Random, others: tuple[bytes, ...]) -> bytes:
    at = _at(octets, source)
    return octets[:at] + bytes((source.randint(0, 255),)) + octets[at + 1 :]


def _lines(octets: bytes, source: random.Random, others: tuple[bytes, ...]) -> bytes:
    """Two lines change places, or one is said again many times."""
    lines = octets.split(b"\n")
    one, two = source.randrange(len(lines)), source.randrange(len(lines))
    if source.random() < 0.5:
        lines[one], lines[two] = lines[two], lines[one]
        return b"\n".join(lines)
    return b"\n".join(lines[:one] + [lines[one]] * source.choice((2, 5, 300)) + lines[one:])


def _cut(octets: bytes, source: random.Random, others: tuple[bytes, ...]) -> bytes:
    return octets[: _at(octets, source)] if source.random() < 0.5 else octets[_at(octets, source) :]


def _splice(octets: bytes, source: random.Random, others: tuple[bytes, ...]) -> bytes:
    other = source.choice(others)
    return octets[: _at(octets, source)] + other[_at(other, source) :]


def _ends(octets: bytes, source: random.Random, others: tuple[bytes, ...]) -> bytes:
    return octets.replace(b"\n", source.choice((b"\r\n", b"\r", b"\r\r\n", b"\n\r")))


def _wide(octets: bytes, source: random.Random, others: tuple[bytes, ...]) -> bytes:
    """A piece of it again and again."""
    at = _at(octets, source)
    piece = octets[at : at + source.randint(1, 60)] or b"x"
    return octets[:at] + piece * source.choice((10, 100, 1_000)) + octets[at:]


CHANGES = (_insert, _insert, _insert, _delete, _delete, _octet, _octet, _lines, _cut, _splice, _ends, _wide)
