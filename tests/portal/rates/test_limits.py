"""Providers' limits: the shipped table, what admins lay over it, and the record of who did what.

Who may open which page: tests/house/test_access.py.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from diagnostics.engine.receivers import UNNAMED, receivers
from portal.accounts.models import User
from portal.rates import services
from portal.rates.limits import FIELDS, is_counted, limit_for, limits, limits_of, per_hour, provider_name, shipped
from portal.rates.models import LimitChange, ProviderLimit, Scope, Unit

KEY = "yahoo-recipients-hour"
URL = f"/rates/limits/{KEY}/"


def form(**other: Any) -> dict[str, Any]:
    """What an admin sends; by default what they learned of Yahoo."""
    values: dict[str, Any] = {
        "provider": "yahoo", "unit": "recipients_per_hour", "scope": "address", "number": "150", "signal": "[TSS04]",
        "source": "Our own log of May", "looked_at": "2026-05-06", "confidence": "seen", "note": "",
    }  # fmt: skip
    return values | other


def values(key: str = KEY, **other: Any) -> dict[str, Any]:
    limit = limit_for(key)
    return {name: getattr(limit, name) for name in FIELDS} | other


class TestTheTable:
    def test_every_row_says_where_it_comes_from(self) -> None:
        for limit in shipped().values():
            assert limit.source, limit.key
            assert limit.url.startswith("https://"), limit.key
            assert limit.looked_at >= date(2026, 1, 1), limit.key
            assert limit.confidence, limit.key
            assert limit.number or limit.signal, f"{limit.key} says nothing"

    def test_every_provider_has_a_name(self) -> None:
        for limit in shipped().values():
            assert limit.name != limit.provider, limit.key

    def test_a_figure_that_nobody_published_is_not_called_so(self) -> None:
        assert shipped()["yahoo-recipients-hour"].confidence == "told"
        assert {limit.confidence for limit in shipped().values() if limit.number is None} == {"seen"}

    @pytest.mark.parametrize(
        ("key", "unit", "number"),
        [
            ("comcast-recipients-message", Unit.RECIPIENTS_PER_MESSAGE, 100),
            ("comcast-connections", Unit.CONNECTIONS, 25),
            ("gmail-messages-connection", Unit.MESSAGES_PER_CONNECTION, 50),
            ("microsoft-365-recipients-message", Unit.RECIPIENTS_PER_MESSAGE, 200),
            ("godaddy-recipients-hour", Unit.RECIPIENTS_PER_HOUR, None),
        ],
    )
    def test_known_rows(self, key: str, unit: Unit, number: int | None) -> None:
        assert (shipped()[key].unit, shipped()[key].number) == (unit, number)

    def test_who_is_counted(self) -> None:
        assert is_counted("gmail")
        assert not is_counted("docomo")
        assert provider_name("") == UNNAMED
        assert {receiver.id for receiver in receivers()} >= {"yahoo", "gmail"}

    def test_the_hourly_limit_is_that_of_a_sending_address(self) -> None:
        """3,600 messages to one mailbox say nothing of what a server may hand over."""
        found = shipped()["microsoft-365-messages-hour"]
        assert found.scope == Scope.MAILBOX
        assert per_hour([found]) is None
        assert per_hour([limit for limit in shipped().values() if limit.provider == "yahoo"]) == shipped()[KEY]


class TestSaving:
    def test_a_shipped_limit_that_is_set_otherwise(self, ada: User) -> None:
        services.save_limit(limit_for(KEY), by=ada, **values(number=150, source="Our log"))
        found = limit_for(KEY)
        assert (found.number, found.source, found.url) == (150, "Our log", "")
        assert (found.is_shipped, found.is_changed, found.changed_by) == (True, True, ada)
        assert [limit.number for limit in limits_of("yahoo") if limit.key == KEY] == [150]
        change = LimitChange.objects.get()
        assert (change.key, change.by, change.kind) == (KEY, ada, "changed")
        assert change.changes["number"] == [100, 150]

    def test_nothing_changed_is_nothing_recorded(self, ada: User) -> None:
        services.save_limit(limit_for(KEY), by=ada, **values())
        assert not ProviderLimit.objects.exists()
        assert not LimitChange.objects.exists()

    def test_set_back_by_hand_is_reset(self, ada: User) -> None:
        before = values()
        services.save_limit(limit_for(KEY), by=ada, **values(number=150))
        services.save_limit(limit_for(KEY), by=ada, **before)
        assert not limit_for(KEY).is_changed
        assert list(LimitChange.objects.order_by("pk").values_list("kind", flat=True)) == ["changed", "reset"]

    def test_one_of_their_own(self, ada: User) -> None:
        made = services.save_limit(None, by=ada, **values(provider="zoho"))
        assert not made.is_shipped
        assert made.key in {limit.key for limit in limits_of("zoho")}
        services.save_limit(limit_for(made.key), by=ada, **values(made.key, number=7))
        assert limit_for(made.key).number == 7
        services.remove_limit(limit_for(made.key), by=ada)
        assert limits_of("zoho") == []
        assert [change.kind for change in LimitChange.objects.all()] == ["removed", "changed", "added"]

    def test_a_row_that_is_shipped_no_longer_stays_as_their_own(self, ada: User) -> None:
        services.save_limit(limit_for(KEY), by=ada, **values(number=150))
        ProviderLimit.objects.update(shipped="gone-in-this-release")
        found = [limit for limit in limits() if not limit.is_shipped]
        assert [limit.number for limit in found] == [150]
        assert limit_for(found[0].key).number == 150

    def test_all_limits_are_one_query(self, ada: User, django_assert_num_queries: Any) -> None:
        services.save_limit(limit_for(KEY), by=ada, **values(number=150))
        with django_assert_num_queries(1):
            assert [limit.changed_by and limit.changed_by.name for limit in limits() if limit.is_changed] == [
                "Ada Voss"
            ]


class TestPages:
    def test_the_list(self, as_ida: Client) -> None:
        content = as_ida.get("/rates/limits/").content.decode()
        assert "25 connections at once" in content
        assert "None of it is guaranteed" in content
        assert "/rates/limits/add/" not in content

    def test_admins_find_the_way_to_edit(self, as_ada: Client) -> None:
        content = as_ada.get("/rates/limits/").content.decode()
        assert URL in content
        assert "/rates/limits/add/" in content

    def test_an_edit(self, as_ada: Client) -> None:
        assert as_ada.post(URL, form()).status_code == 302
        assert limit_for(KEY).number == 150
        content = as_ada.get(URL).content.decode()
        assert "Reset to what is shipped" in content
        assert "Ada Voss" in content

    @pytest.mark.parametrize(
        "wrong",
        [
            {"source": ""}, {"number": "0"}, {"number": "many"}, {"looked_at": ""}, {"confidence": "sure"},
            {"unit": "letters"}, {"scope": ""}, {"source": "x" * 301},
            {"looked_at": (timezone.now() + timedelta(days=2)).date().isoformat()},
        ],
    )  # fmt: skip
    def test_what_cannot_be_saved_is_shown_again(self, as_ada: Client, wrong: dict[str, str]) -> None:
        response = as_ada.post(URL, form(**wrong))
        assert response.status_code == 400
        assert set(response.context["form"].errors) == set(wrong)
        assert not ProviderLimit.objects.exists()

    def test_the_provider_of_a_shipped_limit_stays(self, as_ada: Client) -> None:
        as_ada.post(URL, form(provider="gmail"))
        assert limit_for(KEY).provider == "yahoo"

    def test_a_figure_may_be_unknown(self, as_ada: Client) -> None:
        as_ada.post(URL, form(number=""))
        assert limit_for(KEY).number is None

    def test_adding_and_removing(self, as_ada: Client) -> None:
        as_ada.post("/rates/limits/add/", form(provider="zoho", number="10"))
        key = limits_of("zoho")[0].key
        assert b"Remove the limit" in as_ada.get(f"/rates/limits/{key}/").content
        as_ada.post(f"/rates/limits/{key}/reset/")
        assert limits_of("zoho") == []

    def test_reset(self, as_ada: Client) -> None:
        as_ada.post(URL, form())
        as_ada.post(f"{URL}reset/")
        assert limit_for(KEY).number == 100

    @pytest.mark.parametrize("key", ["nothing-like-it", "own-999", "own-x"])
    def test_what_is_not_there(self, as_ada: Client, key: str) -> None:
        assert as_ada.get(f"/rates/limits/{key}/").status_code == 404

    def test_hostile_text_is_shown_as_text(self, as_ada: Client) -> None:
        as_ada.post(URL, form(signal="<script>\u202e", note="<b>x"))
        content = as_ada.get("/rates/limits/").content.decode()
        assert "&lt;script&gt;[U+202E]" in content
        assert "<b>x" not in content
