"""The way of a message, as each kind of server writes it down (P110), and the delays on it (P111)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.engine.messages.headers.fields import read_message
from diagnostics.engine.messages.headers.received import Hop, chain, hop

DATE = "Tue, 3 Mar 2026 10:00:00 +0000"


def read(text: str) -> Hop:
    return hop(read_message(f"Received: {text}").fields[0])


FORMS: list[tuple[str, str, dict[str, str]]] = [
    (
        "postfix",
        "from desk.example (mail.north.example [203.0.113.7]) (using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 "
        "(256/256 bits) key-exchange X25519) (No client certificate requested) by mx.corp.example (Postfix) with "
        f"ESMTPS id 4XyZ1 for <bob@corp.example>; {DATE} (UTC)",
        {"from_name": "mail.north.example", "from_helo": "desk.example", "from_ip": "203.0.113.7", "with_": "ESMTPS"}
        | {"by": "mx.corp.example", "id": "4XyZ1", "for_": "bob@corp.example", "tls": "TLS 1.3"},
    ),
    (
        "postfix-userid",
        f"by north.example (Postfix, from userid 0) id 4XyZ2; {DATE} (UTC)",
        {"by": "north.example", "id": "4XyZ2", "local": "userid 0"},
    ),
    (
        "postfix-unknown",
        f"from pc (unknown [IPv6:2001:db8::25]) by mx.corp.example (Postfix) with ESMTP id 1; {DATE}",
        {"from_helo": "pc", "from_ip": "2001:db8::25", "by": "mx.corp.example", "with_": "ESMTP", "id": "1"},
    ),
    (
        "sendmail",
        f"from desk.example (root@mail.north.example [203.0.113.7] (may be forged)) by mx.example (8.14.9/8.14.9) with "
        f"ESMTP id x1 for bob@corp.example; {DATE}",
        {"from_name": "mail.north.example", "from_helo": "desk.example", "from_ip": "203.0.113.7", "with_": "ESMTP"}
        | {"by": "mx.example", "id": "x1", "for_": "bob@corp.example"},
    ),
    (
        "sendmail-submit",
        f"(from nora@localhost) by mx.example (8.14.4/8.13.8/Submit) id x2 for bob@corp.example; {DATE}",
        {"by": "mx.example", "id": "x2", "for_": "bob@corp.example", "local": "nora@localhost"},
    ),
    (
        "exim",
        "from mail.north.example ([203.0.113.7] helo=desk.example) by mx.corp.example with esmtps (TLS1.2) tls "
        f"TLS_ECDHE_RSA (Exim 4.96) (envelope-from <a@north.example>) id 1abc-000-D for bob@corp.example; {DATE}",
        {"from_name": "mail.north.example", "from_helo": "desk.example", "from_ip": "203.0.113.7", "with_": "esmtps"}
        | {"by": "mx.corp.example", "id": "1abc-000-D", "for_": "bob@corp.example", "tls": "TLS 1.2"},
    ),
    (
        "exim-no-name",
        f"from [203.0.113.7] (port=58540 helo=desk.example) by mx.example with esmtp id 1abc; {DATE}",
        {"from_helo": "desk.example", "from_ip": "203.0.113.7", "by": "mx.example", "with_": "esmtp", "id": "1abc"},
    ),
    (
        "exim-local",
        f"from www-data by north.example with local (Exim 4.96) id 1abc; {DATE}",
        {"local": "www-data", "by": "north.example", "with_": "local", "id": "1abc"},
    ),
    ("qmail-uid", "(qmail 1234 invoked by uid 89); 3 Mar 2026 10:00:00 -0000", {"local": "uid 89"}),
    ("qmail-network", "(qmail 1234 invoked from network); 3 Mar 2026 10:00:00 -0000", {}),
    (
        "qmail-smtp",
        "from unknown (HELO desk.example) (203.0.113.7) by mx.example with SMTP; 3 Mar 2026 10:00:00 -0000",
        {"from_helo": "desk.example", "from_ip": "203.0.113.7", "by": "mx.example", "with_": "SMTP"},
    ),
    (
        "qmail-named",
        "from mail.north.example (HELO ?192.168.0.9?) (nora@203.0.113.7 with plain) by 0 with SMTP; "
        "3 Mar 2026 10:00:00 -0000",
        {"from_name": "mail.north.example", "from_helo": "192.168.0.9", "from_ip": "203.0.113.7"}
        | {"by": "0", "with_": "SMTP"},
    ),
    (
        "exchange-online",
        "from AM0PR01.example (2603:10a6:208::17) by AM7PR01.example (2603:10a6:20b::3) with Microsoft SMTP Server "
        "(version=TLS1_2, cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id 15.20.7452.028 via Frontend Transport; "
        + DATE,
        {"from_helo": "AM0PR01.example", "from_ip": "2603:10a6:208::17", "by": "AM7PR01.example", "tls": "TLS 1.2"}
        | {"with_": "Microsoft SMTP Server", "id": "15.20.7452.028", "via": "Frontend Transport"},
    ),
    (
        "google",
        "from mail.north.example (mail.north.example. [203.0.113.7]) by mx.google.com with ESMTPS id a1-2.3 for "
        f"<bob@corp.example> (version=TLS1_3 cipher=TLS_AES_256_GCM_SHA384 bits=256/256); {DATE} (PST)",
        {"from_name": "mail.north.example", "from_helo": "mail.north.example", "from_ip": "203.0.113.7"}
        | {"by": "mx.google.com", "with_": "ESMTPS", "id": "a1-2.3", "for_": "bob@corp.example", "tls": "TLS 1.3"},
    ),
    (
        "google-inner",
        f"by 2002:a05:6512:398a:b0:511 with SMTP id k10csp1; {DATE}",
        {"by": "2002:a05:6512:398a:b0:511", "with_": "SMTP", "id": "k10csp1"},
    ),
    (
        "yahoo",
        f"from 127.0.0.1 (EHLO a8-29.smtp-out.amazonses.com) (54.240.8.29) by mta1.yahoo.example with SMTPS; {DATE}",
        {"from_helo": "a8-29.smtp-out.amazonses.com", "from_ip": "54.240.8.29", "with_": "SMTPS", "tls": "SMTPS"}
        | {"by": "mta1.yahoo.example"},
    ),
    (
        "yahoo-hermes",
        f"from p1.example (EHLO [192.0.2.225]) ([198.51.100.225]) by smtp.example (Oath) with ESMTPA ID 5a; {DATE}",
        {"from_name": "p1.example", "from_helo": "192.0.2.225", "from_ip": "198.51.100.225", "by": "smtp.example"}
        | {"with_": "ESMTPA", "id": "5a"},
    ),
    (
        "amazon-ses",
        "from a8-29.smtp-out.amazonses.com (a8-29.smtp-out.amazonses.com [54.240.8.29]) by "
        f"inbound-smtp.eu-west-1.amazonaws.com with SMTP id qq1 for bob@corp.example; {DATE}",
        {"from_name": "a8-29.smtp-out.amazonses.com", "from_helo": "a8-29.smtp-out.amazonses.com"}
        | {"from_ip": "54.240.8.29", "by": "inbound-smtp.eu-west-1.amazonaws.com", "with_": "SMTP", "id": "qq1"}
        | {"for_": "bob@corp.example"},
    ),
    (
        "no-semicolon",
        f"by mx.example (Postfix) id 4XyZ3 {DATE} (UTC)",
        {"by": "mx.example", "id": "4XyZ3"},
    ),
    (
        "stray-semicolon",
        f"by mx.example; (5.65/1.37) id 77 for bob@corp.example;e0ff9c; {DATE}",
        {"by": "mx.example", "id": "77", "for_": "bob@corp.example"},
    ),
    (
        "hotmail",
        f"from A.example ([198.51.100.12]) by B.example over TLS secured channel with Microsoft SMTPSVC(7.5.1); {DATE}",
        {
            "from_helo": "A.example",
            "from_ip": "198.51.100.12",
            "by": "B.example",
            "with_": "Microsoft SMTPSVC",
            "tls": "TLS",
        },
    ),
    (
        "no-bracket-closed",
        f"from a.example (mail.north.example [203.0.113.7] by mx.example (Postfix) with ESMTP id 9; {DATE}",
        {"from_helo": "a.example", "from_ip": "203.0.113.7", "by": "mx.example", "with_": "ESMTP", "id": "9"},
    ),
]
CLAUSES = ("from_name", "from_helo", "from_ip", "by", "via", "with_", "id", "for_", "tls", "local")


@pytest.mark.parametrize(("text", "expected"), [row[1:] for row in FORMS], ids=[row[0] for row in FORMS])
def test_p110_forms(text: str, expected: dict[str, str]) -> None:
    found = read(text)
    assert {name: getattr(found, name) for name in CLAUSES if getattr(found, name)} == expected
    assert found.at is not None
    assert (found.at.hour, found.at.minute) == (10, 0)
    assert found.raw == text


def test_source_and_outside() -> None:
    assert read(f"from a (b.example [203.0.113.7]) by c; {DATE}").source == "b.example"
    assert read(f"from a ([203.0.113.7]) by c; {DATE}").source == "a"
    assert read(f"from a (b [203.0.113.7]) by c; {DATE}").is_from_outside
    for inner in ("10.1.2.3", "127.0.0.1", "IPv6:fe80::1", "::1", "192.168.7.7", "100.64.3.3"):
        assert not read(f"from a (b [{inner}]) by c; {DATE}").is_from_outside
    assert not read(f"by c; {DATE}").is_from_outside


def header(*times: str) -> str:
    """Hops with these times, oldest first, as a header has them: newest on top."""
    return "".join(f"Received: from h{at} by h{at + 1}; {time}\n" for at, time in reversed(list(enumerate(times))))


def delays(*times: str) -> list[float | None]:
    return [step.delay for step in chain(read_message(header(*times)).fields).steps]


def test_chain_in_the_order_of_travel() -> None:
    found = chain(read_message("Subject: x\n" + header(*(f"3 Mar 2026 10:0{at}:00 +0000" for at in (0, 1, 5)))).fields)
    assert [step.hop.by for step in found.steps] == ["h1", "h2", "h3"]
    assert [step.delay for step in found.steps] == [None, 60.0, 240.0]
    assert found.total == 300.0
    assert found.slowest is not None
    assert found.slowest.hop.by == "h3"
    assert found.last is not None
    assert (found.last.by, found.last.position) == ("h3", 1)


def test_p111_clock_skew_is_shown() -> None:
    found = chain(read_message(header("3 Mar 2026 10:00:00 +0000", "3 Mar 2026 09:58:30 +0000")).fields)
    assert [step.delay for step in found.steps] == [None, -90.0]
    assert [step.is_clock_skew for step in found.steps] == [False, True]
    assert found.total == -90.0
    assert found.slowest is None


def test_zones_differ() -> None:
    assert delays("3 Mar 2026 10:00:00 +0000", "3 Mar 2026 11:00:02 +0100") == [None, 2.0]


def test_a_hop_without_a_date_is_passed_over() -> None:
    assert delays("3 Mar 2026 10:00:00 +0000", "never", "3 Mar 2026 10:00:09 +0000") == [None, None, 9.0]
    assert delays("never") == [None]
    assert chain(read_message(header("never", DATE)).fields).total is None
    assert chain(()).total is None
    assert chain(()).last is None


def test_notes_that_repeat_keep_their_places() -> None:
    steps = chain(read_message(f"Received: from a.example by b.example; {DATE}\n" * 3).fields).steps
    assert [step.hop.position for step in steps] == [2, 1, 0]


def test_p115_five_hundred_hops() -> None:
    found = chain(read_message(header(*[DATE] * 500)).fields)
    assert len(found.steps) == 500
    assert found.total == 0.0


PIECES = st.sampled_from(
    [
        *("from ", "by ", "with ", "id ", "for ", "via ", "(", ")", ";", '"', "[", "]", "HELO ", "helo=", "a.example "),
        *("203.0.113.7 ", "::1", DATE, " ", "\\", "TLSv1", "<", ">", "?", "=", "\x00", "\u0130", "%", "IPv6:"),
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES, max_size=25).map("".join))
def test_any_field_is_read(text: str) -> None:
    found: Any = chain(read_message(f"Received: {text}\n").fields)
    assert len(found.steps) == 1


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_octets_are_read(octets: bytes) -> None:
    chain(read_message(b"Received: " + octets).fields)
