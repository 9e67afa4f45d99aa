"""The list of one branch."""

from __future__ import annotations

from django.test import Client

from portal.suppression.models import Suppression

URL = "/branches/north/suppression/"


def test_it_works(as_nora: Client, entry: Suppression) -> None:
    response = as_nora.get(URL)
    assert response.context["page"].rows == [entry]
    assert b"/suppression/add/" in response.content
    assert b"/suppression/import/" not in response.content


def test_support_may_import(as_ida: Client, entry: Suppression) -> None:
    assert b"/suppression/import/" in as_ida.get(URL).content


def test_a_stranger(as_sven: Client, entry: Suppression) -> None:
    assert as_sven.get(URL).status_code == 404


def test_wrong_method(as_nora: Client, entry: Suppression) -> None:
    assert as_nora.post(URL).status_code == 405
