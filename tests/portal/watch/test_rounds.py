"""Looking by itself: what is due is begun once, what is over is read once, and each matter is told once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from diagnostics import runner
from diagnostics.engine.lists import lists
from diagnostics.engine.zone import Zone
from diagnostics.models import Run, RunState
from portal.accounts.models import User
from portal.branches.models import BranchEvent, BranchProfile, SendingDomain
from portal.planning.today import obstacles
from portal.watch import notify, rounds
from portal.watch.models import Notice, Watch

#: North's DNS without its key, and with one.
KEY = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
BARE: dict[str, Any] = {
    "north.example": {"MX": [[10, "mx.north.example"]], "TXT": ["v=spf1 -all"]},
    "mx.north.example": {"A": ["192.0.2.40"]},
    "_dmarc.north.example": {"TXT": ["v=DMARC1; p=none"]},
    "smtp.xenegrade.net": {"A": ["192.0.2.10"]},
    "xenegrade.net": {"TXT": ["v=spf1 ip4:192.0.2.10 -all"]},
    "10.2.0.192.in-addr.arpa": {"PTR": ["smtp.xenegrade.net"]},
}
SOUND = BARE | {"xen1._domainkey.north.example": {"TXT": [KEY]}}
LISTED = SOUND | {"10.2.0.192.zen.spamhaus.org": {"A": ["127.0.0.2"]}}
DARK = {**SOUND, "_domainkey.north.example": "TIMEOUT", "xen1._domainkey.north.example": "TIMEOUT"}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What DNS says; a test puts another zone into it."""
    held: dict[str, Any] = {"zone": SOUND}
    for module in (runner, rounds):
        monkeypatch.setattr(module, "resolver_from_settings", lambda fresh=False: Zone(held["zone"]))
    return held


def look_at(watch: Watch, world: dict[str, Any], zone: dict[str, Any]) -> None:
    """One whole look: begun, performed, read."""
    world["zone"] = zone
    run = rounds.look(watch, by=None)
    runner.perform(run.pk)
    rounds.read_done()
    watch.refresh_from_db()


@pytest.fixture
def watch(north: BranchProfile) -> Watch:
    return rounds.watch_of(SendingDomain.objects.get(branch=north))


def kinds(branch: BranchProfile) -> list[str]:
    return list(BranchEvent.objects.filter(branch=branch).order_by("pk").values_list("kind", flat=True))


def test_everything_is_enrolled_once(north: BranchProfile, south: BranchProfile) -> None:
    rounds.enrol()
    rounds.enrol()
    assert Watch.objects.exclude(domain=None).count() == 2
    assert Watch.objects.exclude(server=None).count() == 1
    assert Watch.objects.exclude(zone=None).count() == len(lists())


def test_nothing_is_due_at_once_and_all_of_it_later(north: BranchProfile) -> None:
    rounds.enrol()
    assert rounds.begin_due() == []
    assert not Run.objects.exists()
    Watch.objects.update(next_at=timezone.now() - timedelta(seconds=1))
    assert len(rounds.begin_due()) == len(lists())
    assert Run.objects.count() == 2
    rounds.begin_due()
    assert Run.objects.count() == 2
    assert {run.requested_by for run in Run.objects.all()} == {None}


def test_the_first_look_tells_of_problems_and_makes_no_event(watch: Watch, north: BranchProfile, world: Any) -> None:
    look_at(watch, world, BARE)
    assert "watch_worse" not in kinds(north)
    assert [notice.key.split(" ")[0] for notice in Notice.objects.all()] == ["dkim.absent"]


def test_what_goes_wrong_is_an_event_and_a_notice_and_both_end(watch: Watch, north: BranchProfile, world: Any) -> None:
    look_at(watch, world, SOUND)
    assert not Notice.objects.exists()
    look_at(watch, world, BARE)
    assert kinds(north)[-1] == "watch_worse"
    assert Notice.objects.get().is_open
    look_at(watch, world, BARE)
    assert (kinds(north).count("watch_worse"), Notice.objects.count()) == (1, 1)
    look_at(watch, world, SOUND)
    assert kinds(north)[-1] == "watch_better"
    assert not Notice.objects.get().is_open


def test_a_name_server_that_is_silent_changes_nothing(watch: Watch, north: BranchProfile, world: Any) -> None:
    look_at(watch, world, SOUND)
    before = kinds(north)
    look_at(watch, world, DARK)
    assert kinds(north) == before
    assert not Notice.objects.exists()


def test_a_run_that_could_not_be_finished_changes_nothing(watch: Watch, north: BranchProfile, world: Any) -> None:
    look_at(watch, world, BARE)
    run = rounds.look(watch, by=None)
    Run.objects.filter(pk=run.pk).update(state=RunState.FAILED)
    assert rounds.read_done() == 1
    assert Notice.objects.get().is_open


