"""Reading by what support has named: at once, in every process, and what is stored again, piece by piece."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.maillog import rereading, rules, tasks
from portal.maillog.models import DayCount, DeliveryEvent, ReplyRule
from portal.maillog.replies import forget_rules, named_rules, reading_of
from tests.portal.maillog.named import LINES, PART, REFUSED, SAID, causes, line, name_it, read_all, take


@pytest.fixture(autouse=True)
def _rules() -> Iterator[None]:
    """What a process remembers of rules must not outlive their test."""
    forget_rules()
    yield
    forget_rules()


@pytest.fixture
def log(north: BranchProfile) -> BranchProfile:
    take(*LINES)
    return north


class TestReading:
    def test_a_named_reply_is_read_at_once(self, ida: User, db: None) -> None:
        assert reading_of(SAID).cause == REFUSED
        rule = name_it(ida)
        assert (reading_of(SAID).cause, reading_of(SAID).rule) == ("recipient_policy", f"named.{rule.pk}")
        rules.switch_rule(rule, is_on=False)
        assert reading_of(SAID).cause == REFUSED

    def test_another_process_knows_it_within_a_minute(
        self, ida: User, db: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        clock = {"now": 1000.0}
        monkeypatch.setattr("portal.maillog.replies.monotonic", lambda: clock["now"])
        assert reading_of(SAID).cause == REFUSED
        # Saved elsewhere, so that nobody tells this process of it.
        ReplyRule.objects.create(text=PART, cause="recipient_policy", by=ida)
        clock["now"] += 20
        assert reading_of(SAID).cause == REFUSED
        clock["now"] += 20
        assert reading_of(SAID).cause == "recipient_policy"

    def test_the_rules_are_not_asked_for_with_every_reply(self, db: None, django_assert_num_queries: Any) -> None:
        with django_assert_num_queries(1):
            for _ in range(100):
                reading_of(SAID)

    def test_new_mail_is_read_by_it(self, ida: User, north: BranchProfile) -> None:
        name_it(ida)
        take(line("refused", "m9", "z@corp.example", SAID))
        assert causes() == {"z@corp.example": "recipient_policy"}

    @pytest.mark.parametrize(
        ("bound", "host", "expected"),
        [
            ({"provider": "yahoo"}, "mta5.am0.yahoodns.net", "recipient_policy"),
            ({"provider": "yahoo"}, "mx.corp.example", REFUSED),
            ({"reply_code": "554"}, "", "recipient_policy"),
            ({"reply_code": "4"}, "", REFUSED),
            ({"status": "5.7.1"}, "", REFUSED),
        ],
    )
    def test_what_it_is_bound_to(self, ida: User, db: None, bound: dict[str, str], host: str, expected: str) -> None:
        name_it(ida, **bound)
        assert reading_of("554 They decline this parcel", remote_host=host).cause == expected

    def test_a_rule_the_engine_has_outgrown_is_left_out(self, db: None) -> None:
        ReplyRule.objects.create(text="no", cause="mailbox_full")
        assert named_rules() == ()


class TestReadingAgain:
    def test_what_nobody_had_classified(self, ida: User, log: BranchProfile) -> None:
        rule = name_it(ida)
        assert rereading.left(rule) == 3
        read_all(rule)
        assert rereading.left(rule) == 0
        assert set(causes().values()) == {"recipient_policy", "mailbox_full"}
        # What was given up got its cause from the deferral before.
        assert causes()["b@corp.example"] == "recipient_policy"
        assert set(DeliveryEvent.objects.filter(reply__contains=PART).values_list("cause", flat=True)) == {
            "recipient_policy"
        }

    def test_the_counts_move_along(self, ida: User, log: BranchProfile) -> None:
        read_all(name_it(ida))
        rows = DayCount.objects.filter(recipients__gt=0, state="refused")
        counts = {row.cause: row.recipients for row in rows}
        assert counts == {"recipient_policy": 3, "mailbox_full": 1}

    def test_twice_changes_nothing(self, ida: User, log: BranchProfile) -> None:
        rule = name_it(ida)
        read_all(rule)
        assert rereading.read_piece(rule, REFUSED).changed == 0
        before = causes()
        read_all(rule)
        assert causes() == before

    def test_in_pieces(self, ida: User, log: BranchProfile, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(rereading, "PIECE", 2)
        rule = name_it(ida)
        first = rereading.read_piece(rule, REFUSED)
        assert (first.looked_at, first.changed, first.next is None) == (2, 2, False)
        second = rereading.read_piece(rule, REFUSED, before=first.next)
        assert (second.looked_at, second.changed, second.next) == (1, 1, None)
        assert REFUSED not in causes().values()

    def test_a_task_hands_on_what_it_has_no_time_for(
        self, ida: User, log: BranchProfile, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(rereading, "PIECE", 1)
        monkeypatch.setattr(tasks, "SECONDS", -1)
        rung: list[tuple[Any, ...]] = []
        monkeypatch.setattr(tasks, "ring", lambda task, *args: rung.append(args))
        rule = name_it(ida)
        tasks.read_again(rule.pk, REFUSED)
        while rung:
            tasks.read_again(*rung.pop())
        assert REFUSED not in causes().values()

    def test_switched_off_it_is_as_if_it_had_never_been(self, ida: User, log: BranchProfile) -> None:
        before = causes()
        rule = name_it(ida)
        read_all(rule)
        rules.switch_rule(rule, is_on=False)
        assert rereading.left(rule) > 0
        read_all(rule, "recipient_policy")
        assert causes() == before

    def test_another_cause(self, ida: User, log: BranchProfile) -> None:
        rule = name_it(ida)
        read_all(rule)
        again = name_it(ida, cause="spam_content", rule=rule)
        assert again.pk == rule.pk
        read_all(rule, "recipient_policy")
        assert set(causes().values()) == {"spam_content", "mailbox_full"}

    def test_other_words_are_another_rule(self, ida: User, log: BranchProfile) -> None:
        rule = name_it(ida)
        read_all(rule)
        again = name_it(ida, text="the gnomes of", rule=rule)
        rule.refresh_from_db()
        assert (again.pk != rule.pk, rule.is_on, again.is_on) == (True, False, True)
        read_all(rule, "recipient_policy")
        read_all(again)
        assert causes()["a1@corp.example"] == "recipient_policy"
        # The new words do not fit this one.
        assert causes()["b@corp.example"] == "still_trying"

    def test_what_it_takes_away_from_another_cause(self, ida: User, log: BranchProfile) -> None:
        """What is named goes before what servers say in general."""
        rule = name_it(ida, text="mailbox full", cause="mailbox_disabled")
        read_all(rule, "mailbox_full")
        assert causes()["c@corp.example"] == "mailbox_disabled"

    def test_a_rule_that_is_gone(self, db: None) -> None:
        tasks.read_again(999, REFUSED)

    def test_the_sweep_finds_what_a_lost_bell_forgot(
        self, ida: User, log: BranchProfile, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rung: list[tuple[Any, ...]] = []
        monkeypatch.setattr(tasks.read_again, "delay", lambda *args: rung.append(args))
        rule = name_it(ida)
        tasks.sweep_readings()
        assert rung == [(rule.pk, REFUSED)]
        read_all(rule)
        rung.clear()
        tasks.sweep_readings()
        assert rung == []

    def test_saving_rings(self, ida: User, log: BranchProfile, monkeypatch: pytest.MonkeyPatch) -> None:
        rung: list[tuple[Any, ...]] = []
        monkeypatch.setattr(rules, "ring", lambda task, *args: rung.append(args))
        rule = name_it(ida, taken=["mailbox_full"])
        assert rung == [(rule.pk, cause) for cause in sorted(("mailbox_full", *rereading.UNNAMED))]
