"""The pages: the list for support, one branch for its own people, and the steps."""

from __future__ import annotations

import pytest
from django.test import Client

from portal.accounts.models import User
from portal.branches import services as branches
from portal.branches.models import BranchProfile
from portal.standing import rounds, services
from portal.standing.models import Standing
from tests.portal.standing.counted import bad_list, day

PAGE = "/branches/north/standing/"


def test_the_list(north: BranchProfile, south: BranchProfile, as_ida: Client) -> None:
    bad_list(north)
    day(south, 1000)
    rounds.review()
    assert [item.branch.code for item in as_ida.get("/standing/").context["page"].rows] == ["north"]
    assert [item.branch.code for item in as_ida.get("/standing/?state=good").context["page"].rows] == ["south"]
    assert as_ida.get("/standing/?state=warned").context["page"].rows == []
    assert as_ida.get("/standing/?state=nonsense").status_code == 200


def test_one_suspended_on_its_page_is_listed_at_once(north: BranchProfile, ada: User, as_ida: Client) -> None:
    rounds.review()
    branches.suspend(north, reason="A bought list.", by=ada)
    for address in ("/standing/", "/standing/?state=suspended"):
        assert [item.branch.code for item in as_ida.get(address).context["page"].rows] == ["north"]
    assert as_ida.get("/standing/?state=good").context["page"].rows == []


def test_before_the_first_look(north: BranchProfile, as_nora: Client) -> None:
    response = as_nora.get(PAGE)
    assert response.status_code == 200
    assert response.context["standing"].shown == "good"
    assert not Standing.objects.exists()


def test_staff_read_their_own_and_decide_nothing(north: BranchProfile, as_nora: Client) -> None:
    bad_list(north)
    rounds.review()
    response = as_nora.get(PAGE)
    assert [item.bound.key for item in response.context["grounds"]] == ["addresses"]
    assert "proposal" not in response.context
    content = response.content.decode()
    assert "/branches/north/mailings/" in content
    for deed in ("warn", "withdraw", "suspend", "resume"):
        assert f"{PAGE}{deed}/" not in content
        assert as_nora.post(f"{PAGE}{deed}/", {"reason": "So."}).status_code == 403


def test_its_history_of_the_same_days_has_the_same_figures(north: BranchProfile, as_nora: Client) -> None:
    bad_list(north)
    numbers = as_nora.get(PAGE).context["numbers"]
    assert f"/branches/north/history/?span=since-{numbers.since}" in as_nora.get(PAGE).content.decode()
    total = as_nora.get("/branches/north/history/", {"span": f"since-{numbers.since}"}).context["total"]
    assert (total.sent, total.accepted, total.refused, total.complaints) == (
        numbers.sent, numbers.accepted, numbers.refused, numbers.complaints,
    )  # fmt: skip


def test_another_branch_is_not_there(north: BranchProfile, as_sven: Client) -> None:
    assert as_sven.get(PAGE).status_code == 404


def test_support_warns_but_only_admins_suspend(north: BranchProfile, as_ida: Client, as_ada: Client) -> None:
    bad_list(north)
    opened = as_ida.get(f"{PAGE}warn/")
    assert "100 of 400" in opened.context["form"].initial["reason"]
    assert as_ida.post(f"{PAGE}warn/", {"reason": "Clean the list."}).headers["Location"] == PAGE
    assert as_ida.post(f"{PAGE}suspend/", {"reason": "So."}).status_code == 403
    assert as_ada.post(f"{PAGE}suspend/", {"reason": "So."}).status_code == 302
    assert as_ada.post(f"{PAGE}resume/", {"reason": "Shown."}).status_code == 302
    assert len(as_ida.get(PAGE).context["page"].rows) == 3


@pytest.mark.parametrize("reason", ["", "  ", "x" * 1001])
def test_without_a_reason_nothing_is_done(north: BranchProfile, as_ida: Client, reason: str) -> None:
    assert as_ida.post(f"{PAGE}warn/", {"reason": reason}).status_code == 400
    assert not Standing.objects.exists()


