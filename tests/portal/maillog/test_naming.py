"""Naming replies: what nobody has classified is named once, tried first, and read so from then on.

Who may open which page: tests/house/test_access.py. What is read by it: test_rereading.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.maillog import rereading, rules
from portal.maillog.models import Delivery, ReplyRule, State
from portal.maillog.replies import engine_rule, forget_rules, reading_of
from tests import make
from tests.portal.maillog.named import LINES, PART, REFUSED, causes, name_it, read_all, take


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


class TestKinds:
    def test_replies_of_one_kind_are_one_row(self, log: BranchProfile, django_assert_num_queries: Any) -> None:
        reading_of("")
        with django_assert_num_queries(5):
            found = rules.unclassified()
        assert [kind.count for kind in found.rows] == [3]
        assert found.rows[0].part == PART
        assert found.looked_through == 4

    def test_what_was_read_by_its_code_alone_is_listed_and_no_reply_is_not(self, log: BranchProfile) -> None:
        before = len(rules.unclassified().rows)
        penguin = "550 5.7.1 the penguin said no"
        make.delivery(log, "p@corp.example", State.REFUSED, reply=penguin, cause="recipient_policy")
        make.delivery(log, "q@corp.example", State.REFUSED, reply="550 blocked by policy", cause="recipient_policy")
        make.delivery(log, "r@corp.example", State.REFUSED, reply="", cause="unknown")
        found = rules.unclassified().rows
        assert len(found) == before + 1
        assert penguin in [kind.sample.reply for kind in found]

    def test_they_are_bounded(self, log: BranchProfile, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(rules, "LOOKED_THROUGH", 2)
        found = rules.unclassified()
        assert (found.looked_through, found.is_cut) == (3, True)

    @pytest.mark.parametrize(
        ("reply", "expected"),
        [
            ("550 5.7.1 Gnomes decline your parcel today", "gnomes decline your parcel today"),
            ("554 <a@b.example>: no parcels, see https://gnomes.example/why?id=77", "no parcels, see"),
            ("host mx.corp.example[192.0.2.1] said: 550 no room for gnomes (in reply to RCPT TO command)", None),
            ("550 12345678901234", ""),
            ("", ""),
        ],
    )
    def test_the_telling_part(self, reply: str, expected: str | None) -> None:
        part = rules.telling_part(reply)
        assert expected is None or part == expected
        if part:
            # Whatever it is, it must be a rule that fits the reply it was taken from.
            rule = engine_rule(
                "x", text=part, reply_code="", status="", provider="", cause="mailbox_full", source="x", date="2026-11"
            )
            assert rereading.fits(rule, Delivery(reply=reply))


class TestTrying:
    def trial(self, text: str, cause: str = "recipient_policy", **bound: str) -> rules.Trial:
        values = {"reply_code": "", "status": "", "provider": ""} | bound
        return rules.try_rule(engine_rule("x", text=text, cause=cause, source="x", date="2026-11", **values))

    def test_what_it_would_name(self, log: BranchProfile) -> None:
        found = self.trial(PART)
        assert (found.fitting, found.named, found.taken) == (3, 3, 0)
        assert REFUSED in causes().values()

    def test_what_it_would_take_away(self, log: BranchProfile, north: BranchProfile) -> None:
        """Read in general as one thing, and by these words as another."""
        make.delivery(north, "d@corp.example", "refused", cause="no_such_user", reply="550 5.1.1 Gnome unknown here")
        found = self.trial("gnome unknown here")
        assert (found.fitting, found.taken) == (1, 1)
        assert [(fit.before, fit.after) for fit in found.fits] == [("no_such_user", "recipient_policy")]

    def test_what_another_rule_goes_before(self, ida: User, log: BranchProfile) -> None:
        name_it(ida, text="decline this parcel", cause="spam_content", reply_code="554", provider="yahoo")
        assert self.trial("nothing of this kind").fits == ()


class TestPages:
    FORM = {"text": PART, "cause": "recipient_policy", "reply_code": "", "status": "", "provider": "", "note": ""}

    def test_the_list(self, as_ida: Client, log: BranchProfile) -> None:
        content = as_ida.get("/unclassified-replies/").content.decode()
        sample = rules.unclassified().rows[0].sample
        assert f"/reply-rules/add/?delivery={sample.pk}" in content

    def test_nothing_to_name(self, as_ida: Client) -> None:
        assert b"Every reply has a cause" in as_ida.get("/unclassified-replies/").content

    def test_the_form_is_filled_with_the_telling_part(self, as_ida: Client, log: BranchProfile) -> None:
        sample = rules.unclassified().rows[0].sample
        response = as_ida.get(f"/reply-rules/add/?delivery={sample.pk}")
        assert response.context["form"]["text"].value() == PART

    @pytest.mark.parametrize("number", ["x", "999", "9" * 30, ""])
    def test_a_sample_that_is_not_there(self, as_ida: Client, number: str) -> None:
        assert as_ida.get(f"/reply-rules/add/?delivery={number}").context["sample"] is None

    def test_it_is_tried_before_it_is_saved(self, as_ida: Client, log: BranchProfile) -> None:
        response = as_ida.post("/reply-rules/add/", self.FORM | {"save": "yes"})
        assert response.status_code == 200
        assert response.context["trial"].named == 3
        assert not ReplyRule.objects.exists()
        response = as_ida.post("/reply-rules/add/", self.FORM | {"tried": response.context["tried"], "save": "yes"})
        rule = ReplyRule.objects.get()
        assert response.headers["Location"] == f"/reply-rules/{rule.pk}/"
        assert (rule.text, rule.cause, rule.by.name) == (PART, "recipient_policy", "Ida Berg")  # type: ignore[union-attr]

    def test_what_was_not_tried_is_tried_again(self, as_ida: Client, log: BranchProfile) -> None:
        tried = as_ida.post("/reply-rules/add/", self.FORM).context["tried"]
        other = self.FORM | {"text": "the gnomes of", "tried": tried, "save": "yes"}
        assert as_ida.post("/reply-rules/add/", other).status_code == 200
        assert not ReplyRule.objects.exists()

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"text": ""}, "text"), ({"text": "no"}, "text"), ({"text": ".* parcel"}, "text"),
            ({"text": "write to a@b.example"}, "text"), ({"text": "ticket a1-2002si1234plb"}, "text"),
            ({"text": "x" * 201}, "text"), ({"cause": "gnomes"}, "cause"), ({"cause": "unknown"}, "cause"),
            ({"cause": "accepted_by_recipient_server"}, "cause"), ({"reply_code": "77"}, "reply_code"),
            ({"status": "5"}, "status"), ({"provider": "gnomes"}, "provider"),
        ],
    )  # fmt: skip
    def test_what_cannot_be_a_rule(self, as_ida: Client, wrong: dict[str, str], field: str) -> None:
        response = as_ida.post("/reply-rules/add/", self.FORM | wrong)
        assert response.status_code == 400
        assert set(response.context["form"].errors) == {field}

    def test_the_same_words_twice(self, as_ida: Client, ida: User) -> None:
        name_it(ida)
        response = as_ida.post("/reply-rules/add/", self.FORM | {"text": PART.upper()})
        assert response.context["form"].errors.as_data()["text"][0].code == "double"

    def test_a_rule_and_how_far_it_is_read(self, as_ida: Client, ida: User, log: BranchProfile) -> None:
        rule = name_it(ida)
        response = as_ida.get(f"/reply-rules/{rule.pk}/")
        assert (response.context["left"], response.context["count"]) == (3, 0)
        assert b"being read again" in response.content
        read_all(rule)
        content = as_ida.get(f"/reply-rules/{rule.pk}/", headers={"HX-Request": "true"}).content
        assert b"<html" not in content
        assert b"hx-get" not in content

    def test_editing(self, as_ida: Client, ida: User, log: BranchProfile) -> None:
        rule = name_it(ida)
        url, form = f"/reply-rules/{rule.pk}/", self.FORM | {"cause": "spam_content", "note": "They wrote so."}
        tried = as_ida.post(url, form).context["tried"]
        as_ida.post(url, form | {"tried": tried, "save": "yes"})
        rule.refresh_from_db()
        assert (rule.cause, rule.note) == ("spam_content", "They wrote so.")

    def test_switching_and_deleting(self, as_ida: Client, ida: User, log: BranchProfile) -> None:
        rule = name_it(ida)
        read_all(rule)
        url = f"/reply-rules/{rule.pk}/"
        assert as_ida.get(f"{url}delete/").context["count"] == 3
        as_ida.post(f"{url}delete/")
        rule.refresh_from_db()
        assert not rule.is_on
        # What it had named must be read again first.
        as_ida.post(f"{url}delete/")
        assert ReplyRule.objects.exists()
        read_all(rule, "recipient_policy")
        as_ida.post(f"{url}delete/")
        assert not ReplyRule.objects.exists()
        assert "recipient_policy" not in causes().values()

    def test_switching_on_again(self, as_ida: Client, ida: User) -> None:
        rule = name_it(ida)
        for expected in (False, True):
            as_ida.post(f"/reply-rules/{rule.pk}/switch/")
            rule.refresh_from_db()
            assert rule.is_on is expected

    def test_the_rules(self, as_ida: Client, ida: User) -> None:
        name_it(ida, note="<b>They wrote so</b>")
        content = as_ida.get("/reply-rules/").content.decode()
        assert PART in content
        assert "&lt;b&gt;" in content

    def test_no_rule_of_that_number(self, as_ida: Client) -> None:
        for url in ("/reply-rules/9/", "/reply-rules/9/delete/"):
            assert as_ida.get(url).status_code == 404

    def test_a_hostile_reply_is_shown_as_text(self, as_ida: Client, north: BranchProfile) -> None:
        make.delivery(north, "d@corp.example", "refused", cause="unknown", reply="554 <script>\u202e gnomes")
        content = as_ida.get("/unclassified-replies/").content.decode()
        assert "&lt;script&gt;[U+202E]" in content
