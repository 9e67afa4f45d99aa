"""Calling on mail servers that behave in every way (P90, F9); none of them ever sees the beginning of a message."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from diagnostics.engine.connect import ConnectProblem
from diagnostics.engine.outside import smtp
from diagnostics.engine.outside.smtp import Probe, Verb
from diagnostics.engine.protocols.smtp import Dialogue, read_dialogue
from tests.diagnostics.engine.outside.servers import Authority, serving

HOST = "mx.corp.example"
GREETING = Probe(helo="desk.example")
NAMING = Probe(helo="desk.example", sender="desk@desk.example", recipient="lee@corp.example")
#: All that a mail server may ever hear from us.
ALLOWED = ("EHLO ", "HELO ", "STARTTLS", "MAIL FROM:<", "RCPT TO:<", "RSET", "QUIT")


@dataclass
class Script:
    """What a server says: a greeting, and an answer by the command's first word. ``heard`` is what it was told."""

    greeting: bytes = b"220 mx.corp.example ESMTP\r\n"
    answers: dict[str, bytes] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None
    #: Sent in one piece with the reply to STARTTLS, before the handshake.
    injected: bytes = b""
    after_tls: dict[str, bytes] = field(default_factory=dict)
    piecewise: bool = False
    hangs_up_after: str = ""
    heard: list[str] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers = {
            "EHLO": b"250-mx.corp.example\r\n250 SIZE 1000\r\n",
            "QUIT": b"221 bye\r\n",
            "MAIL": b"250 ok\r\n",
            "RCPT": b"250 ok\r\n",
            "RSET": b"250 ok\r\n",
            **self.answers,
        }
        await self.say(writer, self.greeting)
        while line := await reader.readline():
            self.heard.append(line.decode("latin-1").strip())
            word = self.heard[-1].partition(" ")[0]
            if word == self.hangs_up_after:
                return
            if word == "STARTTLS" and self.tls is not None:
                await self.say(writer, b"220 go\r\n" + self.injected)
                await writer.start_tls(self.tls)
                answers |= {"EHLO": b"250 mx.corp.example\r\n"} | self.after_tls
                continue
            await self.say(writer, answers.get(word, b"502 what\r\n"))

    async def say(self, writer: asyncio.StreamWriter, text: bytes) -> None:
        for piece in [bytes((octet,)) for octet in text] if self.piecewise else [text]:
            writer.write(piece)
            await writer.drain()


@pytest.fixture(autouse=True)
def _scripts(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Script]]:
    """Short patience, and after each test: no server heard anything but what is allowed."""
    monkeypatch.setattr(smtp, "SECONDS", 0.4)
    monkeypatch.setattr(smtp, "CONNECT_SECONDS", 0.3)
    SCRIPTS.clear()
    yield SCRIPTS
    for script in SCRIPTS:
        for line in script.heard:
            assert line.startswith(ALLOWED), line


SCRIPTS: list[Script] = []


def call(authority: Authority, script: Script, probe: Probe = GREETING) -> Dialogue:
    SCRIPTS.append(script)
    with serving(script.serve) as port:
        lines = asyncio.run(smtp.talk(authority.door(port), HOST, ["127.0.0.1"], probe))
    return read_dialogue(lines)


def codes(dialogue: Dialogue) -> list[tuple[str, int]]:
    return [(reply.command, reply.code) for reply in dialogue.replies]


def offers_tls(authority: Authority, host: str = HOST, days: int = 30, **script: object) -> Script:
    answers = {"EHLO": b"250-mx.corp.example\r\n250 STARTTLS\r\n"}
    return Script(answers=answers, tls=authority.context_for(host, days=days), **script)  # type: ignore[arg-type]


def test_a_plain_visit(authority: Authority) -> None:
    script = Script()
    assert codes(call(authority, script)) == [("GREETING", 220), ("EHLO", 250), ("QUIT", 221)]
    assert script.heard == ["EHLO desk.example", "QUIT"]


def test_an_encrypted_visit(authority: Authority) -> None:
    script = offers_tls(authority)
    found = call(authority, script)
    assert codes(found)[-3:] == [("STARTTLS", 220), ("EHLO", 250), ("QUIT", 221)]
    assert found.is_encrypted
    assert found.digests is not None


def test_p90_other_offers_after_encryption_count(authority: Authority) -> None:
    found = call(authority, offers_tls(authority, after_tls={"EHLO": b"250-mx\r\n250 SMTPUTF8\r\n"}))
    assert found.extensions == ("SMTPUTF8",)


def test_p90_a_greeting_of_several_lines(authority: Authority) -> None:
    found = call(authority, Script(greeting=b"220-mx.corp.example\r\n220-no spam\r\n220 welcome\r\n"))
    assert found.replies[0].lines == ("mx.corp.example", "no spam", "welcome")


@pytest.mark.parametrize("greeting", [b"554 not you\r\n", b"421 busy\r\n", b"450 later\r\n"])
def test_p90_turned_away_at_the_door(authority: Authority, greeting: bytes) -> None:
    script = Script(greeting=greeting)
    assert call(authority, script).replies[0].code == int(greeting[:3])
    assert script.heard == ["QUIT"]


def test_p90_an_old_server_is_greeted_by_helo(authority: Authority) -> None:
    script = Script(answers={"EHLO": b"502 what\r\n", "HELO": b"250 hello\r\n"})
    assert codes(call(authority, script))[1:3] == [("EHLO", 502), ("HELO", 250)]


