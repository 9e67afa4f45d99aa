"""What leaves its habit is told once, at one place, with its reason, and closes by itself.

It is Wednesday, a quarter past two (UTC). In each of the four weeks before, the same six hours had a hundred recipients
each at Gmail, two of them put off.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.maillog.models import AttemptCount, Delivery, HourCount
from portal.rates import alerts, tallies
from portal.rates.models import StuckCount
from portal.rates.tasks import review_complaints, review_rates
from portal.watch import notify
from portal.watch.models import Notice
from tests import make
from tests.portal.rates.counted import HOUR, NOW, SERVER, attempts, day, four_weeks, handed, hour

OTHERS = ("yahoo", "outlook", "icloud")


def open_keys() -> list[str]:
    return sorted(Notice.objects.filter(closed=None).values_list("key", flat=True))


@pytest.fixture
def throttled(db: None) -> None:
    """Gmail puts off four in ten since one o'clock, after weeks of two in a hundred."""
    four_weeks()
    for ago in range(2, 6):
        attempts(ago, accepted=98, deferred=2)
    for ago in range(2):
        attempts(ago, accepted=60, deferred=40)


class TestDeferrals:
    def test_a_provider_that_puts_off_more_than_usual(self, throttled: None) -> None:
        assert alerts.review(NOW) == 1
        notice = Notice.objects.get()
        assert notice.key == "rates.deferred provider:gmail"
        assert (notice.about, notice.actor, notice.link) == ("Gmail", "support", "/rates/to/gmail/")
        assert "40 % of 200 tries were put off since 13:00 UTC" in notice.reason
        assert "2.0 % of 2,400, in no such hour more than 2.0 %" in notice.reason

    def test_an_hour_that_has_hardly_begun_does_not_hide_since_when(self, throttled: None) -> None:
        AttemptCount.objects.filter(hour=hour()).delete()
        attempts(0, accepted=1)
        alerts.review(NOW)
        assert "40 % of 101 tries were put off since 13:00 UTC" in Notice.objects.get().reason

    def test_it_is_told_once(self, throttled: None) -> None:
        for minutes in (0, 5, 10):
            alerts.review(NOW + timedelta(minutes=minutes))
        assert open_keys() == ["rates.deferred provider:gmail"]
        assert Notice.objects.count() == 1

    def test_what_is_usual_is_not_told(self, db: None) -> None:
        four_weeks(deferred=40, accepted=60)
        for ago in range(6):
            attempts(ago, accepted=60, deferred=40)
        assert alerts.review(NOW) == 0

    def test_a_handful_is_not_told(self, db: None) -> None:
        attempts(0, accepted=2, deferred=19)
        attempts(1, accepted=30)
        assert alerts.review(NOW) == 0

    def test_without_a_habit_it_says_so(self, db: None) -> None:
        attempts(0, accepted=30, deferred=70)
        alerts.review(NOW)
        assert "too little was sent" in Notice.objects.get().reason

    def test_the_month_speaks_where_the_same_hours_are_thin(self, db: None) -> None:
        """Mail that goes out at night as a rule, half of which is put off as a rule."""
        for ago in range(40, 45):
            attempts(ago, accepted=500, deferred=500)
        attempts(0, accepted=60, deferred=40)
        assert alerts.review(NOW) == 0

    def test_a_server_that_many_providers_put_off_is_one_matter(self, throttled: None) -> None:
        for provider in OTHERS:
            four_weeks(provider=provider)
            attempts(0, provider=provider, accepted=40, deferred=60)
        alerts.review(NOW)
        assert open_keys() == [f"rates.deferred server:{SERVER}"]

    def test_one_provider_that_puts_off_two_servers_is_one_matter(self, throttled: None) -> None:
        for provider in OTHERS:
            four_weeks(provider=provider)
            attempts(0, provider=provider, accepted=98, deferred=2)
        four_weeks(server="mail.south.example")
        attempts(0, server="mail.south.example", accepted=50, deferred=50)
        alerts.review(NOW)
        assert open_keys() == ["rates.deferred provider:gmail"]

    def test_what_those_without_a_name_do_is_the_servers_matter(self, db: None) -> None:
        attempts(0, provider="", accepted=40, deferred=60)
        alerts.review(NOW)
        assert open_keys() == [f"rates.deferred server:{SERVER}"]

    def test_one_receiver_without_a_name_is_told_by_its_own(self, north: BranchProfile) -> None:
        """What most of it is about, and how many recipients that is; tries are more."""
        attempts(0, provider="", accepted=40, deferred=60)
        for number in range(20):
            make.delivery(
                north, f"m{number}@bignet.example", "deferred", NOW - HOUR, server=SERVER, cause="rate_limited",
                remote_host="mx.bignet.example",
            )  # fmt: skip
        alerts.review(NOW)
        notice = Notice.objects.get()
        assert "bignet.example" in notice.title
        assert "20 recipients wait there" in notice.reason
        assert "60 % of 100 tries" in notice.reason

    def test_a_provider_is_the_matter_only_without_the_server_that_is_one(self, throttled: None) -> None:
        """A second server, which nobody puts off, keeps Gmail from being told besides."""
        for provider in OTHERS:
            four_weeks(provider=provider)
            attempts(0, provider=provider, accepted=40, deferred=60)
        four_weeks(server="mail.south.example")
        attempts(0, server="mail.south.example", accepted=98, deferred=2)
        alerts.review(NOW)
        assert open_keys() == [f"rates.deferred server:{SERVER}"]

    def test_the_cause_decides_whose_turn_it_is(self, throttled: None, north: BranchProfile) -> None:
        delivery = make.delivery(north, "a@gmail.com", "deferred", NOW - HOUR, cause="auth_failure", provider="gmail")
        Delivery.objects.filter(pk=delivery.pk).update(server=SERVER)
        alerts.review(NOW)
        assert Notice.objects.get().actor == "branch_it"


