"""What strangers publish, send and type, read by every parser: only a parser's own exceptions leave it, and soon.

Arbitrary text, sound records with some letters changed, and 64 KB of what is slow to read for a careless pattern.
``FUZZ_TIMES=100`` tries a hundred times as many; the everyday run tries a few, always the same.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.engine.messages.reply import read_reply
from diagnostics.engine.names import NameProblem, host_domain, normalised, parse_address, shown
from diagnostics.engine.protocols import bimi, dane, dkim, dmarc, mtasts, spf, tlsrpt
from diagnostics.engine.protocols.smtp import read_dialogue
from diagnostics.engine.protocols.spf.macros import MacroProblem, read_macros
from tests.diagnostics.scenarios.world import KEY
from tests.soon import ends_soon

#: A TXT record holds 65535 octets (RFC 1035 §3.2.10), and what is longer is not looked at; room for a sound beginning.
SIZE = 65_000
TIMES = int(os.environ.get("FUZZ_TIMES", "1"))


@dataclass(frozen=True, slots=True)
class Parser:
    """``own`` is what it may raise. ``samples`` are sound, and their pieces are what hostile text is made of."""

    name: str
    read: Callable[[str], Any]
    own: tuple[type[Exception], ...]
    samples: tuple[str, ...]
    pieces: tuple[str, ...] = ()


def _dialogue(text: str) -> Any:
    dialogue = read_dialogue(text.split("\n"))
    told = (dialogue.is_encrypted, dialogue.tls_problem, dialogue.is_injected, dialogue.is_strange, dialogue.digests)
    return told, dialogue.reply_to("EHLO")


SPF = "v=spf1 +a:mail.x.example/24//64 mx ip4:192.0.2.0/24 ip6:::1 include:_spf.x.example exists:%{i}.%{d2} ~all"
DKIM = f"v=DKIM1; k=rsa; h=sha256; s=email; t=s; n=a note; p={KEY}"
DMARC = "v=DMARC1; p=reject; sp=none; adkim=s; fo=1:d; rua=mailto:d@x.example!10m,https://x.example/; pct=50"
POLICY = "version: STSv1\r\nmode: enforce\r\nmx: *.x.example\r\nmax_age: 86400\r\n"
SMTP = "! connected to 192.0.2.1\nS: 220-a\nS: 220 b\nC: EHLO c\nS: 250-d\nS: 250 STARTTLS\n! TLS: it failed"
REPLY = "550-5.1.1 The email account that you tried to reach does not exist.\n550 5.1.1 see https://x.example/ - gsmtp"
PARSERS = (
    Parser(
        "spf", spf.parse_record, (spf.RecordProblem,), (SPF,), ("include:a.example ", "%{d}", "%{ir-._}", "/0", "a:")
    ),
    Parser("spf-macros", read_macros, (MacroProblem,), ("%{ir}.%{v}._spf.%{d2}",), ("%{", "%%", "%{d1r.-+,/_=}", "%_")),
    Parser("spf-select", lambda text: spf.select_records([text]), (), (SPF,)),
    Parser("spf-edit", lambda text: spf.merged([text, SPF], ("ip4:192.0.2.1",)), (), (SPF,), ("-all ", "+all")),
    Parser("spf-with", lambda text: spf.with_terms(text, ("ip4:192.0.2.1",)), (), (SPF,), ("-all ", "redirect=a.b ")),
    Parser("dkim-key", dkim.parse_key, (dkim.KeyProblem,), (DKIM,), ("p=", "v=DKIM1;", "n=a;", "=", "AAAA", "p=A ")),
    Parser("dkim-tags", dkim.tags, (dkim.KeyProblem,), (DKIM,), ("a=b;", "a", "= ", " ;")),
    Parser("dkim-judged", lambda text: dkim.judged([text, DKIM], KEY), (), (DKIM, "a.example."), ("a.", "a-", "p=;")),
    Parser("dkim-bare", dkim.bare_key, (), (DKIM,), ("-----BEGIN", "-----A ", ";p=", "p = ")),
    Parser(
        "dmarc", dmarc.parse_record, (dmarc.RecordProblem,), (DMARC,), ("a=b;", "rua=mailto:a@b.c,", ",", "x:", "!1m")
    ),
    Parser("dmarc-select", lambda text: dmarc.select_records([text]), (), (DMARC,), ("v=", "v ")),
    Parser("dmarc-meant", dmarc.means_to_be_dmarc, (), (DMARC,), ("v =", '"')),
    Parser(
        "sts-policy", mtasts.parse_policy, (mtasts.PolicyProblem,), (POLICY,), ("mx: a.b\n", "mx:*.\r\n", "\r", "a-.")
    ),
    Parser("sts-id", mtasts.record_id, (mtasts.PolicyProblem,), ("v=STSv1; id=20260101;",), ("id=", "; id", "a")),
    Parser(
        "tlsrpt",
        tlsrpt.parse_record,
        (tlsrpt.ReportProblem,),
        ("v=TLSRPTv1; rua=mailto:a@x.example",),
        (",", "rua=", "a@"),
    ),
    Parser(
        "bimi", bimi.parse_record, (bimi.IndicatorProblem,), ("v=BIMI1; l=https://x.example/a.svg; a=",), ("l=", "a=b;")
    ),
    Parser("dane", dane.parse_record, (dane.TLSAProblem,), (f"3 1 1 {'ab' * 32}",), ("3 ", "ab", "0")),
    Parser("smtp", _dialogue, (), (SMTP,), ("S: 250-a\n", "S: 2", "C: ", "! TLS: ", "S: 250 certificate sha256=")),
    Parser("reply", read_reply, (), (REPLY,), ("550 5.1.1 ", "550-", "5.", "1.1.", " 4")),
    Parser("name", normalised, (NameProblem,), ("_dmarc.Bücher.example.",), ("a.", "xn--", "ü", "\u3002", "\u0301")),
    Parser("host", host_domain, (NameProblem,), ("mail.x.example",), ("a.", "://", "-", "1.")),
    Parser("shown", shown, (), ("xn--bcher-kva.example",), ("xn--", "xn--a.", "a.")),
    Parser(
        "address",
        parse_address,
        (),
        ("Lee <mailto:lee@corp.example>", '"lee \\"x\\""@corp.example', "lee@[IPv6:2001:db8::1]"),
        ("a@", "@", "<", "<>", '"', '\\"', " (", "mailto:", "%40", "\u200d", "[", ". ", "at ", " dot ", ",a@b.c "),
    ),
)
#: What careless patterns try again and again.
COMMON = (
    " ",
    "\t",
    ";",
    "; ",
    "=",
    ":",
    '"',
    "\\",
    ".",
    "-",
    "\x00",
    "\r\n",
    "\u00a0",
    "a",
    "A=",
    "'\"",
    "(",
    "<",
    "é",
)


def _read(parser: Parser, text: str) -> None:
    with contextlib.suppress(*parser.own):
        parser.read(text)


def each(parsers: Sequence[Parser] = PARSERS) -> Any:
    return pytest.mark.parametrize("parser", parsers, ids=[parser.name for parser in parsers])


@each()
def test_sound_text_is_read(parser: Parser) -> None:
    for sample in parser.samples:
        parser.read(sample)


@each()
@settings(max_examples=60 * TIMES, deadline=None, derandomize=True)
@given(text=st.text(max_size=300))
def test_any_text(parser: Parser, text: str) -> None:
    _read(parser, text)


@each()
@settings(max_examples=120 * TIMES, deadline=None, derandomize=True)
@given(data=st.data())
def test_sound_text_with_some_of_it_changed(parser: Parser, data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(parser.samples))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 8)))
        piece = data.draw(st.one_of(st.text(max_size=3), st.sampled_from((*COMMON, *parser.pieces))))
        text = text[:start] + piece + text[end:]
    _read(parser, text)


@each()
@settings(max_examples=60 * TIMES, deadline=None, derandomize=True)
@given(data=st.data())
def test_pieces_in_any_order(parser: Parser, data: st.DataObject) -> None:
    words = data.draw(st.lists(st.sampled_from((*COMMON, *parser.pieces, *parser.samples)), max_size=12))
    _read(parser, "".join(words))


def hostile(parser: Parser) -> list[str]:
    """64 KB each: one piece again and again, alone, behind a sound beginning and before an end that fits nothing."""
    found = []
    for piece in (*COMMON, *parser.pieces):
        many = (piece * (SIZE // len(piece) + 1))[:SIZE]
        found += [many, parser.samples[0] + many, f"{many}!", parser.samples[0][:12] + many + "\x00"]
    return found


@each()
def test_64_kb_end_soon(parser: Parser) -> None:
    for text in hostile(parser):
        with ends_soon():
            _read(parser, text)
