"""GET /style/: for admins; for everybody while developing."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client


def test_admin_sees_it(as_ada: Client) -> None:
    assert as_ada.get("/style/").status_code == 200


def test_with_errors(as_ada: Client) -> None:
    assert b"dd-error-summary" in as_ada.get("/style/?errors").content


def test_marked_rows(as_ada: Client) -> None:
    page = as_ada.get("/style/").content.decode()
    assert 'class="dd-marked" id="marked"' in page
    assert page.count('<label class="dd-mark">') == page.count('form="marked"') > 1


def test_stranger_signs_in_first(db: None, client: Client) -> None:
    answer = client.get("/style/")
    assert (answer.status_code, answer["Location"]) == (302, "/account/login/?next=/style/")


def test_wrong_role(as_nora: Client, as_ida: Client) -> None:
    assert as_nora.get("/style/").status_code == 403
    assert as_ida.get("/style/").status_code == 403


def test_everybody_while_developing(as_nora: Client, settings: Any) -> None:
    settings.DEBUG = True
    assert as_nora.get("/style/").status_code == 200


def test_wrong_method(as_ada: Client) -> None:
    assert as_ada.post("/style/").status_code == 405


def test_hostile_text_is_escaped(as_ada: Client) -> None:
    page = as_ada.get("/style/").content.decode()
    assert "<script>alert" not in page
    assert "\u202e" not in page


def test_queries(as_ada: Client, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(2):
        as_ada.get("/style/")


@pytest.mark.parametrize("address", ["/style/", "/account/login/", "/account/2fa/", "/no-such-page/"])
def test_no_style_or_script_of_its_own(as_ada: Client, client: Client, address: str) -> None:
    """The content security policy would refuse it."""
    page = (client if "login" in address else as_ada).get(address).content.decode()
    assert " style=" not in page
    assert "<style" not in page
    assert "<script>" not in page
    assert " onclick=" not in page
