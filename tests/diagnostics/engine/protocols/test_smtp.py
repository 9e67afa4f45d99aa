"""Reading a dialogue with a mail server (RFC 5321 §4.2)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from diagnostics.engine.protocols.smtp import read_dialogue

LINES = [
    "! connected to 198.51.100.5",
    "S: 220-mx.corp.example ESMTP",
    "S: 220 welcome",
    "C: EHLO desk.example",
    "S: 250-mx.corp.example",
    "S: 250-starttls",
    "S: 250 SIZE 1000",
    "C: STARTTLS",
    "S: 220 go",
    "! TLS: TLSv1.3, the certificate is valid for mx.corp.example",
    f"! certificate sha256={'ab' * 32} key sha256={'cd' * 32}",
    "C: EHLO desk.example",
    "S: 250 mx.corp.example",
    "C: MAIL FROM:<>",
    "S: 250 ok",
    "C: RCPT TO:<lee@corp.example>",
    "S: 550-5.1.1 no such",
    "S: 550 user",
]


def test_a_whole_dialogue() -> None:
    found = read_dialogue(LINES)
    assert [(reply.command, reply.code) for reply in found.replies] == [
        ("GREETING", 220),
        ("EHLO", 250),
        ("STARTTLS", 220),
        ("EHLO", 250),
        ("MAIL", 250),
        ("RCPT", 550),
    ]
    refusal = found.reply_to("RCPT")
    assert refusal is not None
    assert (refusal.text, refusal.is_refused, refusal.is_kept_waiting) == ("5.1.1 no such user", True, False)
    assert found.is_encrypted
    assert found.digests == ("ab" * 32, "cd" * 32)


def test_what_is_offered_is_what_was_said_last() -> None:
    assert read_dialogue(LINES[:7]).extensions == ("STARTTLS", "SIZE 1000")
    assert read_dialogue(LINES).extensions == ()


def test_why_encryption_failed() -> None:
    assert (
        read_dialogue([*LINES[:9], "! TLS: The certificate is not valid."]).tls_problem
        == "The certificate is not valid."
    )
    assert read_dialogue(LINES).tls_problem == ""


@given(st.lists(st.text(max_size=80).map(lambda text: f"S: {text}"), max_size=30))
def test_whatever_a_server_says(lines: list[str]) -> None:
    read_dialogue([*LINES[:4], *lines])