class TestClosing:
    @pytest.fixture
    def told(self, throttled: None) -> Notice:
        alerts.review(NOW)
        return Notice.objects.get()

    def test_it_closes_when_the_share_is_back(self, told: Notice) -> None:
        AttemptCount.objects.filter(hour__gte=hour(1)).delete()
        attempts(0, accepted=50, deferred=1)
        alerts.review(NOW)
        told.refresh_from_db()
        assert not told.is_open

    def test_it_stays_while_that_is_not_clear(self, told: Notice) -> None:
        AttemptCount.objects.filter(hour__gte=hour(1)).delete()
        attempts(0, accepted=88, deferred=12)
        alerts.review(NOW)
        assert open_keys() == [told.key]

    def test_it_closes_when_nothing_is_sent_any_more(self, told: Notice) -> None:
        AttemptCount.objects.filter(hour__gte=hour(6)).delete()
        alerts.review(NOW)
        assert open_keys() == []

    def test_what_comes_back_soon_is_the_same_matter(self, told: Notice) -> None:
        Notice.objects.update(closed=NOW - HOUR, is_told=True)
        alerts.review(NOW)
        told.refresh_from_db()
        assert told.is_open
        assert told.is_told

    def test_what_comes_back_later_is_another(self, told: Notice) -> None:
        Notice.objects.update(opened=NOW - 20 * HOUR, closed=NOW - 10 * HOUR)
        alerts.review(NOW)
        assert Notice.objects.count() == 2

    def test_notices_of_other_rooms_are_left_alone(self, told: Notice) -> None:
        Notice.objects.create(key="elsewhere.something", title="x", actor="support")
        Notice.objects.create(key="rates.complaints branch:1", title="x", actor="branch")
        alerts.review(NOW + timedelta(days=1))
        assert open_keys() == ["elsewhere.something", "rates.complaints branch:1"]


class TestRefusals:
    def test_a_branch_with_an_old_list_is_one_matter(self, north: BranchProfile, south: BranchProfile) -> None:
        """Half of what North sends is refused at Gmail and at Yahoo; South's mail there is refused hardly ever."""
        four_weeks(refused=1)
        four_weeks(provider="yahoo", refused=1)
        handed(north, 1, accepted=100, refused=100)
        handed(south, 1, accepted=100, refused=1)
        for provider in ("gmail", "yahoo"):
            attempts(1, provider=provider, accepted=100, refused=50)
            day(north, 50, state="refused", provider=provider, cause="no_such_user")
        alerts.review(NOW)
        assert open_keys() == [f"rates.refused branch:{north.pk}"]
        assert Notice.objects.get().link == "/branches/north/deliveries/?state=undelivered"

    def test_a_provider_that_refuses_everybody(self, north: BranchProfile, south: BranchProfile) -> None:
        four_weeks(refused=1)
        attempts(0, accepted=50, refused=50)
        alerts.review(NOW)
        assert open_keys() == ["rates.refused provider:gmail"]

    def test_what_never_went_out_is_not_counted(self, north: BranchProfile) -> None:
        handed(north, 0, accepted=100, error=100)
        assert alerts.review(NOW) == 0


