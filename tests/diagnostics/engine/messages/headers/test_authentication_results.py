"""What receivers found out, as each writes it down, and whose word is believed (P112, P113)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.engine.messages.headers.authentication_results import (
    Basis,
    Property,
    Result,
    Results,
    Trust,
    read_results,
    trusted,
)
from diagnostics.engine.messages.headers.fields import read_message


def one(value: str, name: str = "Authentication-Results") -> Results:
    return read_results(read_message(f"{name}: {value}").fields)[0]


def told(value: str) -> list[tuple[str, str]]:
    return [(result.method, result.result) for result in one(value).results]


GOOGLE = (
    "mx.google.com;\n       dkim=pass header.i=@north.example header.s=xen1 header.b=Ab/C+d=;\n"
    "       arc=pass (i=1 spf=pass spfdomain=north.example);\n"
    "       spf=pass (google.com: domain of nora@north.example designates 203.0.113.7 as permitted sender)"
    ' smtp.mailfrom=nora@north.example;\n       dmarc=pass (p=REJECT sp=NONE dis=NONE) header.from="north.example"'
)
MICROSOFT = (
    "spf=fail (sender IP is 203.0.113.7)\n smtp.mailfrom=north.example; dkim=none (message not signed)\n"
    " header.d=none;dmarc=fail action=oreject\n header.from=north.example;compauth=fail reason=000"
)


def test_google() -> None:
    found = one(GOOGLE)
    assert found.authserv_id == "mx.google.com"
    assert [result.method for result in found.results] == ["dkim", "arc", "spf", "dmarc"]
    dkim, _, spf, dmarc = found.results
    assert dkim.properties == (
        Property("header", "i", "@north.example"),
        Property("header", "s", "xen1"),
        Property("header", "b", "Ab/C+d="),
    )
    assert spf.value("smtp.helo", "smtp.mailfrom") == "nora@north.example"
    assert dmarc.comment == "p=REJECT sp=NONE dis=NONE"
    assert dmarc.value("header.from") == "north.example"


def test_microsoft_without_an_id() -> None:
    found = one(MICROSOFT)
    assert found.authserv_id == ""
    assert [(result.method, result.result) for result in found.results] == [
        ("spf", "fail"),
        ("dkim", "none"),
        ("dmarc", "fail"),
        ("compauth", "fail"),
    ]
    (compauth,) = found.all("compauth")
    assert compauth.reason == "000"
    assert found.all("dmarc")[0].value("action") == "oreject"


def test_p113_semicolon_in_quotes_and_comments() -> None:
    found = one('mx.example; dkim=fail (bad; "worse) reason="key; too old" header.d=north.example; spf=pass')
    assert [result.method for result in found.results] == ["dkim", "spf"]
    assert found.results[0].reason == "key; too old"
    assert found.results[0].comment == 'bad; "worse'
    assert found.results[0].value("header.d") == "north.example"


YAHOO = [("domainkeys", "neutral"), ("dkim", "pass")]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("mx.example; none", []),
        ("mx.example 1; spf=pass", [("spf", "pass")]),
        ("mx.example;spf=pass;", [("spf", "pass")]),
        ("mx.example; spf = pass", [("spf", "pass")]),
        ("mx.example; spf (x) = (y) pass", [("spf", "pass")]),
        ("mx.example; SPF/1=Pass smtp.mailfrom=a", [("spf", "pass")]),
        ("mx.example; dmarc=pass(p=REJECT) header.from=a", [("dmarc", "pass")]),
        ("spf=pass (x) smtp.mailfrom=a; hotmail.example; dkim=pass", [("spf", "pass"), ("dkim", "pass")]),
        ("mx.example; spf; =; dkim=; ;;", []),
        ("mta1.example  from=a.example; domainkeys=neutral (no sig); from=a.example; dkim=pass (ok)", YAHOO),
        ("", []),
    ],
)
def test_forms(value: str, expected: list[tuple[str, str]]) -> None:
    assert told(value) == expected


def test_version_and_quoted_values() -> None:
    found = one('MX.Example. 1; dkim/2=pass header.i="a b"@north.example header.d = north.example')
    assert (found.authserv_id, found.version) == ("mx.example", "1")
    assert found.results[0] == Result(
        "dkim",
        "pass",
        "2",
        properties=(Property("header", "i", "a b@north.example"), Property("header", "d", "north.example")),
    )


def test_arc() -> None:
    found = one("i=2; mx.example; spf=pass", "ARC-Authentication-Results")
    assert (found.instance, found.authserv_id, found.is_arc, len(found.results)) == (2, "mx.example", True, 1)
    assert one("i = 3 ; mx.example; spf=pass", "ARC-Authentication-Results").instance == 3


def test_yahoos_old_form_has_a_name_too() -> None:
    assert one("mta1.example  from=a.example; dkim=pass (ok)").authserv_id == "mta1.example"


OUT = "Received: from mail.north.example (mail.north.example [203.0.113.7]) by mx.corp.example with ESMTP; x\n"
INNER = "Received: from mx.corp.example (mx.corp.example [10.0.0.5]) by store.corp.example with LMTP; x\n"
SENT = "Received: from pc (unknown [198.51.100.4]) by mail.north.example with ESMTPSA; x\n"


def results(authserv_id: str, rest: str = "spf=pass smtp.mailfrom=north.example") -> str:
    return f"Authentication-Results: {authserv_id}{'; ' if authserv_id else ''}{rest}\n"


OURS, FORGED = results("mx.corp.example"), results("mx.corp.example", "spf=pass; dkim=pass header.d=bank.example")
OTHERS = results("mail.north.example")


def trust(header: str, authserv_id: str = "") -> Trust:
    fields = read_message(header).fields
    return trusted(read_results(fields), fields, authserv_id)


@pytest.mark.parametrize(
    ("header", "basis", "believed", "forgeable"),
    [
        (OURS + OUT + SENT, Basis.ABOVE, 1, 0),
        (INNER + OURS + OUT + SENT, Basis.ABOVE, 1, 0),
        (OUT + OURS + SENT, Basis.SAME_ORGANISATION, 1, 0),
        (OURS + OUT + FORGED + SENT, Basis.ABOVE, 1, 1),
        (OURS + OUT + SENT + FORGED, Basis.ABOVE, 1, 1),
        (OURS + FORGED + OUT, Basis.ABOVE, 1, 1),
        (OURS + results("mx.corp.example", "dmarc=pass header.from=north.example") + OUT, Basis.ABOVE, 2, 0),
        (OURS + OTHERS + OUT, Basis.ABOVE, 1, 1),
        (OUT + OTHERS + SENT, Basis.NONE, 0, 1),
        (OUT + SENT + FORGED, Basis.NONE, 0, 1),
        (OUT + SENT, Basis.NONE, 0, 0),
        (OURS, Basis.ONLY_HEADER, 1, 0),
        (INNER + OURS, Basis.SAME_ORGANISATION, 1, 0),
        (INNER + OTHERS, Basis.NONE, 0, 1),
        ("ARC-Authentication-Results: i=1; mx.corp.example; spf=pass\n" + OUT, Basis.NONE, 0, 1),
        ("ARC-Authentication-Results: i=1; mx.corp.example; spf=pass\n" + OURS + OUT, Basis.ABOVE, 1, 1),
        ("Authentication-Results-Original: mx.corp.example; spf=pass\n" + OUT, Basis.NONE, 0, 1),
    ],
    ids=[
        "above",
        "above-after-inner-hop",
        "right-below",
        "p112-forged-right-below",
        "p112-forged-at-the-bottom",
        "p112-same-method-twice",
        "one-field-a-milter",
        "other-name-above",
        "p112-the-sender's-own",
        "p112-only-a-forged-one",
        "none",
        "no-received",
        "no-entry",
        "no-entry-other-name",
        "arc-alone",
        "arc-beside",
        "put-away",
    ],
)
def test_p112_whose_word(header: str, basis: Basis, believed: int, forgeable: int) -> None:
    found = trust(header)
    assert (found.basis, len(found.believed), len(found.forgeable)) == (basis, believed, forgeable)
    assert all(result.value("header.d") != "bank.example" for result in found.all("dkim"))


def test_p112_a_chosen_server() -> None:
    header = OURS + OUT + OTHERS + SENT
    found = trust(header, "Mail.North.Example.")
    assert (found.basis, found.authserv_id) == (Basis.CHOSEN, "mail.north.example")
    assert [item.authserv_id for item in found.believed] == ["mail.north.example"]
    assert [item.authserv_id for item in found.forgeable] == ["mx.corp.example"]
    assert found.candidates == ("mx.corp.example", "mail.north.example")
    assert trust(header, "elsewhere.example").basis is Basis.NONE
    assert trust(header, "elsewhere.example").believed == ()


def test_p112_a_chosen_server_is_believed_at_its_topmost_place_only() -> None:
    assert len(trust(OURS + OUT + FORGED, "mx.corp.example").believed) == 1


MS_INNER = (
    "Received: from A.prod.outlook.com (2603:10a6:208::17) by B.prod.outlook.com (2603:10a6:20b::3) with HTTPS; x\n"
)
MS_LABS = "Received: from B.prod.outlook.com (2a01:111:f400:7e1b::205) by D.prod.exchangelabs.com with HTTPS; x\n"
MS_ENTRY = "Received: from mail.north.example (203.0.113.7) by C.mail.protection.outlook.com (10.1.2.3) with SMTP; x\n"


@pytest.mark.parametrize(
    ("header", "basis"),
    [
        (MS_INNER + MS_INNER + results("", MICROSOFT) + MS_ENTRY, Basis.ABOVE),
        (MS_LABS + MS_INNER + results("", MICROSOFT) + MS_ENTRY + results("", MICROSOFT), Basis.ABOVE),
        (MS_INNER + MS_INNER + results("", MICROSOFT), Basis.SAME_ORGANISATION),
        (MS_INNER + MS_ENTRY + results("", MICROSOFT) + SENT, Basis.SAME_ORGANISATION),
        (OUT + results("", MICROSOFT) + SENT, Basis.NONE),
    ],
    ids=["above-the-entry", "above-with-a-forged-one", "between-tenants", "below-the-entry", "p112-forged-elsewhere"],
)
def test_microsoft_is_known_by_its_servers(header: str, basis: Basis) -> None:
    assert trust(header).basis is basis


def test_google_stands_below_its_received() -> None:
    inner = "Received: by 2002:a05:6512:398a:b0:511 with SMTP id k10csp1; x\n"
    entry = "Received: from n (n [203.0.113.7]) by mx.google.com with ESMTPS id 1; x\n"
    assert trust(inner + entry + f"Authentication-Results: {GOOGLE}\n" + SENT).basis is Basis.SAME_ORGANISATION


PIECES = st.sampled_from(
    [
        "mx.example",
        ";",
        "spf",
        "=",
        "pass",
        " ",
        "(",
        ")",
        '"',
        "\\",
        "i=1",
        "header.d",
        "@",
        "/",
        "reason",
        "\x00",
        "é",
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES, max_size=30).map("".join))
def test_any_field_is_read(text: str) -> None:
    fields = read_message(f"Authentication-Results: {text}\nReceived: {text}\n" * 2).fields
    found = trusted(read_results(fields), fields)
    assert len(found.believed) + len(found.forgeable) == 2
