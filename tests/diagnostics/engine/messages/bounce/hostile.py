"""64 KB each of what is slow to read for a careless program: many recipients, long lines, deep parts."""

from __future__ import annotations

from collections.abc import Callable

SIZE = 64 * 1024
HEADER = (
    "Return-Path: <>\nFrom: MAILER-DAEMON@corp.example\nTo: office@north.example\n"
    "Subject: Undelivered Mail Returned to Sender\n"
)
REPORT = HEADER + 'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
MIXED = HEADER + 'Content-Type: multipart/mixed; boundary="b"\n\n'
TEXT = HEADER + "\nYour message could not be delivered to\n\n"
GROUPS = REPORT + "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x.example\n\n"
COMPLAINT = (
    'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\n\n'
    "--b\nContent-Type: message/feedback-report\n\n"
)


def of_rows(begin: str, row: Callable[[int], str]) -> bytes:
    """``begin`` and as many rows as fit, each with its number."""
    text, number = [begin], 0
    room = SIZE - len(begin)
    while room > 0:
        text.append(row(number))
        room -= len(text[-1])
        number += 1
    return "".join(text).encode()[:SIZE]


def of_piece(begin: str, piece: str) -> bytes:
    return of_rows(begin, lambda number: piece)


CASES: dict[str, bytes] = {
    "groups": of_rows(
        GROUPS,
        lambda n: (
            f"Final-Recipient: rfc822; u{n}@corp{n}.example\nAction: failed\nStatus: 5.1.1\n"
            f"Diagnostic-Code: smtp; 550 5.1.1 <u{n}@corp{n}.example>: reason {n}\n\n"
        ),
    ),
    "headings": of_rows(TEXT, lambda n: f"<u{n}@corp.example>: 550 reason number {n} unclear\n"),
    "headings-apart": of_rows(TEXT, lambda n: f"<u{n}@corp.example>:\n550 {'w' * (n % 60)} reason {n}\n\n"),
    "headings-together": of_rows(TEXT, lambda n: f"u{n}@corp.example\n"),
    "same-heading": of_piece(TEXT, "<lee@corp.example>\n"),
    "transcript": of_rows(
        TEXT,
        lambda n: (
            f">>> RCPT To:<u{n}@corp.example>\n<<< 550 5.1.1 <u{n}@corp.example>... User unknown\n"
            f"550 <u{n}@corp.example>... User unknown\n"
        ),
    ),
    "conversations": of_rows(
        TEXT,
        lambda n: f"... while talking to mx{n}.example:\n>>> DATA\n<<< 550 no {n}\n554 <u{n}@corp.example>... bad\n",
    ),
    "verdicts": of_rows(TEXT, lambda n: f"550 5.1.1 <u{n}@corp.example>... User unknown\n"),
    "paragraphs": of_rows(TEXT, lambda n: f"Paragraph {n} could not be delivered to\n\n"),
    "addresses": of_rows(TEXT, lambda n: f"x u{n}@c{n}.example y\n"),
    "fields": of_rows("From: MAILER-DAEMON@corp.example\n", lambda n: f"X-A{n}: b\n"),
    "received": of_rows("From: MAILER-DAEMON@corp.example\n", lambda n: f"Received: for <u{n}@b.example> for for\n"),
    "recipients-of-a-complaint": of_rows(COMPLAINT, lambda n: f"Original-Rcpt-To: u{n}@x.example\n"),
    "at-signs": of_piece(TEXT, "@"),
    "locals": of_piece(TEXT, "a" * 60 + "@"),
    "codes": of_piece(TEXT + "lee@corp.example:\n", "550 5.1.1 x\n"),
    "dashes": of_piece(TEXT + "lee@corp.example: ", "550-"),
    "hosts": of_piece(TEXT + "lee@corp.example: ", "host a.b "),
    "quotes": of_piece(TEXT, '"'),
    "backslashes": of_piece(TEXT + '"', "\\a"),
    "spaces": of_piece(TEXT, " "),
    "letters": of_piece(TEXT + "lee@corp.example ", "é"),
    "tags": of_piece(HEADER + "Content-Type: text/html\n\n", "<b><i "),
    "page": of_piece(HEADER + "Content-Type: text/html\n\nundeliverable lee@corp.example", "<p>x</p>"),
    "entities": of_piece(HEADER + "Content-Type: text/html\n\n", "&lt;"),
    "base64": of_piece(HEADER + "Content-Transfer-Encoding: base64\n\n", "QUJD"),
    "quoted-printable": of_piece(HEADER + "Content-Transfer-Encoding: quoted-printable\n\n", "=41=\n"),
    "parts": of_piece(MIXED, "--b\n\n"),
    "parts-inside-parts": of_piece(MIXED, '--b\nContent-Type: multipart/mixed; boundary="b"\n\n'),
    "report-inside": of_piece(
        MIXED + "--b\n\nUnable to deliver message to <lee@corp.example>\n--b\nContent-Type: message/rfc822\n\n\n",
        "<lee@corp.example>\n<<< 550 x\n",
    ),
    "json": of_piece('From: a@b.example\n\n{"mail":', "["),
    "japanese": of_piece(HEADER + "Content-Type: text/plain; charset=iso-2022-jp\n\n\x1b$B", "%a"),
}
