"""The cast of every test, and the rule that no test speaks to the network.

Nora is staff of North College and Sven of South College, who must never see anything of North. Ida is support, Ada an
admin.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from math import inf
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.test import Client, override_settings
from playwright.sync_api import Browser

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.maillog import replies
from tests import make
from tests.chromium import launched

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
# How long an example takes says how busy the machine is; what is slow is found by the benchmarks.
hypothesis.settings.register_profile(
    "desk",
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
    derandomize="CI" in os.environ,
)
hypothesis.settings.load_profile("desk")


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that leaves this machine; loopback and local sockets stay open."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and not (
            str(address[0]).startswith("127.") or address[0] in {"::1", "localhost"}
        ):
            raise RuntimeError(f"A test tried to reach {address!r}.")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(scope="session", autouse=True)
def _static_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """WhiteNoise warns of a missing folder of collected files; the tests collect none, so they give it an empty one."""
    with override_settings(STATIC_ROOT=tmp_path_factory.mktemp("static")):
        yield


@pytest.fixture(autouse=True)
def _test_settings(settings: Any, tmp_path: Path) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    settings.STRICT_TEMPLATES = True
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


@pytest.fixture(autouse=True)
def _no_named_replies() -> None:
    """A process asks now and then for the replies that support has named. Here it asks when a test has named one: what
    another test named is forgotten, and no page costs a query more because half a minute has passed.
    """
    held = replies._held
    if held.rules:
        held.rules, held.version = (), held.version + 1
    held.until = inf


@pytest.fixture
def north(db: None) -> BranchProfile:
    return make.branch("north", "North College", "north.example")


@pytest.fixture
def south(db: None) -> BranchProfile:
    return make.branch("south", "South College", "south.example")


@pytest.fixture
def nora(north: BranchProfile) -> User:
    return make.person("nora@north.example", "Nora Lind", "staff", north)


@pytest.fixture
def sven(south: BranchProfile) -> User:
    return make.person("sven@south.example", "Sven Holm", "staff", south)


@pytest.fixture
def ida(db: None) -> User:
    return make.person("ida@desk.example", "Ida Berg", "support")


@pytest.fixture
def ada(db: None) -> User:
    return make.person("ada@desk.example", "Ada Voss", "admin")


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def as_nora(nora: User) -> Client:
    return signed_in(nora)


@pytest.fixture
def as_sven(sven: User) -> Client:
    return signed_in(sven)


@pytest.fixture
def as_ida(ida: User) -> Client:
    return signed_in(ida)


@pytest.fixture
def as_ada(ada: User) -> Client:
    return signed_in(ada)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser that all walks of this session share."""
    with launched() as browser:
        yield browser
