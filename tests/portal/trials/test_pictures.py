"""Asking for the pictures of a test message: with leave alone, and only of what came to the test itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from diagnostics import runner
from diagnostics.engine.outside.picture import Outcome, Pictures, Tried
from diagnostics.engine.resolver import Resolver
from diagnostics.engine.subject import Subject
from diagnostics.models import Run
from diagnostics.resolving import pictures_from_settings
from portal.accounts.models import User
from portal.trials.models import Trial, TrialMessage
from portal.trials.selectors import report_of
from portal.trials.services import give
from tests.portal.trials.conftest import mail, signed

URL = "/branches/north/tests/add/"
ASKED: list[str] = []


@dataclass(frozen=True, slots=True)
class Told(Pictures):
    """Notes what is asked for, and asks nobody."""

    async def ask_all(self, sources: Sequence[str], resolver: Resolver) -> tuple[Tried, ...]:
        ASKED.extend(sources)
        return tuple(
            Tried(item, Outcome.GONE, "north.example", "404 Not Found", (f"HEAD {item}",), True) for item in sources
        )


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch, settings: Any) -> list[str]:
    """The addresses that pictures were asked for at, where the settings and the run's subject let them be."""
    settings.PICTURE_PROBE = True
    ASKED.clear()

    def through(subject: Subject) -> Pictures | None:
        return Told() if pictures_from_settings(subject) else None

    monkeypatch.setattr(runner, "pictures_from_settings", through)
    return ASKED


@pytest.fixture
def agreed(trial: Trial) -> Trial:
    Trial.objects.update(asks_for_pictures=True)
    return Trial.objects.get()


@pytest.mark.parametrize(("given", "expected"), [({"asks_for_pictures": "on"}, True), ({}, False)])
def test_it_is_asked_before(as_nora: Client, given: dict[str, str], expected: bool) -> None:
    assert as_nora.get(URL).context["form"]["asks_for_pictures"].value() is True
    as_nora.post(URL, {"module": "webreg", **given})
    assert Trial.objects.get().asks_for_pictures is expected


def test_a_desk_that_asks_nobody_offers_nothing(as_nora: Client, settings: Any) -> None:
    settings.PICTURE_PROBE = False
    assert "asks_for_pictures" not in as_nora.get(URL).context["form"].fields
    as_nora.post(URL, {"module": "webreg", "asks_for_pictures": "on"})
    assert Trial.objects.get().asks_for_pictures is False


def test_pictures_are_asked_for_and_told_of(
    as_nora: Client, agreed: Trial, arrived: Callable[..., TrialMessage], asked: list[str]
) -> None:
    message = arrived()
    assert asked == ["https://north.example/banner.png"]
    report = report_of(message)
    assert "content.image_gone" in {finding.code for finding in report.own.findings}
    assert report.judgement is not None
    assert report.judgement.code == "trial.believed_but"
    content = as_nora.get(f"/tests/{agreed.code}/messages/{message.pk}/").content.decode()
    assert "404 Not Found" in content
    assert "HEAD https://north.example/banner.png" in content


def test_without_leave_nobody_is_asked(arrived: Callable[..., TrialMessage], asked: list[str]) -> None:
    report = report_of(arrived())
    assert asked == []
    assert not [item for item in report.own.findings if item.code.startswith("content.image")]


def test_the_setting_is_stronger(
    agreed: Trial, arrived: Callable[..., TrialMessage], asked: list[str], settings: Any
) -> None:
    settings.PICTURE_PROBE = False
    arrived()
    assert asked == []


def test_of_a_message_that_was_handed_in_nobody_is_asked(
    agreed: Trial, nora: User, rung: list[int], asked: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    """It was sent to somebody else, whose opening it would count as."""
    with django_capture_on_commit_callbacks(execute=True):
        give(agreed, signed(mail()), by=nora)
    for pk in rung:
        runner.perform(pk)
    assert asked == []


def test_of_a_message_on_the_bench_nobody_is_asked(
    as_ida: Client, rung: list[int], asked: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        as_ida.post("/diagnostics/messages/", {"text": signed(mail()).decode()})
    assert Run.objects.filter(pk__in=rung).count() == 1
    for pk in rung:
        runner.perform(pk)
    assert asked == []


def test_names_of_the_zone_are_not_asked(settings: Any, tmp_path: Any) -> None:
    path = tmp_path / "zone.json"
    path.write_text('{"img.north.example": {"A": ["192.0.2.1"]}}')
    settings.DIAGNOSTICS_ZONE = str(path)
    found = pictures_from_settings(Subject(probe="pictures"))
    assert found is not None
    assert (found.is_invented("img.north.example"), found.is_invented("img.example.org")) == (True, False)
    settings.DIAGNOSTICS_ZONE = ""
    found = pictures_from_settings(Subject(probe="pictures"))
    assert found is not None
    assert not found.is_invented("img.north.example")
