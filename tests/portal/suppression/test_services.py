"""Which entry holds, which one gives way, and what never comes back by itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.suppression import services
from portal.suppression.models import Ending, Reason, Suppression
from portal.suppression.services import SuppressionProblem, suppress
from tests.portal.suppression.conftest import suppressed

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
LEE = "lee@corp.example"

pytestmark = [pytest.mark.django_db]


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def in_force(branch: BranchProfile) -> list[tuple[str, datetime | None]]:
    rows = Suppression.objects.filter(branch=branch, ended=None)
    return [(row.reason, row.until) for row in rows if row.is_in_force]


def test_an_address_is_known_in_any_case(north: BranchProfile) -> None:
    first = suppressed(north, "Lee@Corp.Example")
    assert suppressed(north, LEE) == first
    assert (first.address_normal, first.domain) == (LEE, "corp.example")


def test_each_branch_has_its_own(north: BranchProfile, south: BranchProfile) -> None:
    assert suppressed(north) != suppressed(south)


@pytest.mark.parametrize("address", ["", "lee", "lee@", "@corp.example", "lee@corp..example", "a b@corp.example"])
def test_what_is_no_address(north: BranchProfile, address: str) -> None:
    with pytest.raises(SuppressionProblem):
        suppressed(north, address)


BOUNCE_SOON = ("hard_bounce", NOW + DAY)
BOUNCE_LATE = ("hard_bounce", NOW + 9 * DAY)
BOUNCE_EVER = ("hard_bounce", None)
OPT_OUT = ("opt_out", None)
COMPLAINT = ("complaint", None)


@pytest.mark.parametrize(
    ("first", "then", "holds"),
    [
        (BOUNCE_SOON, BOUNCE_LATE, BOUNCE_LATE),
        (BOUNCE_LATE, BOUNCE_SOON, BOUNCE_LATE),
        (BOUNCE_LATE, OPT_OUT, OPT_OUT),
        (OPT_OUT, BOUNCE_EVER, OPT_OUT),
        (BOUNCE_EVER, COMPLAINT, COMPLAINT),
        (OPT_OUT, COMPLAINT, OPT_OUT),
        (("manual", None), OPT_OUT, OPT_OUT),
        (("manual", None), BOUNCE_SOON, ("manual", None)),
    ],
)
def test_the_stronger_holds(
    north: BranchProfile,
    first: tuple[str, datetime | None],
    then: tuple[str, datetime | None],
    holds: tuple[str, datetime | None],
) -> None:
    for reason, until in (first, then, then, first):
        suppressed(north, reason=reason, until=until)
    assert in_force(north) == [holds]


def test_what_gave_way_is_kept_and_says_so(north: BranchProfile) -> None:
    weak = suppressed(north, reason="hard_bounce", until=NOW + DAY)
    suppressed(north)
    weak.refresh_from_db()
    assert (weak.ending, weak.ended) == (Ending.REPLACED, NOW)


def test_what_ran_out_gives_way_to_anything(north: BranchProfile) -> None:
    old = suppressed(north, reason="opt_out", until=NOW + DAY)
    with time_machine.travel(NOW + 2 * DAY, tick=False):
        suppressed(north, reason="hard_bounce", until=NOW + 3 * DAY)
        assert in_force(north) == [("hard_bounce", NOW + 3 * DAY)]
    old.refresh_from_db()
    assert (old.ending, old.ended) == (Ending.LAPSED, NOW + DAY)


def test_a_time_that_is_over(north: BranchProfile) -> None:
    with pytest.raises(SuppressionProblem):
        suppress(north, address=LEE, reason=Reason.MANUAL, until=NOW)


def test_ending_needs_a_reason(entry: Suppression, nora: User) -> None:
    with pytest.raises(SuppressionProblem):
        services.end(entry, because=" ", by=nora)


def test_ending_twice_keeps_the_first_word(entry: Suppression, nora: User, ida: User) -> None:
    services.end(entry, because="The mailbox works again.", by=nora)
    again = services.end(entry, because="Something else.", by=ida)
    assert (again.ended_by, again.ended_because) == (nora, "The mailbox works again.")


@pytest.mark.parametrize("reason", ["opt_out", "complaint"])
def test_a_branch_cannot_set_the_recipients_will_aside(
    north: BranchProfile, nora: User, ida: User, reason: str
) -> None:
    entry = suppressed(north, reason=reason)
    with pytest.raises(SuppressionProblem):
        services.end(entry, because="We would like to write.", by=nora)
    assert services.end(entry, because="She asked us on the phone.", by=ida).ended == NOW


@pytest.mark.parametrize(
    ("cause", "permanence", "age", "is_suppressed"),
    [
        ("no_such_user", "hard", 1, True),
        ("domain_or_dns", "hard", 1, True),
        ("no_such_user", "soft", 1, False),
        ("mailbox_full", "hard", 1, False),
        ("recipient_policy", "hard", 1, False),
        ("sender_ip_blocked", "hard", 1, False),
        ("unknown", "hard", 1, False),
        ("", "hard", 1, False),
        ("no cause at all", "hard", 1, False),
        ("no_such_user", "hard", 200, False),
    ],
)
def test_which_bounce_suppresses(
    north: BranchProfile, cause: str, permanence: str, age: int, is_suppressed: bool
) -> None:
    at = NOW - age * DAY
    made = services.suppress_for_bounce(
        north, address=LEE, cause=cause, permanence=permanence, at=at, source="returned mail 1"
    )
    assert (made is not None) == is_suppressed
    if made is not None:
        assert (made.since, made.until) == (at, at + timedelta(days=180))


def test_a_complaint_is_for_good(north: BranchProfile) -> None:
    made = services.suppress_for_complaint(north, address=LEE, at=NOW, source="returned mail 1")
    assert made is not None
    assert (made.reason, made.until) == (Reason.COMPLAINT, None)


def test_what_was_told_of_a_time_before_it_was_ended_does_not_bring_it_back(
    north: BranchProfile, entry: Suppression, ida: User
) -> None:
    services.end(entry, because="The mailbox works again.", by=ida)
    told = {"address": LEE, "source": "returned mail 2"}
    for at in (NOW - DAY, NOW):
        assert services.suppress_for_complaint(north, at=at, **told) is None
        assert services.suppress_for_bounce(north, at=at, cause="no_such_user", permanence="hard", **told) is None
    with time_machine.travel(NOW + DAY, tick=False):
        assert (
            services.suppress_for_bounce(north, at=NOW + DAY, cause="no_such_user", permanence="hard", **told)
            is not None
        )


def test_taking_back_what_came_from_one_source(north: BranchProfile, ida: User) -> None:
    suppressed(north, reason="complaint", source="returned mail 7")
    told = {"address": LEE, "because": "It was no complaint.", "by": ida}
    assert not services.take_back(north, source="returned mail 71", **told)
    assert services.take_back(north, source="returned mail 7", **told)
    assert Suppression.objects.get().ending == Ending.TAKEN_BACK
    # Nobody judged the address itself, so other reports of it still count.
    assert services.suppress_for_complaint(north, address=LEE, at=NOW - DAY, source="returned mail 8") is not None
