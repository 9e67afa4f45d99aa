"""Programs with tokens: North's own, South's, and support's."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from portal.accounts.models import User
from portal.api.models import Scope
from portal.api.services import make_token


@dataclass
class Program:
    """A program that sends JSON with its token."""

    token: str
    client: Client

    def __call__(self, method: str, path: str, body: Any = None, key: str = "", **headers: str) -> Any:
        sent = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if key:
            sent["Idempotency-Key"] = key
        return self.client.generic(
            method,
            f"/api/v1{path}",
            body if isinstance(body, str | bytes) else json.dumps(body) if body is not None else "",
            content_type=headers.pop("content_type", "application/json"),
            headers={**sent, **headers},
        )


@pytest.fixture
def program() -> Callable[..., Program]:
    def make(user: User | None, *scopes: str) -> Program:
        text = make_token(name="x", user=user, scopes=scopes or Scope.values, expires=None, by=user)[1] if user else ""
        return Program(text, Client())

    return make


@pytest.fixture
def norths(program: Any, nora: User) -> Program:
    made: Program = program(nora)
    return made


@pytest.fixture
def souths(program: Any, sven: User) -> Program:
    made: Program = program(sven)
    return made


@pytest.fixture
def supports(program: Any, ida: User) -> Program:
    made: Program = program(ida)
    return made