def test_p90_ehlo_is_refused(authority: Authority) -> None:
    script = Script(answers={"EHLO": b"550 not you\r\n"})
    assert codes(call(authority, script, NAMING)) == [("GREETING", 220), ("EHLO", 550), ("QUIT", 221)]


def test_p90_encryption_is_offered_and_refused(authority: Authority) -> None:
    script = Script(answers={"EHLO": b"250-mx\r\n250 STARTTLS\r\n", "STARTTLS": b"454 not now\r\n"})
    found = call(authority, script)
    assert ("STARTTLS", 454) in codes(found)
    assert not found.is_encrypted


@pytest.mark.parametrize(("host", "days"), [("other.example", 30), (HOST, -1)])
def test_p90_a_certificate_that_is_not_valid(authority: Authority, host: str, days: int) -> None:
    found = call(authority, offers_tls(authority, host, days), NAMING)
    assert found.tls_problem
    assert not found.is_encrypted
    # Nothing is said in clear afterwards.
    assert codes(found)[-1] == ("STARTTLS", 220)


def test_p90_more_in_clear_behind_starttls(authority: Authority) -> None:
    found = call(authority, offers_tls(authority, injected=b"250 injected\r\n"))
    assert found.is_injected
    assert not found.is_encrypted


def test_p90_garbage_in_the_place_of_the_handshake(authority: Authority) -> None:
    script = Script(answers={"EHLO": b"250-mx\r\n250 STARTTLS\r\n", "STARTTLS": b"220 go\r\n"})
    script.answers["\x16\x03\x01"] = b"\xff" * 50
    SCRIPTS.clear()
    with serving(script.serve) as port:
        lines = asyncio.run(smtp.talk(authority.door(port), HOST, ["127.0.0.1"], GREETING))
    assert not read_dialogue(lines).is_encrypted


def test_p90_every_recipient_is_taken(authority: Authority) -> None:
    script = Script()
    assert ("RCPT", 250) in codes(call(authority, script, NAMING))
    assert script.heard == [
        "EHLO desk.example",
        "MAIL FROM:<desk@desk.example>",
        "RCPT TO:<lee@corp.example>",
        "RSET",
        "QUIT",
    ]


@pytest.mark.parametrize(
    "answer", [b"450 4.2.0 greylisted\r\n", b"552 5.2.2 full\r\n", b"550-5.1.1 no\r\n550 such\r\n"]
)
def test_p90_a_recipient_is_refused(authority: Authority, answer: bytes) -> None:
    found = call(authority, Script(answers={"RCPT": answer}), NAMING)
    assert ("RCPT", int(answer[:3])) in codes(found)


def test_the_sender_is_refused_and_nobody_named(authority: Authority) -> None:
    script = Script(answers={"MAIL": b"553 not yours\r\n"})
    call(authority, script, NAMING)
    assert not [line for line in script.heard if line.startswith("RCPT")]


def test_one_octet_at_a_time(authority: Authority) -> None:
    assert codes(call(authority, Script(piecewise=True)))[-1] == ("QUIT", 221)


@pytest.mark.parametrize(
    "greeting",
    [b"SSH-2.0-OpenSSH_9\r\n", b"\xff\xfe\x00garbage\r\n", b"HTTP/1.1 400 Bad\r\n", b"220 " + b"\xe9" * 40 + b"\r\n"],
)
def test_p90_what_is_no_mail_server(authority: Authority, greeting: bytes) -> None:
    found = call(authority, Script(greeting=greeting))
    assert found.is_strange is not greeting.startswith(b"220")


def test_p90_a_line_of_600_characters(authority: Authority) -> None:
    assert codes(call(authority, Script(greeting=b"220 " + b"x" * 600 + b"\r\n")))[-1] == ("QUIT", 221)


@pytest.mark.parametrize("greeting", [b"220 " + b"x" * 10_000_000, b"220-x\r\n" * 5000])
def test_f9_a_server_without_end(authority: Authority, greeting: bytes) -> None:
    script = Script(greeting=greeting)
    try:
        found = call(authority, script)
    except ConnectProblem as problem:
        assert problem.code == "too_much"  # noqa: PT017 -- Either end is sound; what counts is that there is one.
    else:
        assert found.events[-1]
    assert script.heard == []


@pytest.mark.parametrize(("greeting", "code"), [(b"", "timeout"), (b"220 no end", "timeout")])
def test_p90_a_tarpit(authority: Authority, greeting: bytes, code: str) -> None:
    with pytest.raises(ConnectProblem) as problem:
        call(authority, Script(greeting=greeting))
    assert problem.value.code == code


@pytest.mark.parametrize("word", ["EHLO", "QUIT", "RCPT"])
def test_p90_the_line_is_cut(authority: Authority, word: str) -> None:
    found = call(authority, Script(hangs_up_after=word), NAMING)
    assert found.replies[0].code == 220


def test_a_server_that_is_silent_in_the_midst(authority: Authority) -> None:
    found = call(authority, Script(answers={"EHLO": b"250-mx\r\n"}))
    assert found.events[-1].startswith("no further answer")


def test_no_verb_begins_a_message() -> None:
    assert {verb.value for verb in Verb} == {"EHLO", "HELO", "STARTTLS", "MAIL FROM:", "RCPT TO:", "RSET", "QUIT"}


@pytest.mark.parametrize("text", ["a b", "a\r\nDATA", "a\nDATA", "<a", "a>", "a\x00", "a\x7f"])
@pytest.mark.parametrize("place", ["helo", "sender", "recipient"])
def test_nothing_can_be_smuggled_into_a_command(place: str, text: str) -> None:
    with pytest.raises(ValueError, match="command"):
        Probe(**{"helo": "desk.example", place: text})
