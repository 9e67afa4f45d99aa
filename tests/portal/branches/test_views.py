"""The pages that keep branches, servers, allow-lists and people; who may open which: tests/house/test_access.py."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from portal.accounts.models import User
from portal.branches.models import (
    AllowListEntry,
    BranchProfile,
    DKIMEntry,
    Membership,
    SendingDomain,
    SendingServer,
)
from tests import make

BRANCH = {
    "code": "west",
    "organisation": "West College",
    "notification_address": "office@west.example",
    "sending": "vendor",
    "time_zone": "UTC",
}


def test_a_branch_is_added(as_ada: Client) -> None:
    response = as_ada.post("/branches/add/", {**BRANCH, "sending_server": make.server().pk})
    assert response.headers["Location"] == "/branches/west/"
    assert BranchProfile.objects.get().events.get().kind == "added"


@pytest.mark.parametrize(
    ("field", "value"),
    [("code", "add"), ("code", "north"), ("notification_address", "x"), ("time_zone", "Mars"), ("sending", "own"),
     ("organisation", "a\x00b"), ("sending_server", "")],
)  # fmt: skip
def test_a_branch_with_something_wrong_is_shown_again(
    as_ada: Client, north: BranchProfile, field: str, value: str
) -> None:
    response = as_ada.post("/branches/add/", {**BRANCH, "sending_server": make.server().pk, field: value})
    assert response.status_code == 400
    assert {field, "sending_server"} & set(response.context["form"].errors)
    assert BranchProfile.objects.count() == 1


def edit(version: int, organisation: str = "North", **fields: Any) -> dict[str, Any]:
    data = {**BRANCH, "notification_address": "registrar@north.example", "organisation": organisation}
    return {**data, "sending_server": make.server().pk, "version": version, **fields}


def test_a_branch_is_edited_and_keeps_its_short_name(as_ada: Client, north: BranchProfile) -> None:
    assert as_ada.post("/branches/north/edit/", edit(1)).status_code == 302
    north.refresh_from_db()
    assert (north.organisation, north.code) == ("North", "north")


def test_two_admins_do_not_overwrite_each_other(as_ada: Client, north: BranchProfile) -> None:
    as_ada.post("/branches/north/edit/", edit(1, "First"))
    response = as_ada.post("/branches/north/edit/", edit(1, "Second"))
    assert response.status_code == 409
    assert [event.kind for event in response.context["missed"]] == ["changed"]
    assert b'value="Second"' in response.content
    north.refresh_from_db()
    assert north.organisation == "First"
    assert as_ada.post("/branches/north/edit/", edit(2, "Second")).status_code == 302


def test_a_branch_is_suspended_with_a_reason_and_resumed(as_ada: Client, north: BranchProfile) -> None:
    assert as_ada.post("/branches/north/suspend/", {"reason": " "}).status_code == 400
    assert as_ada.post("/branches/north/suspend/", {"reason": "Complaints"}).status_code == 302
    assert b"Complaints" in as_ada.get("/branches/north/").content
    as_ada.post("/branches/north/resume/")
    north.refresh_from_db()
    assert not north.is_suspended


def test_staff_read_their_branch_and_find_no_way_to_edit(as_nora: Client, north: BranchProfile) -> None:
    content = as_nora.get("/branches/north/").content.decode()
    assert "xen1" in content
    assert "/edit/" not in content
    assert "/suspend/" not in content


@pytest.mark.parametrize(
    ("sending", "who", "words"),
    [("vendor", "as_ada", "issue a key"), ("vendor", "as_nora", "ask support"), ("own", "as_ada", "own server signs")],
)
def test_who_brings_a_missing_dkim_entry(
    request: pytest.FixtureRequest, north: BranchProfile, sending: str, who: str, words: str
) -> None:
    client: Client = request.getfixturevalue(who)
    DKIMEntry.objects.all().delete()
    BranchProfile.objects.filter(pk=north.pk).update(sending=sending)
    assert words in client.get("/branches/north/").content.decode()


def test_the_story_is_told_in_words(as_ada: Client, north: BranchProfile) -> None:
    north.events.create(kind="changed", changes={"sending": ["vendor", "own"], "notification_address": ["", "a@b.c"]})
    content = as_ada.get("/branches/north/").content.decode()
    assert "Sends: Through the vendor&#x27;s server → Through the branch&#x27;s own server" in content
    assert "Notification address: a@b.c" in content
    assert "nothing" not in content


@pytest.mark.parametrize("domain", ["nonsense", "com", "gmail.com", "GMAIL.COM.", "outlook.com"])
def test_what_nobody_can_send_as(as_ada: Client, north: BranchProfile, domain: str) -> None:
    response = as_ada.post("/branches/north/domains/add/", {"domain": domain})
    assert response.status_code == 400
    assert "domain" in response.context["form"].errors
    assert SendingDomain.objects.count() == 1


def test_another_branchs_domain_is_asked_about(as_ada: Client, north: BranchProfile, south: BranchProfile) -> None:
    there = "/branches/north/domains/add/"
    response = as_ada.post(there, {"domain": "south.example", "is_shared": ""})
    assert response.status_code == 400
    assert "is_shared" in response.context["form"].errors
    assert b'type="checkbox"' in response.content
    assert not SendingDomain.objects.filter(branch=north, domain="south.example").exists()
    assert as_ada.post(there, {"domain": "south.example", "is_shared": "on"}).status_code == 302
    assert SendingDomain.objects.filter(domain="south.example").count() == 2


def test_from_domains_and_dkim_entries(as_ada: Client, north: BranchProfile) -> None:
    assert as_ada.post("/branches/north/domains/add/", {"domain": "a b"}).status_code == 400
    response = as_ada.post("/branches/north/domains/add/", {"domain": "Alumni.North.example"})
    domain = SendingDomain.objects.get(domain="alumni.north.example")
    page = f"/branches/north/domains/{domain.pk}/"
    assert response.headers["Location"] == page
    assert as_ada.post(page, {"selector": "x y"}).status_code == 400
    as_ada.post(page, {"selector": "xen2"})
    entry = DKIMEntry.objects.get(domain=domain)
    assert str(entry) in as_ada.get(page).content.decode()
    as_ada.post(f"{page}dkim/{entry.pk}/remove/")
    as_ada.post(f"{page}remove/")
    assert not SendingDomain.objects.filter(pk=domain.pk).exists()


def test_a_domain_of_another_branch_is_not_found(as_ada: Client, north: BranchProfile, south: BranchProfile) -> None:
    domain = SendingDomain.objects.get(branch=south)
    assert as_ada.get(f"/branches/north/domains/{domain.pk}/").status_code == 404


SERVER = {"host": "mail.west.example", "addresses": "192.0.2.77\n2001:db8::77"}


def test_servers(as_ada: Client) -> None:
    assert as_ada.post("/servers/add/", SERVER).status_code == 302
    server = SendingServer.objects.get()
    assert server.addresses == ["192.0.2.77", "2001:db8::77"]
    assert as_ada.post("/servers/add/", SERVER).status_code == 400
    assert as_ada.post(f"/servers/{server.pk}/", {**SERVER, "addresses": "192.0.2.0/24"}).status_code == 400
    as_ada.post(f"/servers/{server.pk}/", {**SERVER, "addresses": "192.0.2.78"})
    server.refresh_from_db()
    assert server.addresses == ["192.0.2.78"]
    assert as_ada.get("/servers/").status_code == 200
    assert as_ada.get("/servers/999/").status_code == 404


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"log_name": "postfix-out3"}, ""),
        ({"log_name": "postfix/out2"}, ""),
        ({"log_name": "10.0.0.2"}, ""),
        ({"log_name": "postfix-out2", "log_host": "mail.west.example"}, ""),
        ({"log_name": "Postfix-Out2"}, "log_name"),
        ({"log_name": ""}, "log_name"),
        ({"log_name": "postfix-out2/smtp"}, "log_name"),
        ({"log_name": "postfix-out2/smtp[123]:"}, "log_name"),
        ({"log_name": "two words"}, "log_name"),
        ({"log_name": "a" * 101}, "log_name"),
        ({"log_name": "postfix-out3", "log_host": "a b"}, "log_host"),
    ],
)
def test_a_server_that_another_machine_logs_for(as_ada: Client, fields: dict[str, str], wrong: str) -> None:
    make.server()
    make.server("out2.xenegrade.net", log_host="smtp.xenegrade.net", log_name="postfix-out2")
    told = {"host": "out3.xenegrade.net", "addresses": "192.0.2.12", "log_host": "smtp.xenegrade.net", **fields}
    response = as_ada.post("/servers/add/", told)
    assert [*response.context["form"].errors] == [wrong] if wrong else response.status_code == 302
    if not wrong:
        saved = SendingServer.objects.get(host="out3.xenegrade.net")
        assert (saved.log_host, saved.log_name) == (told["log_host"], told["log_name"])
        assert saved.log_name in as_ada.get("/servers/").content.decode()
        # It is no twin of its own.
        assert as_ada.post(f"/servers/{saved.pk}/", told).status_code == 302


def test_a_host_that_was_taken_as_the_machine_of_another(as_ada: Client) -> None:
    make.server("out2.xenegrade.net", log_host="smtp.xenegrade.net")
    response = as_ada.post("/servers/add/", {"host": "smtp.xenegrade.net", "addresses": "192.0.2.10"})
    assert [*response.context["form"].errors] == ["log_name"]


ENTRY = {"domain": "corp.example", "state": "confirmed", "at": "2026-02-01", "expires": "2026-08-01", "addresses": ""}


def test_allow_lists(as_ida: Client, ida: User) -> None:
    assert as_ida.post("/allow-lists/add/", ENTRY).status_code == 302
    entry = AllowListEntry.objects.get()
    assert (entry.branch, entry.recorded_by, entry.state) == (None, ida, "confirmed")
    assert as_ida.post(f"/allow-lists/{entry.pk}/", {**ENTRY, "expires": "2026-01-01"}).status_code == 400
    as_ida.post(f"/allow-lists/{entry.pk}/", {**ENTRY, "state": "refused"})
    entry.refresh_from_db()
    assert entry.state == "refused"
    assert as_ida.get(f"/allow-lists/{entry.pk}/").status_code == 200
    assert len(as_ida.get("/allow-lists/?domain=CORP.example").context["page"].rows) == 1
    assert not as_ida.get("/allow-lists/?domain=other.example").context["page"].rows


PERSON = {"name": "Pia Ferro", "email": "Pia@North.Example", "role": "staff", "is_active": "on"}


def test_a_person_is_added_and_invited(as_ada: Client, north: BranchProfile) -> None:
    assert as_ada.post("/people/add/", {**PERSON, "branches": ["north"]}).status_code == 302
    person = User.objects.get(email="pia@north.example")
    assert not person.has_usable_password()
    assert Membership.objects.filter(user=person, branch=north).exists()
    assert [item.to for item in mail.outbox] == [["pia@north.example"]]
    invitation = mail.outbox[0]
    assert "Ada Voss" in invitation.subject
    assert "North College" in invitation.body
    link = re.search(r"https?://testserver(/account/password/reset/key/\S+)", invitation.body)
    assert link is not None
    assert Client().get(link[1], follow=True).status_code == 200


def test_only_admins_decide_who_hears_of_tickets(as_ada: Client, ida: User) -> None:
    assert as_ada.get(f"/people/{ida.pk}/").context["form"].initial["hears_of_tickets"] is True
    as_ada.post(f"/people/{ida.pk}/", {"name": "Ida", "email": ida.email, "role": "support", "is_active": "on"})
    ida.refresh_from_db()
    assert ida.hears_of_tickets is False


def test_somebody_who_may_not_sign_in_is_not_invited(as_ada: Client, nora: User) -> None:
    User.objects.filter(pk=nora.pk).update(is_active=False)
    as_ada.post(f"/people/{nora.pk}/invite/")
    assert mail.outbox == []


@pytest.mark.parametrize(
    ("field", "value"),
    [("email", "no"), ("email", "ADA@desk.example"), ("role", "king"), ("branches", []), ("name", "")],
)
def test_a_person_with_something_wrong(as_ada: Client, north: BranchProfile, field: str, value: Any) -> None:
    response = as_ada.post("/people/add/", {**PERSON, "branches": ["north"], field: value})
    assert response.status_code == 400
    assert field in response.context["form"].errors
    assert mail.outbox == []


def test_an_admin_cannot_lock_himself_out(as_ada: Client, ada: User) -> None:
    data = {"name": "Ada", "email": ada.email, "role": "support"}
    response = as_ada.post(f"/people/{ada.pk}/", data)
    assert set(response.context["form"].errors) == {"is_active", "role"}
    ada.refresh_from_db()
    assert (ada.role, ada.is_active) == ("admin", True)


def test_a_person_is_moved_and_invited_again(as_ada: Client, nora: User, south: BranchProfile) -> None:
    data = {"name": "Nora Lind", "email": nora.email, "role": "staff", "branches": ["south"], "is_active": "on"}
    assert as_ada.post(f"/people/{nora.pk}/", data).status_code == 302
    assert list(Membership.objects.filter(user=nora).values_list("branch__code", flat=True)) == ["south"]
    as_ada.post(f"/people/{nora.pk}/invite/")
    assert len(mail.outbox) == 1
    assert as_ada.get("/people/").status_code == 200


def test_nobody_changes_their_own_address(as_nora: Client, nora: User) -> None:
    assert as_nora.get("/account/email/").status_code == 200
    assert as_nora.post("/account/email/", {"email": "other@north.example", "action_add": ""}).status_code == 405


@pytest.mark.parametrize(("expires", "has_run_out"), [(None, False), (-1, True), (1, False)])
def test_a_confirmation_that_has_run_out(
    as_ida: Client, north: BranchProfile, expires: int | None, has_run_out: bool
) -> None:
    until = timezone.now() + timedelta(days=expires) if expires else None
    AllowListEntry.objects.create(domain="hospital.example", state="confirmed", expires=until)
    assert ("Run out" in as_ida.get("/allow-lists/").content.decode()) is has_run_out


@pytest.mark.parametrize("rows", [10, 200])
@pytest.mark.parametrize("url", ["/branches/", "/people/", "/allow-lists/"])
def test_lists_cost_the_same_whatever_their_length(
    url: str, rows: int, as_ada: Client, django_assert_max_num_queries: Any
) -> None:
    server = make.server()
    for index in range(rows):
        at = make.NOON + timedelta(seconds=index)
        branch = BranchProfile.objects.create(
            code=f"b{index}", organisation=f"B {index}", notification_address="a@b.example", sending_server=server,
            created=at,
        )  # fmt: skip
        SendingDomain.objects.create(branch=branch, domain=f"b{index}.example")
        user = User.objects.create(email=f"p{index}@b.example", name="P")
        Membership.objects.create(user=user, branch=branch)
        AllowListEntry.objects.create(domain=f"c{index}.example", state="asked", branch=branch, at=at)
    with django_assert_max_num_queries(7):
        response = as_ada.get(url)
    assert len(response.context["page"].rows) == min(rows + (url == "/people/"), 50)
