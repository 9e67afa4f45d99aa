"""The rules of the program, as support reads them. Who may open the pages: tests/house/test_access.py."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client

from diagnostics.engine.causes.catalogue import CAUSES
from diagnostics.engine.messages.reply import rules
from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.maillog import shipped
from portal.maillog.models import Delivery, DeliveryEvent, State
from portal.maillog.replies import forget_rules
from tests import make
from tests.portal.maillog.named import PART, name_it
from tests.portal.returned.conftest import came, dsn

APPLE = "550 5.1.1 <a@icloud.example>: inactive email address"
OF_APPLE = "apple.no-user"


@pytest.fixture(autouse=True)
def _rules() -> Iterator[None]:
    """What a process remembers of rules must not outlive their test."""
    forget_rules()
    yield
    forget_rules()


def refused(north: BranchProfile, recipient: str = "a@icloud.example", reply: str = APPLE) -> Delivery:
    """A delivery that was refused so, with the event that tells it."""
    found = make.delivery(north, recipient, State.REFUSED, reply=reply, cause="no_such_user")
    DeliveryEvent.objects.create(
        delivery=found, at=found.at, state=State.REFUSED, reply=reply, source="test", fingerprint=f"{found.pk}"
    )
    return found


class TestRules:
    def test_each_rule_of_the_engine_is_there_in_its_order(self) -> None:
        found = shipped.shipped()
        assert [rule.id for rule in found[:-2]] == [rule.id for rule in rules()]
        assert [rule.place for rule in found] == list(range(1, len(found) + 1))

    def test_each_says_what_it_means_where_and_when_that_was_read(self) -> None:
        for rule in shipped.shipped():
            assert rule.source
            assert rule.date
            assert all(cause in CAUSES for cause in rule.causes), rule.id
            assert bool(rule.conditions) != bool(rule.told), rule.id

    def test_nothing_that_a_rule_goes_by_is_left_out(self) -> None:
        for rule in rules():
            found = shipped.shipped_called(rule.id)
            assert found is not None
            told = sum(len(item.parts) for item in found.conditions)
            kinds = (rule.any, rule.all, rule.words, rule.beside, rule.none, rule.hosts, rule.codes, rule.statuses)
            assert told == sum(map(len, kinds))


class TestList:
    def test_pages_hold_all_of_them_once(self) -> None:
        seen: list[str] = []
        after = 0
        while True:
            page = shipped.listed(after=after)
            assert len(page.rows) <= shipped.SIZE
            seen += [rule.id for rule in page.rows]
            after = page.next
            if not after:
                break
        assert seen == [rule.id for rule in shipped.shipped()]

    def test_it_is_narrowed_by_words_cause_and_whose_they_are(self) -> None:
        assert OF_APPLE in [rule.id for rule in shipped.listed(said="INACTIVE email").rows]
        assert {rule.whose for rule in shipped.listed(whose="apple").rows} == {"Apple"}
        assert all("mailbox_full" in rule.causes for rule in shipped.listed(cause="mailbox_full").rows)
        assert shipped.listed(said="no rule says this").rows == ()

    def test_the_page(self, as_ida: Client) -> None:
        content = as_ida.get("/reply-rules/shipped/?whose=apple").content.decode()
        assert f"/reply-rules/shipped/{OF_APPLE}/" in content
        assert "/reply-rules/shipped/google." not in content

    def test_the_next_page_keeps_the_filter(self, as_ida: Client) -> None:
        response = as_ida.get("/reply-rules/shipped/?whose=generic")
        assert response.context["next_query"].startswith("whose=generic&after=")
        assert as_ida.get(f"/reply-rules/shipped/?{response.context['next_query']}").status_code == 200

    @pytest.mark.parametrize("query", ["after=x", "cause=nothing", "whose=nobody", "after=999999999"])
    def test_what_cannot_be_read_asks_for_nothing(self, as_ida: Client, query: str) -> None:
        assert as_ida.get(f"/reply-rules/shipped/?{query}").context["page"].rows

    def test_which_rule_reads_a_reply(self, as_ida: Client, ida: User) -> None:
        name_it(ida)
        told = as_ida.post("/reply-rules/shipped/", {"reply": APPLE}).context["reading"]
        assert told.rule == OF_APPLE
        named = as_ida.post("/reply-rules/shipped/", {"reply": f"554 Gnomes {PART}"})
        assert b"named by support</a>" in named.content
        assert as_ida.post("/reply-rules/shipped/", {"reply": ""}).status_code == 400
        assert as_ida.post("/reply-rules/shipped/", {"reply": "xyzzy"}).context["reading"].rule == ""


class TestOne:
    @pytest.mark.parametrize("ident", [rule.id for rule in shipped.shipped() if rule.told or rule.place % 40 == 1])
    def test_the_page(self, as_ida: Client, ident: str) -> None:
        assert as_ida.get(f"/reply-rules/shipped/{ident}/").status_code == 200

    def test_what_is_no_rule(self, as_ida: Client) -> None:
        assert as_ida.get("/reply-rules/shipped/apple.nothing/").status_code == 404

    def test_what_it_has_read_of_late(self, as_ida: Client, north: BranchProfile) -> None:
        read = refused(north)
        refused(north, "b@corp.example", "550 5.1.1 User unknown")
        response = as_ida.get(f"/reply-rules/shipped/{OF_APPLE}/")
        assert [row.pk for row in response.context["read"]] == [read.pk]

    def test_what_it_has_read_is_bounded(self, north: BranchProfile, monkeypatch: pytest.MonkeyPatch) -> None:
        for number in range(3):
            refused(north, f"a{number}@icloud.example")
        monkeypatch.setattr(shipped, "LOOKED_THROUGH", 2)
        rule = shipped.shipped_called(OF_APPLE)
        assert rule is not None
        assert len(shipped.read_by(rule)) == 2


class TestWhereItFired:
    """A page that says what a reply means leads support to the rule, and names none to others."""

    LINK = f"/reply-rules/shipped/{OF_APPLE}/"

    def test_on_the_page_of_a_delivery_and_of_a_message(self, as_ida: Client, north: BranchProfile) -> None:
        delivery = refused(north)
        assert as_ida.get(f"/deliveries/{delivery.pk}/").content.decode().count(self.LINK) == 2
        assert self.LINK in as_ida.get(f"/messages/{delivery.message_id}/").content.decode()

    def test_not_to_staff(self, as_nora: Client, north: BranchProfile) -> None:
        delivery = refused(north)
        assert "/reply-rules/" not in as_nora.get(f"/deliveries/{delivery.pk}/").content.decode()

    def test_a_rule_of_support_s(self, as_ida: Client, ida: User, north: BranchProfile) -> None:
        rule = name_it(ida)
        delivery = refused(north, "g@corp.example", f"554 Gnomes {PART}")
        assert f"/reply-rules/{rule.pk}/" in as_ida.get(f"/deliveries/{delivery.pk}/").content.decode()

    def test_on_the_page_of_a_returned_mail(self, as_ida: Client) -> None:
        mail = came(dsn("a@corp.example"))
        rule = mail.recipients.get().rule
        assert f"/reply-rules/shipped/{rule}/" in as_ida.get(f"/returned/{mail.pk}/").content.decode()