def test_what_does_not_fit_keeps_the_reason(north: BranchProfile, as_ida: Client) -> None:
    response = as_ida.post(f"{PAGE}withdraw/", {"reason": "It is clean."})
    assert response.status_code == 400
    assert "It is clean." in response.content.decode()


def test_the_way_back_is_told(north: BranchProfile, as_nora: Client, as_ada: Client) -> None:
    bad_list(north)
    as_ada.post(f"{PAGE}suspend/", {"reason": "A bought <b>list</b>."})
    response = as_nora.get(PAGE)
    assert [item.bound.key for item in response.context["grounds"]] == ["addresses"]
    assert "<b>list" not in response.content.decode()


def test_the_wizard_says_it_first(north: BranchProfile, ada: User, as_nora: Client, as_sven: Client) -> None:
    branches.suspend(north, reason="A bought <b>list</b>.", by=ada)
    begun = as_nora.get("/reports/new/").content.decode()
    assert begun.index("A bought &lt;b&gt;list") < begun.index('<form method="post" class="dd-panel"')
    assert PAGE in begun
    assert "A bought" not in as_sven.get("/reports/new/").content.decode()


def test_the_branch_page_leads_everywhere(north: BranchProfile, as_nora: Client, as_ida: Client) -> None:
    ways = (
        "history",
        "deliveries",
        "feedback",
        "mailings",
        "tests",
        "suppression",
        "standing",
        "keys",
        "allow-requests",
        "own-server",
    )
    for client in (as_nora, as_ida):
        content = client.get("/branches/north/").content.decode()
        for way in ways:
            assert f'"/branches/north/{way}/"' in content


def test_suspended_on_the_day_of_the_warning_it_is_still_told_what_to_show(
    north: BranchProfile, as_nora: Client, as_ada: Client
) -> None:
    bad_list(north)
    as_ada.post(f"{PAGE}warn/", {"reason": "Clean the list."})
    as_ada.post(f"{PAGE}suspend/", {"reason": "It was sent again."})
    for client, address in ((as_nora, PAGE), (as_ada, f"{PAGE}resume/")):
        assert [item.bound.key for item in client.get(address).context["grounds"]] == ["addresses"]


def test_a_warned_branch_is_told_where_it_works(north: BranchProfile, ida: User, as_nora: Client) -> None:
    pages = ("/", "/branches/north/", "/branches/north/mailings/")
    for page in pages:
        assert "Clean the list." not in as_nora.get(page).content.decode()
    services.warn(north, reason="Clean the list.", by=ida)
    for page in pages:
        content = as_nora.get(page).content.decode()
        assert "Clean the list." in content, page
        assert f'href="{PAGE}"' in content, page


def test_after_a_warning_the_numbers_before_it_still_stand_there(
    north: BranchProfile, as_ida: Client, as_ada: Client
) -> None:
    bad_list(north)
    as_ida.post(f"{PAGE}warn/", {"reason": "Clean the list."})
    shown = as_ida.get(PAGE).context
    assert (shown["numbers"].addresses, shown["whole"].addresses, shown["is_anew"]) == (0, 100, True)
    assert shown["whole"].causes == {"no_such_user": 100}
    decided = as_ada.get(f"{PAGE}suspend/").context["measures"]
    assert [item.bad for item in decided if item.bound.key == "addresses"] == [100]


def test_staff_of_a_suspended_branch_ask_and_support_reads_it(
    north: BranchProfile, ada: User, as_nora: Client, as_sven: Client, as_ida: Client
) -> None:
    ask = f"{PAGE}ask/"
    assert as_nora.post(ask, {"text": "It is done."}).status_code == 400
    services.suspend(north, reason="A bought list.", by=ada)
    assert ask in as_nora.get(PAGE).content.decode()
    assert ask not in as_ida.get(PAGE).content.decode()
    assert as_nora.get(ask).headers["Location"] == PAGE
    assert as_sven.post(ask, {"text": "x"}).status_code == 404
    assert as_nora.post(ask, {"text": ""}).status_code == 400
    assert as_nora.get(PAGE).context["asked"] is None
    assert as_nora.post(ask, {"text": "It is done."}).status_code == 302
    assert as_ida.get(PAGE).context["asked"].reason == "It is done."
    assert "It is done." in as_ida.get("/notices/").content.decode()
