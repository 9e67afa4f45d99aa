"""The error pages look like the product and say what to do next, also when the database is gone."""

from __future__ import annotations

import pytest
from django.core.exceptions import BadRequest
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.template.loader import get_template
from django.test import Client, RequestFactory
from django.urls import path
from django.views.defaults import bad_request, server_error
from pytest_django.asserts import assertTemplateUsed

NEXT = "dd-next"


def broken(request: HttpRequest) -> HttpResponse:
    raise DatabaseError("The database is gone.")


def damaged(request: HttpRequest) -> HttpResponse:
    raise BadRequest("That was damaged.")


urlpatterns = [path("broken/", broken), path("damaged/", damaged)]


@pytest.fixture
def frail_client(client: Client) -> Client:
    client.raise_request_exception = False
    return client


def test_not_found_for_a_person_keeps_the_navigation(as_nora: Client) -> None:
    answer = as_nora.get("/no-such-page/")
    assert answer.status_code == 404
    assert "dd-nav" in answer.content.decode()
    assert NEXT in answer.content.decode()


def test_not_found_for_a_stranger(db: None, client: Client) -> None:
    answer = client.get("/no-such-page/")
    assert answer.status_code == 404
    assert "dd-nav-foot" not in answer.content.decode()


def test_wrong_role_says_who_one_is(as_nora: Client) -> None:
    answer = as_nora.get("/style/")
    assert answer.status_code == 403
    assert "Nora Lind" in answer.content.decode()


@pytest.mark.urls(__name__)
def test_a_failure_answers_without_the_database(frail_client: Client) -> None:
    # No fixture opens the database here, so that a single query would fail the test.
    answer = frail_client.get("/broken/")
    assert answer.status_code == 500
    assert NEXT in answer.content.decode()


@pytest.mark.urls(__name__)
def test_a_damaged_request(frail_client: Client) -> None:
    answer = frail_client.get("/damaged/")
    assert answer.status_code == 400
    assert NEXT in answer.content.decode()


def test_pages_that_stand_alone_need_no_context() -> None:
    request = RequestFactory().get("/")
    assert NEXT in server_error(request).content.decode()
    assert NEXT in bad_request(request, BadRequest()).content.decode()
    assert NEXT in get_template("500.html").render()


def test_a_forged_form(db: None) -> None:
    answer = Client(enforce_csrf_checks=True).post("/account/login/", {})
    assert answer.status_code == 403
    assertTemplateUsed(answer, "403_csrf.html")
    assert NEXT in answer.content.decode()
