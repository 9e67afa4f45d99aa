"""The link that shows a report to whoever has it: signed, expiring, withdrawn, and of nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.signing import Signer
from django.test import Client
from django.utils import timezone

from portal.accounts.models import User
from portal.trials.models import Share, TrialMessage
from portal.trials.services import MOST_SHARES, share
from portal.trials.sharing import SALT, token_of


@pytest.fixture
def message(arrived: Callable[..., TrialMessage]) -> TrialMessage:
    return arrived()


@pytest.fixture
def shared(message: TrialMessage, nora: User) -> Share:
    return share(message, by=nora)


def test_it_is_made_and_withdrawn_on_the_report(as_nora: Client, message: TrialMessage) -> None:
    page = f"/tests/{message.trial.code}/messages/{message.pk}/"
    assert as_nora.post(f"{page}share/").headers["Location"] == page
    made = Share.objects.get()
    link = f"/shared/{token_of(made)}/"
    assert link in as_nora.get(page).content.decode()
    assert Client().get(link).status_code == 200
    assert as_nora.post(f"/tests/{message.trial.code}/shares/{made.code}/withdraw/").status_code == 302
    assert Client().get(link).status_code == 404
    assert link not in as_nora.get(page).content.decode()


def test_strangers_read_the_report_and_nothing_of_the_desk(shared: Share) -> None:
    response = Client().get(f"/shared/{token_of(shared)}/")
    content = response.content.decode()
    assert 'data-code="trial.believed"' in content
    assert response.headers["X-Robots-Tag"] == "noindex"
    assert "no-store" in response.headers["Cache-Control"]
    for word in ("Nora", "nora@north.example", "North College</", "/tests/", "/branches/", shared.message.trial.token):
        assert word not in content


def test_its_pictures(shared: Share) -> None:
    for kind in ("shown", "blocked"):
        response = Client().get(f"/shared/{token_of(shared)}/picture/{kind}/")
        assert response.status_code == 200
        assert "sandbox" in response.headers["Content-Security-Policy"]
        assert "no-store" in response.headers["Cache-Control"]
    assert Client().get(f"/shared/{token_of(shared)}/picture/x/").status_code == 404


def test_it_expires(shared: Share) -> None:
    Share.objects.update(expires=timezone.now() - timedelta(seconds=1))
    assert Client().get(f"/shared/{token_of(shared)}/").status_code == 404
    assert Client().get(f"/shared/{token_of(shared)}/picture/shown/").status_code == 404


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: token[:-1],
        lambda token: "x" + token,
        lambda token: token.partition(":")[0],
        lambda token: "%00",
        lambda token: Signer(salt="another").sign(token.partition(":")[0]),
        lambda token: Signer(salt=SALT).sign("0" * 32),
        lambda token: Signer(salt=SALT).sign("no code"),
    ],
)
def test_a_token_that_is_none_of_ours(shared: Share, spoil: Callable[[str], str]) -> None:
    assert Client().get(f"/shared/{spoil(token_of(shared))}/").status_code == 404


def test_another_branch_can_neither_share_nor_withdraw(as_sven: Client, shared: Share) -> None:
    trial, message = shared.message.trial, shared.message
    assert as_sven.post(f"/tests/{trial.code}/messages/{message.pk}/share/").status_code == 404
    assert as_sven.post(f"/tests/{trial.code}/shares/{shared.code}/withdraw/").status_code == 404
    assert Share.objects.get().is_open


def test_no_more_than_a_few(as_nora: Client, message: TrialMessage) -> None:
    for _ in range(MOST_SHARES + 3):
        as_nora.post(f"/tests/{message.trial.code}/messages/{message.pk}/share/")
    assert Share.objects.count() == MOST_SHARES


def test_wrong_method(as_nora: Client, shared: Share) -> None:
    url = f"/tests/{shared.message.trial.code}/messages/{shared.message.pk}/share/"
    assert as_nora.get(url).status_code == 405
    assert Client().post(f"/shared/{token_of(shared)}/").status_code == 405