def test_a_look_is_read_once(watch: Watch, world: Any) -> None:
    runner.perform(rounds.look(watch, by=None).pk)
    assert (rounds.read_done(), rounds.read_done()) == (1, 0)


def test_a_listed_server_concerns_every_branch_that_sends_by_it(
    north: BranchProfile, south: BranchProfile, world: Any
) -> None:
    rounds.enrol()
    watch = Watch.objects.exclude(server=None).get()
    look_at(watch, world, SOUND)
    look_at(watch, world, LISTED)
    assert kinds(north)[-1] == kinds(south)[-1] == "watch_worse"
    assert Notice.objects.get().key.startswith("list.listed")


def test_one_listing_is_one_matter_whoever_finds_it(watch: Watch, world: Any, north: BranchProfile) -> None:
    """The From-domain is looked at with the server it sends through, and the server by itself."""
    of_server = Watch.objects.create(server=north.sending_server, next_at=timezone.now())
    for each in (watch, of_server):
        look_at(each, world, SOUND)
    for each in (watch, of_server):
        look_at(each, world, LISTED)
    notice = Notice.objects.get(key__startswith="list.listed")
    assert notice.subject == "smtp.xenegrade.net"
    assert notice.url == "/deliveries/?cause=sender_ip_blocked&server=smtp.xenegrade.net"
    assert [item.title for item in obstacles(north)].count(notice.title) == 1
    look_at(of_server, world, SOUND)
    assert not Notice.objects.filter(key__startswith="list.listed", closed=None).exists()


def test_a_list_that_answers_everything_is_noticed(world: Any, db: None) -> None:
    rounds.enrol()
    watch = Watch.objects.get(zone="zen.spamhaus.org")
    healthy = {"2.0.0.127.zen.spamhaus.org": {"A": ["127.0.0.2"]}}
    world["zone"] = healthy | {"1.0.0.127.zen.spamhaus.org": {"A": ["127.0.0.2"]}}
    rounds.look_at_list(watch.pk)
    assert Notice.objects.get().is_open
    world["zone"] = healthy
    rounds.look_at_list(watch.pk)
    assert not Notice.objects.get().is_open


def test_a_list_that_is_silent_is_not_called_ill(world: Any, db: None) -> None:
    rounds.enrol()
    world["zone"] = {"zen.spamhaus.org": "TIMEOUT"}
    rounds.look_at_list(Watch.objects.get(zone="zen.spamhaus.org").pk)
    assert not Notice.objects.exists()


class TestTelling:
    """One mail for all that began together, to the desk's address or else to the admins."""

    @pytest.fixture
    def opened(self, watch: Watch) -> list[Notice]:
        long_ago = timezone.now() - timedelta(minutes=5)
        return [
            Notice.objects.create(watch=watch, key=f"k{n}", title=f"Title {n}", actor="support", opened=long_ago)
            for n in range(3)
        ]

    def test_one_mail(self, opened: list[Notice], ada: User) -> None:
        assert notify.tell_untold() == 3
        assert notify.tell_untold() == 0
        assert [message.to for message in mail.outbox] == [["ada@desk.example"]]
        assert mail.outbox[0].body.count("Title") == 3

    def test_support_is_told_what_is_its_turn(self, opened: list[Notice], ada: User, ida: User) -> None:
        Notice.objects.filter(key="k2").update(actor="branch_it")
        assert notify.tell_untold() == 3
        told = {message.to[0]: message.body for message in mail.outbox}
        assert set(told) == {"ada@desk.example", "ida@desk.example"}
        assert (told["ida@desk.example"].count("Title"), told["ada@desk.example"].count("Title")) == (2, 1)

    def test_who_of_support_wants_no_mail_gets_none(self, opened: list[Notice], ada: User, ida: User) -> None:
        User.objects.filter(pk=ida.pk).update(hears_of_tickets=False)
        assert notify.tell_untold() == 3
        assert [message.to for message in mail.outbox] == [["ada@desk.example"]]

    def test_to_the_desk_where_it_has_an_address(self, opened: list[Notice], ada: User, settings: Any) -> None:
        settings.SUPPORT_ADDRESS = "desk@desk.example"
        notify.tell_untold()
        assert mail.outbox[0].to == ["desk@desk.example"]

    def test_what_is_over_is_not_told(self, opened: list[Notice], ada: User) -> None:
        Notice.objects.update(closed=timezone.now())
        assert notify.tell_untold() == 0

    def test_what_is_brand_new_waits_for_its_fellows(self, watch: Watch, ada: User) -> None:
        Notice.objects.create(watch=watch, key="k", title="Just now", actor="support")
        assert notify.tell_untold() == 0

    def test_what_could_not_be_sent_is_tried_again(
        self, opened: list[Notice], ada: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(self: Any) -> None:
            raise OSError("no way out")

        with monkeypatch.context() as patch:
            patch.setattr("django.core.mail.EmailMessage.send", refuse)
            assert notify.tell_untold() == 0
        assert notify.tell_untold() == 3
