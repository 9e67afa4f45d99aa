"""How far a message got: the same events give the same standing, in whatever order they came."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from portal.maillog.models import State
from portal.maillog.states import FINAL, standing_of
from tests.make import NOON


@dataclass(frozen=True)
class Told:
    minute: int
    state: str
    cause: str = ""
    fingerprint: str = ""
    reply: str = ""
    reply_code: str = ""
    status: str = ""
    remote_host: str = ""
    source: str = ""

    @property
    def at(self):  # type: ignore[no-untyped-def]
        return NOON + timedelta(minutes=self.minute)


TOLD = some.builds(
    Told,
    minute=some.integers(0, 5),
    state=some.sampled_from(State.values),
    cause=some.sampled_from(["", "rate_limited", "unknown"]),
    fingerprint=some.text("ab", max_size=3),
)


@given(events=some.lists(TOLD, min_size=1, max_size=8, unique_by=lambda event: event.fingerprint), order=some.randoms())
def test_the_order_does_not_matter(events: list[Told], order: object) -> None:
    shuffled = list(events)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    assert standing_of(shuffled) == standing_of(events)


@given(events=some.lists(TOLD, min_size=1, max_size=8))
def test_an_end_is_never_undone_by_what_is_none(events: list[Told]) -> None:
    standing = standing_of(events)
    told = [event for event in events if event.state != State.COMPLAINED]
    # A complaint alone proves that it came.
    assert (standing.state in FINAL) == (any(event.state in FINAL for event in events) or not told)
    assert standing.at == min(event.at for event in told or events)
    assert (standing.complained_at is not None) == (len(told) < len(events))


@pytest.mark.parametrize(
    ("events", "state", "cause", "attempts"),
    [
        ([(0, "submitted", ""), (1, "handed", "")], "handed", "", 0),
        ([(0, "submitted", ""), (1, "deferred", "greylisted"), (9, "accepted", "")], "accepted", "", 2),
        # A bounce that comes after the hand-over was accepted.
        ([(1, "accepted", ""), (9, "refused", "no_such_user")], "refused", "no_such_user", 2),
        # A clock that runs late does not take an end back.
        ([(1, "accepted", ""), (2, "handed", ""), (3, "deferred", "x")], "accepted", "", 2),
        ([(1, "deferred", "rate_limited"), (2, "deferred", "unknown"), (9, "expired", "network_or_timeout")],
         "expired", "rate_limited", 2),
        ([(1, "deferred", ""), (9, "expired", "network_or_timeout")], "expired", "network_or_timeout", 1),
        ([(1, "error", "send_error")], "error", "send_error", 0),
        ([(1, "accepted", ""), (1, "refused", "spam_content")], "refused", "spam_content", 2),
    ],
)  # fmt: skip
def test_where_it_stands(events: list[tuple[int, str, str]], state: str, cause: str, attempts: int) -> None:
    standing = standing_of(Told(minute, told, why) for minute, told, why in events)
    assert (standing.state, standing.cause, standing.attempts) == (state, cause, attempts)


@pytest.mark.parametrize("fingerprints", ["ab", "ba"])
def test_of_two_ends_in_one_second_the_one_that_knows_more_decides(fingerprints: str) -> None:
    """A server writes in its log that it gives up, and at once the report with what it was told last."""
    log = Told(5, State.EXPIRED, fingerprint=fingerprints[0], reply="expired, returned to sender")
    report = Told(5, State.EXPIRED, "mailbox_full", fingerprints[1], "452 full", "452", "4.2.2", source="dsn")
    assert standing_of([log, report]).reply == "452 full"


def test_a_report_without_a_host_is_about_the_attempt_before() -> None:
    tried = Told(1, State.REFUSED, "message_too_big", "a", remote_host="mx.corp.example", source="postfix")
    report = Told(2, State.REFUSED, "message_too_big", "b", source="dsn")
    assert standing_of([tried, report]).remote_host == "mx.corp.example"


@pytest.mark.parametrize(
    ("by_log", "state", "cause"),
    [
        ("self_to_self_blocked", "refused", "self_to_self_blocked"),
        ("mailbox_full", "refused", "recipient_policy"),
        # What was put off for one reason and refused for another has the later one.
        ("self_to_self_blocked", "deferred", "recipient_policy"),
    ],
)
def test_a_report_says_nothing_wider_than_the_log(by_log: str, state: str, cause: str) -> None:
    report = Told(1, "refused", "recipient_policy", fingerprint="b", source="dsn")
    assert standing_of([Told(0, state, by_log, fingerprint="a"), report]).cause == cause
