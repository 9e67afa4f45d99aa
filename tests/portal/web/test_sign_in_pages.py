"""The pages of django-allauth in our look: every one that can be reached renders, and the forms do their work."""

from __future__ import annotations

import pytest
from allauth.mfa.totp.internal import auth as totp
from django.core import mail
from django.test import Client

from portal.accounts.models import User

PASSWORD = "a long password"


def signed_in_by_form(user: User) -> Client:
    """A client that has given the password twice, as the pages that guard the account ask for."""
    client = Client()
    answer = client.post("/account/login/", {"login": user.email, "password": PASSWORD})
    assert answer.status_code == 302
    assert client.post("/account/reauthenticate/", {"password": PASSWORD}).status_code == 302
    return client


@pytest.mark.parametrize(
    "address",
    ["login", "password/reset", "password/reset/done", "password/reset/key/done", "inactive", "signup"],
)
def test_pages_before_signing_in(db: None, client: Client, address: str) -> None:
    page = client.get(f"/account/{address}/").content.decode()
    assert "dd-card" in page
    assert page.count("<h1") == 1


@pytest.mark.parametrize(
    "address",
    ["logout", "password/change", "email", "2fa", "2fa/totp/activate", "3rdparty", "reauthenticate"],
)
def test_pages_of_a_person(nora: User, address: str) -> None:
    answer = signed_in_by_form(nora).get(f"/account/{address}/", follow=True)
    assert answer.status_code == 200
    assert answer.content.decode().count("<h1") == 1


def test_wrong_password_shows_the_form_again_with_the_address(nora: User, client: Client) -> None:
    page = client.post("/account/login/", {"login": nora.email, "password": "wrong"}).content.decode()
    assert "dd-error-summary" in page
    assert f'value="{nora.email}"' in page


def test_reset_link_sets_a_password(nora: User, client: Client) -> None:
    client.post("/account/password/reset/", {"email": nora.email})
    link = next(word for word in str(mail.outbox[0].body).split() if "/password/reset/key/" in word)
    there = client.get(link[link.index("/account/") :])
    page = client.get(there["Location"]).content.decode()
    assert 'name="password1"' in page
    client.post(there["Location"], {"password1": "another long password", "password2": "another long password"})
    nora.refresh_from_db()
    assert nora.check_password("another long password")
    used = client.get(link[link.index("/account/") :]).content.decode()
    assert 'name="password1"' not in used


def test_authenticator_app_from_on_to_off(nora: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(totp, "validate_totp_code", lambda *args, **kwargs: True)
    client = signed_in_by_form(nora)
    page = client.get("/account/2fa/totp/activate/").content.decode()
    assert "data:image/svg+xml" in page
    answer = client.post("/account/2fa/totp/activate/", {"code": "123456"}, follow=True)
    assert answer.status_code == 200
    for address in ("2fa", "2fa/recovery-codes", "2fa/recovery-codes/generate", "2fa/totp/deactivate"):
        assert client.get(f"/account/{address}/").status_code == 200
    second = Client().post("/account/login/", {"login": nora.email, "password": PASSWORD}, follow=True)
    assert 'name="code"' in second.content.decode()
    client.post("/account/2fa/totp/deactivate/")
    assert "2fa/totp/activate" in client.get("/account/2fa/").content.decode()


def test_nobody_signs_up(db: None, client: Client) -> None:
    client.post("/account/signup/", {"email": "x@x.example", "password1": PASSWORD, "password2": PASSWORD})
    assert not User.objects.exists()


def test_signing_out_needs_a_post(as_nora: Client) -> None:
    assert as_nora.get("/account/logout/").status_code == 200
    assert as_nora.get("/account/2fa/").status_code == 200
    assert as_nora.post("/account/logout/", {"next": "/account/login/"})["Location"] == "/account/login/"


def test_inactive_person_does_not_come_in(nora: User, client: Client) -> None:
    nora.is_active = False
    nora.save(update_fields=["is_active"])
    client.post("/account/login/", {"login": nora.email, "password": PASSWORD})
    assert client.get("/account/2fa/").status_code == 302
