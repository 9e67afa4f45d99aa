"""The recipient's way out (RFC 8058), which strangers reach without signing in."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.core.signing import Signer
from django.test import Client
from django.test.client import BOUNDARY, encode_multipart

from portal.branches.models import BranchProfile
from portal.suppression.models import Suppression
from portal.suppression.unsubscribe import SALT, headers_for, token_for, way_of
from tests.portal.suppression.conftest import suppressed

LEE = "lee@corp.example"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}
FORM = "application/x-www-form-urlencoded"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"


@pytest.fixture
def url(north: BranchProfile) -> str:
    return f"/unsubscribe/{token_for(north, 'Lee@Corp.Example', 'newsletter')}/"


def strict() -> Client:
    """A browser or mail program as it is: CSRF is asked of it."""
    return Client(enforce_csrf_checks=True)


def test_looking_changes_nothing(url: str) -> None:
    for method in ("get", "head"):
        assert getattr(strict(), method)(url).status_code == 200
    assert not Suppression.objects.exists()


@pytest.mark.parametrize("kind", [FORM, MULTIPART])
def test_one_click_of_a_mail_program(url: str, kind: str) -> None:
    body = "List-Unsubscribe=One-Click"
    if kind != FORM:
        body = encode_multipart(BOUNDARY, ONE_CLICK).decode()
    response = strict().post(url, body, content_type=kind)
    assert response.status_code == 200
    entry = Suppression.objects.get()
    assert (entry.address_normal, entry.reason, entry.until) == (LEE, "opt_out", None)
    assert entry.source == "Unsubscribed by link of newsletter"


@pytest.mark.parametrize(
    "body",
    [
        "",
        "List-Unsubscribe=One-Click&x=1",
        "List-Unsubscribe=One-Click&List-Unsubscribe=One-Click",
        "List-Unsubscribe=one-click",
        "list-unsubscribe=One-Click",
        "x=1",
    ],
)
def test_anything_else_goes_through_the_form(url: str, body: str) -> None:
    assert strict().post(url, body, content_type=FORM).status_code == 403
    assert not Suppression.objects.exists()


def test_the_form(url: str) -> None:
    client = strict()
    client.get(url)
    token = client.cookies["csrftoken"].value
    response = client.post(url, {"csrfmiddlewaretoken": token})
    assert response.status_code == 200
    assert response.context["is_done"]
    assert Suppression.objects.get().address_normal == LEE


def test_twice_is_once_and_tells_nothing(url: str, north: BranchProfile) -> None:
    first, again = strict().post(url, ONE_CLICK), strict().post(url, ONE_CLICK)
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert Suppression.objects.count() == 1


def test_the_page_tells_nothing_of_what_stands_there(url: str, north: BranchProfile) -> None:
    def page() -> str:
        content = Client().get(url).content.decode()
        return content.partition("csrfmiddlewaretoken")[0] + content.rpartition("csrfmiddlewaretoken")[2][80:]

    before = page()
    suppressed(north, LEE)
    assert page() == before
    assert LEE not in before


def test_it_is_neither_kept_nor_found(url: str) -> None:
    response = Client().get(url)
    assert response.headers["X-Robots-Tag"] == "noindex"
    assert "no-store" in response.headers["Cache-Control"]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: token[:-1],
        lambda token: token + "x",
        lambda token: "x" + token,
        lambda token: token.replace(":", ""),
        lambda token: "x",
        lambda token: "%00",
        lambda token: Signer(salt="another").sign_object(["north", LEE, ""]),
        lambda token: Signer(salt=SALT).sign_object(["north"]),
        lambda token: Signer(salt=SALT).sign_object({"a": 1}),
        lambda token: Signer(salt=SALT).sign_object(["nowhere", LEE, ""]),
        lambda token: Signer(salt=SALT).sign("not an object"),
    ],
)
def test_a_token_that_is_none_of_ours(north: BranchProfile, spoil: object) -> None:
    token = spoil(token_for(north, LEE))  # type: ignore[operator]
    for response in (Client().get(f"/unsubscribe/{token}/"), Client().post(f"/unsubscribe/{token}/", ONE_CLICK)):
        assert response.status_code == 404
    assert not Suppression.objects.exists()


def test_wrong_method(url: str) -> None:
    assert Client().put(url).status_code == 405


def test_the_fields_of_a_mail(north: BranchProfile, settings: object) -> None:
    settings.BASE_URL = "https://desk.example"  # type: ignore[attr-defined]
    headers = headers_for(north, "Lee@Corp.Example")
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    url = headers["List-Unsubscribe"]
    assert url.startswith("<https://desk.example/unsubscribe/")
    way = way_of(url.removeprefix("<https://desk.example/unsubscribe/").removesuffix("/>"))
    assert way is not None
    assert (way.branch, way.address, way.list) == (north, LEE, "")
    assert headers == headers_for(north, LEE)


def test_the_command(north: BranchProfile) -> None:
    out = StringIO()
    call_command("unsubscribe_headers", "--branch", "north", "--recipient", LEE, "--json", stdout=out)
    assert json.loads(out.getvalue()) == headers_for(north, LEE)
    call_command("unsubscribe_headers", "--branch", "north", "--recipient", LEE, stdout=out)
    assert "List-Unsubscribe: <" in out.getvalue()


@pytest.mark.parametrize("arguments", [("nowhere", LEE), ("north", "lee")])
def test_what_the_command_refuses(north: BranchProfile, arguments: tuple[str, str]) -> None:
    with pytest.raises(CommandError) as error:
        call_command("unsubscribe_headers", "--branch", arguments[0], "--recipient", arguments[1])
    assert error.value.returncode == 2
