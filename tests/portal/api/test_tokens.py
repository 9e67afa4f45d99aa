"""The page where admins make tokens: shown once, kept as a digest, revoked at once."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from portal.accounts.models import User
from portal.api.models import Token


def new(person: User, /, **change: Any) -> dict[str, Any]:
    return {"name": "XenDirect", "user": person.pk, "scopes": ["log", "read"], "expires": "", **change}


def test_a_token_is_made_shown_once_and_revoked(as_ada: Client, nora: User) -> None:
    assert as_ada.get("/tokens/add/").status_code == 200
    shown = as_ada.post("/tokens/add/", new(nora))
    text = shown.context["text"]
    row = Token.objects.get()
    assert text not in (row.digest, row.hint)
    assert row.scopes == ["read", "log"]
    assert text not in as_ada.get("/tokens/").content.decode()
    asks = {"Authorization": f"Bearer {text}"}
    assert Client().get("/api/v1/tickets", headers=asks).status_code == 200
    assert as_ada.get(f"/tokens/{row.pk}/revoke/").status_code == 405
    as_ada.post(f"/tokens/{row.pk}/revoke/")
    assert Client().get("/api/v1/tickets", headers=asks).status_code == 401
    assert as_ada.post("/tokens/0/revoke/").status_code == 404


@pytest.mark.parametrize(
    "change", [{"name": ""}, {"user": 0}, {"scopes": []}, {"scopes": ["smoke"]}, {"expires": "2020-01-01"}]
)
def test_what_cannot_be_made_is_asked_again(as_ada: Client, nora: User, change: dict[str, Any]) -> None:
    assert as_ada.post("/tokens/add/", new(nora, **change)).status_code == 400
    assert Token.objects.count() == 0


def test_only_admins_come_here(as_ida: Client, as_nora: Client) -> None:
    for client in (as_ida, as_nora):
        assert client.get("/tokens/").status_code == 403
        assert client.post("/tokens/add/", {}).status_code == 403
