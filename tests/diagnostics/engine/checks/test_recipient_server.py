"""How does the recipient's mail server receive us, from the lines of a dialogue (P90)."""

from __future__ import annotations

from typing import Any

import pytest

from diagnostics.engine.checks.recipient_server import CHECK, CODES
from tests.diagnostics.engine.checks.looked import codes, findings

OPEN = "! connected to 198.51.100.5"
GREETED = [OPEN, "S: 220-mx.corp.example ESMTP", "S: 220 welcome", "C: EHLO desk.example"]
OFFERS = [*GREETED, "S: 250-mx.corp.example", "S: 250-STARTTLS", "S: 250 SIZE 1000"]
TLS = [*OFFERS, "C: STARTTLS", "S: 220 go", "! TLS: TLSv1.3, the certificate is valid for mx.corp.example"]
INSIDE = [*TLS, "C: EHLO desk.example", "S: 250-mx", "S: 250 SIZE 1000"]
MAIL = [*INSIDE, "C: MAIL FROM:<>", "S: 250 ok", "C: RCPT TO:<lee@corp.example>"]


def world(visit: Any) -> dict[str, Any]:
    return {
        "corp.example": {"MX": [[10, "mx.corp.example"]]},
        "mx.corp.example": {"A": ["198.51.100.5"], "SMTP": visit},
    }


CASES: list[tuple[Any, dict[str, Any], list[str]]] = [
    (INSIDE, {}, ["smtp.fine"]),
    # What the server says at the door.
    ([OPEN, "S: 554 no", "C: QUIT", "S: 221 bye"], {}, ["smtp.refused_here"]),
    ([OPEN, "S: 554 no"], {"probe_is_representative": True}, ["smtp.refused"]),
    ([OPEN, "S: 421 busy"], {}, ["smtp.later"]),
    ([*GREETED, "S: 550 not you"], {}, ["smtp.refused_here"]),
    ([*GREETED, "S: 502 what", "C: HELO desk.example", "S: 250 hello"], {}, ["smtp.no_tls"]),
    ([OPEN, "S: SSH-2.0-OpenSSH", "! that is no reply of a mail server"], {}, ["smtp.strange"]),
    ([OPEN], {}, ["smtp.strange"]),
    ([*GREETED, "! no further answer within 7 s"], {}, ["smtp.unknown"]),
    # Encryption.
    ([*GREETED, "S: 250-mx", "S: 250 SIZE 1"], {}, ["smtp.no_tls"]),
    ([*OFFERS, "C: STARTTLS", "S: 454 not now"], {}, ["smtp.tls_failed"]),
    (
        [*OFFERS, "C: STARTTLS", "S: 220 go", "! TLS: The certificate is not valid: certificate has expired."],
        {},
        ["smtp.tls_failed"],
    ),
    (
        [*OFFERS, "C: STARTTLS", "S: 220 go", "! more was sent in clear before the encryption began"],
        {},
        ["smtp.injected"],
    ),
    # The recipient, where it was named.
    ([*MAIL, "S: 250 ok"], {"probe": "recipient"}, ["smtp.accepts"]),
    ([*MAIL, "S: 550 5.1.1 user unknown"], {"probe": "recipient"}, ["smtp.no_such_user"]),
    ([*MAIL, "S: 550 5.7.1 blocked by policy"], {"probe": "recipient"}, ["smtp.recipient_refused"]),
    ([*MAIL, "S: 552 5.2.2 mailbox full"], {"probe": "recipient"}, ["smtp.recipient_refused"]),
    ([*MAIL, "S: 450 greylisted"], {"probe": "recipient"}, ["smtp.later"]),
    (INSIDE, {"recipient": "lée@corp.example"}, ["smtp.no_smtputf8"]),
    # Could not find out.
    ("TIMEOUT", {}, ["smtp.unknown"]),
    ("REFUSED", {}, ["smtp.unknown"]),
    (INSIDE, {"probe": ""}, ["smtp.not_asked"]),
]


def subject(given: dict[str, Any]) -> dict[str, Any]:
    return {"recipient": "lee@corp.example", "probe": "greeting", **given}


@pytest.mark.parametrize(("visit", "given", "expected"), CASES)
def test_p90(visit: Any, given: dict[str, Any], expected: list[str]) -> None:
    assert codes(CHECK, world(visit), **subject(given)) == expected


def test_every_code_is_met() -> None:
    assert {code for *_, expected in CASES for code in expected} == {code.id for code in CODES}


def test_the_second_server_is_called_on_when_the_first_is_silent() -> None:
    zone = {
        "corp.example": {"MX": [[10, "a.corp.example"], [20, "b.corp.example"], [30, "c.corp.example"]]},
        "a.corp.example": {"SMTP": "TIMEOUT"},
        "b.corp.example": {"SMTP": INSIDE},
    }
    assert codes(CHECK, zone, **subject({})) == ["smtp.fine"]
    zone["b.corp.example"] = {"SMTP": "TIMEOUT"}
    zone["c.corp.example"] = {"SMTP": INSIDE}
    assert codes(CHECK, zone, **subject({})) == ["smtp.unknown"]


def test_what_it_does_not_prove_is_said() -> None:
    (found,) = findings(CHECK, world([*MAIL, "S: 250 ok"]), **subject({"probe": "recipient"}))
    assert "no message was sent" in found.meaning
    assert "otherwise" in found.meaning
    (ours,) = findings(
        CHECK, world([*MAIL, "S: 250 ok"]), **subject({"probe": "recipient", "probe_is_representative": True})
    )
    assert "otherwise" not in ours.meaning


def test_a_domain_that_takes_no_mail_is_not_called_on() -> None:
    assert codes(CHECK, {"corp.example": {"MX": [[0, "."]]}}, **subject({})) == ["smtp.not_asked"]
