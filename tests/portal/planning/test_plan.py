"""The plan of a mailing: by receiving server, by what it said, and which part goes when."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.maillog.models import AttemptCount
from portal.planning import runner
from portal.planning.answer import Answer, May, answer_of
from portal.planning.known import quoted
from portal.planning.models import Mailing
from portal.planning.services import plan_mailing
from portal.planning.waves import FEW_EACH, Known, Stage, Wave, timetable, together, waves
from portal.watch.models import Watch
from tests import make

NOW = datetime(2026, 3, 4, 14, 15, tzinfo=UTC)
SERVER = "smtp.xenegrade.net"
BIG = ("", "bignet.example")
ZONE = {
    "bignet.example": {"MX": [[10, "mx.bignet.example"]]},
    "club.example": {"MX": [[10, "mx1.hoster.example"]]},
    "choir.example": {"MX": [[10, "mx2.hoster.example"]]},
    "north.example": {"MX": [[10, "mx.north.example"]]},
    "gmail.com": {"MX": [[5, "gmail-smtp-in.l.google.com"]]},
}


@pytest.fixture(autouse=True)
def _world(settings: Any, tmp_path: Path) -> Iterator[None]:
    path = tmp_path / "zone.json"
    path.write_text(json.dumps(ZONE))
    settings.DIAGNOSTICS_ZONE = str(path)
    settings.RESOLVERS = ["127.0.0.1:1"]
    with time_machine.travel(NOW, tick=False):
        yield


def planned(branch: BranchProfile, by: User, *lines: str) -> Mailing:
    upload = SimpleUploadedFile("a.csv", "\n".join(lines).encode())
    mailing = plan_mailing(branch, name="Spring", upload=upload, by=by)
    runner.perform(mailing.pk)
    mailing.refresh_from_db()
    return mailing


def at(domain: str, many: int) -> list[str]:
    return [f"p{number}@{domain}" for number in range(many)]


def one(known: Known, count: int = 1000) -> Wave:
    (wave,) = waves({BIG: count}, {BIG: known}, {BIG: BIG})
    return wave


@pytest.mark.parametrize(
    ("known", "pace", "word"),
    [
        (Known(), 200, "nothing is known"),
        (Known(limit=100, source="their page"), 80, "their page"),
        (Known(freely=400), 400, "best hour"),
        # A best hour of three says nothing about two hundred.
        (Known(freely=3), 200, "only 3 recipients, which tells nothing of more: 200 an hour are rarely too many; look"),
        (Known(is_slow=True, pushing=40, said="421 too many"), 32, "421 too many"),
        (Known(is_slow=True), 50, "took nothing today"),
        (Known(is_slow=True, pushing=1), 1, "it took 1"),
        (Known(limit=20, source="x", is_slow=True, pushing=90), 16, "puts off mail now"),
    ],
)
def test_the_pace_and_why(known: Known, pace: int, word: str) -> None:
    wave = one(known)
    assert (wave.per_hour, wave.hours) == (pace, -(-1000 // pace))
    assert word in wave.why


def test_only_servers_with_few_recipients_each_go_together() -> None:
    counts = {("gmail", ""): 5, BIG: 20_000, ("", "a.example"): 200, ("", "b.example"): 3, ("", "c.example"): 4}
    belongs = together(counts, apart=[("", "c.example")], most=40)
    assert [to for to in counts if belongs[to] == FEW_EACH] == [("", "a.example"), ("", "b.example")]
    few = next(wave for wave in waves(counts, {}, belongs) if (wave.provider, wave.name) == FEW_EACH)
    assert (few.recipients, few.per_hour, few.hours) == (203, 203, 1)
    assert "at most 200" in few.why


def test_the_timetable_ends_each_server_when_it_is_through() -> None:
    start = datetime(2026, 3, 5, 9, tzinfo=UTC)
    hour = timedelta(hours=1)
    assert timetable([("slow", 10, 5), ("quick", 300, 2), ("other", 7, 2)], start) == [
        Stage(start, start + 2 * hour, 2, (("slow", 10), ("quick", 300), ("other", 7))),
        Stage(start + 2 * hour, start + 5 * hour, 3, (("slow", 10),)),
    ]
    assert timetable([], start) == []


class TestAList:
    @pytest.fixture
    def slow(self, north: BranchProfile) -> BranchProfile:
        """bignet.example took 40 in an hour and puts off 50 since."""
        for number in range(90):
            state, minutes = ("accepted", 20) if number < 40 else ("deferred", 10)
            make.delivery(
                north, f"q{number}@bignet.example", state, NOW - timedelta(minutes=minutes), server=SERVER,
                remote_host="mx.bignet.example", reply="421 Too many recipients <q@bignet.example>",
            )  # fmt: skip
        return north

    def test_one_domain_is_one_server_and_what_it_said_counts(self, slow: BranchProfile, nora: User) -> None:
        (wave,) = planned(slow, nora, *at("bignet.example", 500)).results["plan"]
        assert (wave["name"], wave["per_hour"]) == ("bignet.example", 32)
        assert "Too many recipients" in wave["why"]
        assert "q@bignet" not in wave["why"]

    def test_its_own_best_hour_counts(self, north: BranchProfile, nora: User) -> None:
        for number in range(250):
            make.delivery(north, f"q{number}@bignet.example", "accepted", NOW - timedelta(days=3), server=SERVER)
        (wave,) = planned(north, nora, *at("bignet.example", 500)).results["plan"]
        assert (wave["per_hour"], wave["hours"]) == (250, 2)

    def test_domains_behind_one_server_are_one(self, north: BranchProfile, nora: User) -> None:
        (wave,) = planned(north, nora, *at("club.example", 150), *at("choir.example", 150)).results["plan"]
        assert (wave["name"], wave["recipients"]) == ("hoster.example", 300)

    def test_a_provider_that_puts_off_now(self, north: BranchProfile, nora: User) -> None:
        hour = NOW.replace(minute=0)
        for state, recipients in (("accepted", 60), ("deferred", 90)):
            AttemptCount.objects.create(hour=hour, server=SERVER, provider="gmail", state=state, recipients=recipients)
        make.delivery(north, "q@gmail.com", "deferred", NOW, server=SERVER, provider="gmail", reply="421 4.7.28 slow")
        (wave,) = planned(north, nora, *at("gmail.com", 500)).results["plan"]
        assert wave["per_hour"] == 48
        assert "4.7.28" in wave["why"]

    @pytest.mark.parametrize(
        ("start", "begins"),
        [("2026-03-05T09:00", "2026-03-05 09:00"), ("soon", "2026-03-04 08:00"), ("", "2026-03-04 08:00")],
    )
    def test_the_page_tells_which_part_goes_when(
        self, start: str, begins: str, slow: BranchProfile, nora: User, as_nora: Client
    ) -> None:
        BranchProfile.objects.update(time_zone="America/Denver")
        mailing = planned(slow, nora, *at("bignet.example", 500), *at("gmail.com", 300))
        response = as_nora.get(f"/mailings/{mailing.code}/?start={start}")
        stages = response.context["stages"]
        assert f"{stages[0].begins:%Y-%m-%d %H:%M}" == begins
        # What the form shows is what the plan begins at, so pressing it again changes nothing.
        assert f'value="{begins.replace(" ", "T")}"' in response.content.decode()
        assert [(stage.hours, stage.per_hour) for stage in stages] == [(2, 232), (14, 32)]
        assert "bignet.example/" in response.content.decode()
        told = b"".join(as_nora.get(f"/mailings/{mailing.code}/parts.csv")).decode().splitlines()  # type: ignore[arg-type]
        assert told[1] == "p0@bignet.example,1"
        assert "p32@bignet.example,2" in told
        assert "p299@gmail.com,2" in told


def test_a_plan_of_an_older_release_is_still_shown(north: BranchProfile, as_nora: Client) -> None:
    wave = {"provider": "", "recipients": 9, "per_hour": 9, "hours": 1, "why": "few"}
    results = {
        "lines": 9,
        "left": 9,
        "counts": {"mistyped": 1},
        "plan": [wave],
        "mistyped": [["a@gamil.com", "a@gmail.com"]],
    }
    mailing = Mailing.objects.create(branch=north, name="Old", state="done", results=results)
    response = as_nora.get(f"/mailings/{mailing.code}/")
    assert [item.line for item in response.context["mistyped"]] == [0]
    assert response.context["stages"][0].per_hour == 9


def test_no_address_of_a_person_stays_in_a_quoted_reply() -> None:
    assert quoted("450 4.2.1 <lee@corp.example>:\n rate limited") == "450 4.2.1 …: rate limited"


def test_a_plan_of_one_hour_does_not_ask_to_wait_for_the_first() -> None:
    assert "look" in one(Known(freely=3), 201).why
    assert "look" not in one(Known(freely=3), 200).why
    assert "look" not in one(Known(limit=100, source="x")).why


def standing(check: str, title: str) -> dict[str, str]:
    return {"check": check, "question": "?", "verdict": "problem", "actor": "branch_it", "title": title}


def test_only_what_touches_the_list_stands_in_its_way(north: BranchProfile, nora: User, as_nora: Client) -> None:
    entries = {name: standing(name, name) for name in ("self-to-self", "recipient-mx", "sender-dmarc")}
    Watch.objects.create(domain=north.from_domains.get(), next_at=NOW, standing=entries)

    def told(mailing: Mailing) -> list[str]:
        return [item.title for item in as_nora.get(f"/mailings/{mailing.code}/").context["obstacles"]]

    assert told(planned(north, nora, "a@gmail.com")) == ["sender-dmarc"]
    assert told(planned(north, nora, "a@gmail.com", "b@north.example")) == ["self-to-self", "sender-dmarc"]
    older = planned(north, nora, "a@gmail.com")
    del older.results["own"]
    older.save()
    assert told(older) == ["self-to-self", "sender-dmarc"]


def test_the_page_answers_what_it_asks(north: BranchProfile, nora: User, as_nora: Client) -> None:
    def answer(*lines: str) -> Answer:
        found: Answer = as_nora.get(f"/mailings/{planned(north, nora, *lines).code}/").context["answer"]
        return found

    assert answer("a@gmail.com") == Answer(May.YES, 1, 1, ())
    but = answer("a@gmail.com", "a@gmail.com")
    assert (but.may, but.left, [item.actor for item in but.conditions]) == (May.BUT, 1, ["branch"])
    assert answer("nonsense").may == May.NO
    Watch.objects.create(
        domain=north.from_domains.get(), next_at=NOW, standing={"a": standing("sender-dmarc", "Nothing vouches")}
    )
    but = answer("a@gmail.com")
    assert (but.may, [item.actor for item in but.conditions]) == (May.BUT, ["branch_it"])
    BranchProfile.objects.update(email_function="suspended", suspended_reason="Complaints")
    no = answer("a@gmail.com")
    assert (no.may, [item.actor for item in no.conditions]) == (May.NO, ["branch"])


def test_a_server_that_puts_off_mail_is_a_condition() -> None:
    assert one(Known(is_slow=True)).is_slow
    but = answer_of(lines=1, left=1, hours=1, slow=1, obstacles=[])
    assert (but.may, len(but.conditions)) == (May.BUT, 1)
