"""The report on a message, and its pictures in a page of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from diagnostics.models import ReceivedMessage, Run, RunState
from portal.trials.models import TrialMessage
from portal.trials.selectors import report_of
from tests.portal.trials.conftest import LISTED, VENDORS, mail, signed


def url_of(message: TrialMessage) -> str:
    return f"/tests/{message.trial.code}/messages/{message.pk}/"


def test_while_it_is_looked_at(as_nora: Client, arrived: Callable[..., TrialMessage]) -> None:
    message = arrived(looked_at=False)
    response = as_nora.get(url_of(message))
    assert 'hx-trigger="every 1s"' in response.content.decode()
    assert response.context["report"].judgement is None
    assert as_nora.get(url_of(message), headers={"HX-Request": "true"}).content.lstrip().startswith(b"<div id=")


def test_the_report(as_nora: Client, as_sven: Client, arrived: Callable[..., TrialMessage]) -> None:
    message = arrived(signed(mail(subject="<b>Hello</b>")), address=LISTED)
    response = as_nora.get(url_of(message))
    content = response.content.decode()
    report = response.context["report"]
    assert 'data-code="trial.believed_but"' in content
    assert 'data-code="list.listed"' in content
    assert "<b>Hello" not in content
    assert content.count('sandbox=""') == 2
    assert 0 <= report.seconds < 60
    assert as_sven.get(url_of(message)).status_code == 404


def test_the_message_and_the_posture_are_kept_apart(arrived: Callable[..., TrialMessage]) -> None:
    report = report_of(arrived(mail(), sender=VENDORS))
    assert {item.check for item in report.posture.findings} & {"message", "sender-spf", "sending-ip-listed"} == set()
    assert "sender-dmarc" in {item.check for item in report.posture.findings}


def test_a_run_that_failed_is_no_verdict(arrived: Callable[..., TrialMessage]) -> None:
    message = arrived()
    Run.objects.filter(pk=message.inspection_id).update(state=RunState.FAILED)
    judgement = report_of(TrialMessage.objects.get()).judgement
    assert judgement is not None
    assert (judgement.code, judgement.verdict) == ("trial.unknown", "unknown")


@pytest.mark.parametrize("kind", ["shown", "blocked"])
def test_a_picture_has_a_policy_of_its_own(as_nora: Client, arrived: Callable[..., TrialMessage], kind: str) -> None:
    response = as_nora.get(f"{url_of(arrived())}picture/{kind}/")
    policy = {item.split()[0]: item.split()[1:] for item in response.headers["Content-Security-Policy"].split(";")}
    assert policy == {
        "default-src": ["'none'"],
        "img-src": ["data:"],
        "style-src": ["'unsafe-inline'"],
        "frame-ancestors": ["'self'"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
        "sandbox": [],
    }
    assert response.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "Pottery" in response.content.decode()


def test_the_page_around_it_keeps_its_own(as_nora: Client, arrived: Callable[..., TrialMessage]) -> None:
    headers = as_nora.get(url_of(arrived())).headers
    assert "frame-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "DENY"


def test_a_picture_that_is_none(as_nora: Client, arrived: Callable[..., TrialMessage]) -> None:
    assert as_nora.get(f"{url_of(arrived())}picture/other/").status_code == 404


def test_the_facts_outlive_the_text(as_nora: Client, arrived: Callable[..., TrialMessage]) -> None:
    message = arrived()
    ReceivedMessage.objects.update(raw=b"")
    response: Any = as_nora.get(url_of(message))
    assert response.context["report"].judgement.code == "trial.believed"
    assert "<iframe" not in response.content.decode()
    assert as_nora.get(f"{url_of(message)}picture/shown/").status_code == 404