class TestStuck:
    """Of a branch's mail: what is still put off an hour after it was handed over."""

    def test_it_is_written_down_when_it_is_old_enough(self, north: BranchProfile) -> None:
        for ago in (0, 1, 2, 12, 13):
            handed(north, ago, accepted=90, deferred=10, error=5)
        assert tallies.write_down_stuck(hour()) == 2
        assert tallies.write_down_stuck(hour()) == 0
        assert list(StuckCount.objects.order_by("hour").values_list("hour", "recipients", "stuck")) == [
            (hour(12), 100, 10),
            (hour(2), 100, 10),
        ]

    def test_what_was_stuck_is_compared_with_what_was_stuck(self, north: BranchProfile) -> None:
        """Last week a third was stuck too; that all of it arrived in the end does not make today unusual."""
        for week in range(1, 5):
            StuckCount.objects.create(branch=north, hour=hour(week * 168 + 2), recipients=100, stuck=35)
            handed(north, week * 168 + 2, accepted=100)
        handed(north, 2, accepted=60, deferred=40)
        assert alerts.review(NOW) == 0

    def test_a_branch_of_whose_mail_more_is_stuck(self, north: BranchProfile) -> None:
        for week in range(1, 5):
            StuckCount.objects.create(branch=north, hour=hour(week * 168 + 2), recipients=100, stuck=1)
        handed(north, 2, accepted=60, deferred=40)
        alerts.review(NOW)
        notice = Notice.objects.get()
        assert notice.key == f"rates.deferred branch:{north.pk}"
        assert "40 % of 100 recipients were still put off an hour after" in notice.reason

    def test_not_where_a_provider_is_told_already(self, throttled: None, north: BranchProfile) -> None:
        handed(north, 2, accepted=60, deferred=40)
        day(north, 40, state="deferred", cause="rate_limited")
        alerts.review(NOW)
        assert open_keys() == ["rates.deferred provider:gmail"]

    def test_not_where_its_server_is_told_already(self, throttled: None, north: BranchProfile) -> None:
        for provider in OTHERS:
            attempts(0, provider=provider, accepted=40, deferred=60)
        handed(north, 2, accepted=60, deferred=40)
        alerts.review(NOW)
        assert open_keys() == [f"rates.deferred server:{SERVER}"]

    def test_old_counts_go(self, north: BranchProfile) -> None:
        StuckCount.objects.create(branch=north, hour=hour(24 * 36), recipients=1, stuck=0)
        StuckCount.objects.create(branch=north, hour=hour(24 * 34), recipients=1, stuck=0)
        alerts.review(NOW)
        assert StuckCount.objects.count() == 1


class TestComplaints:
    def test_more_than_one_in_a_thousand(self, north: BranchProfile) -> None:
        day(north, 900, complaints=4)
        day(north, 100, complaints=1, ago=6)
        assert alerts.review_complaints(NOW) == 1
        notice = Notice.objects.get()
        assert (notice.key, notice.actor) == (f"rates.complaints branch:{north.pk}", "branch")
        assert "5 of 1,000 recipients" in notice.reason

    def test_the_provider_where_the_share_is_highest(self, north: BranchProfile) -> None:
        day(north, 90_000)
        day(north, 500, provider="yahoo", complaints=5)
        alerts.review_complaints(NOW)
        assert "5 of 500 recipients whose server at Yahoo" in Notice.objects.get().reason

    @pytest.mark.parametrize(("recipients", "complaints", "ago"), [(300, 2, 0), (5000, 5, 0), (300, 5, 9)])
    def test_too_few_of_them_or_long_ago(
        self, north: BranchProfile, recipients: int, complaints: int, ago: int
    ) -> None:
        day(north, recipients, complaints=complaints, ago=ago)
        assert alerts.review_complaints(NOW) == 0

    def test_it_closes_when_the_share_is_back(self, north: BranchProfile) -> None:
        day(north, 900, complaints=5)
        alerts.review_complaints(NOW)
        alerts.review_complaints(NOW + timedelta(days=9))
        assert open_keys() == []


def test_one_mail_for_all_of_them(throttled: None, ada: User) -> None:
    alerts.review(NOW)
    Notice.objects.update(opened=timezone.now() - timedelta(minutes=5))
    assert notify.tell_untold() == 1
    assert "Gmail" in mail.outbox[0].body
    assert "40 % of 200" in mail.outbox[0].body


def test_the_tasks(db: None) -> None:
    review_rates()
    review_complaints()
    assert not Notice.objects.exists()


def test_a_flood_is_cut(db: None) -> None:
    for number in range(20):
        attempts(0, server=f"mail{number:02}.example", provider="", accepted=0, deferred=100 + number)
    assert alerts.review(NOW) == 20
    assert len(open_keys()) == alerts.MOST_OPENED
    assert "rates.deferred server:mail19.example" in open_keys()


def test_queries_do_not_grow_with_what_is_in_order(north: BranchProfile, django_assert_num_queries: object) -> None:
    """Twenty servers at four providers cost what one does."""
    for number in range(20):
        for provider in ("gmail", *OTHERS):
            attempts(0, server=f"mail{number:02}.example", provider=provider, accepted=100)
    HourCount.objects.create(branch=north, hour=hour(), state="accepted", recipients=100)
    with django_assert_num_queries(10):  # type: ignore[operator]
        alerts.review(NOW)
