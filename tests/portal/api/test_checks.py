"""Having domains, addresses and bounces looked at by a program."""

from __future__ import annotations

from typing import Any

import pytest

from diagnostics import runner
from diagnostics.models import Run
from tests.portal.api.conftest import Program

BOUNCE = """From: MAILER-DAEMON@mx.example
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary="b"
MIME-Version: 1.0

--b
Content-Type: text/plain

It failed.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; lee@corp.example
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 User unknown

--b--
"""


def test_a_run_is_begun_and_read(supports: Program, settings: Any) -> None:
    begun = supports("post", "/runs", {"target": "north.example", "addresses": ["192.0.2.10"]}, key="a")
    assert begun.status_code == 202
    code = begun.json()["code"]
    assert (
        supports("post", "/runs", {"target": "north.example", "addresses": ["192.0.2.10"]}, key="a").json()["code"]
        == code
    )
    runner.perform(Run.objects.get().pk)
    read = supports("get", f"/runs/{code}").json()
    assert read["state"] == "done"
    assert {"code", "check", "verdict", "actor", "title", "remedy", "evidence"} == set(read["findings"][0])


@pytest.mark.parametrize(
    "body", [{"target": ""}, {}, {"target": "a.example", "addresses": ["x"]}, {"target": "a" * 400}]
)
def test_what_cannot_be_examined_is_told(supports: Program, body: dict[str, Any]) -> None:
    answer = supports("post", "/runs", body, key="a")
    assert answer.status_code in (400, 422)
    assert Run.objects.count() == 0


def test_a_run_needs_a_key(supports: Program) -> None:
    assert supports("post", "/runs", {"target": "north.example"}).status_code == 400


def test_a_bounce_is_classified(supports: Program) -> None:
    answer = supports("post", "/bounces/classify", BOUNCE.encode(), content_type="message/rfc822").json()
    assert answer["kind"] == "bounce"
    assert [(row["address"], row["cause"]) for row in answer["recipients"]] == [("lee@corp.example", "no_such_user")]
    assert supports("post", "/bounces/classify", b"", content_type="message/rfc822").status_code == 400
