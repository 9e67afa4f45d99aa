"""The OpenAPI document, and the desk held to it: whatever is sent, it answers as described and never with a 500."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from portal.accounts.models import User
from portal.api.desk import desk
from portal.api.models import Scope
from portal.api.services import make_token
from portal.branches.models import BranchProfile


def test_it_is_served_to_everybody(db: None) -> None:
    answer = Client().get("/api/v1/openapi.json")
    assert answer.status_code == 200
    assert answer.json()["info"]["title"] == "Delivery Desk"
    assert all("401" in item["responses"] for path in answer.json()["paths"].values() for item in path.values())


@pytest.fixture
def token(north: BranchProfile, nora: User) -> str:
    return make_token(name="x", user=nora, scopes=Scope.values, expires=None, by=nora)[1]


def application(environ: dict[str, Any], start_response: Any) -> Any:
    """The desk without a server, made when it is asked: the tests' settings are not those of an import."""
    return get_wsgi_application()(environ, start_response)


schema = schemathesis.openapi.from_dict(desk.get_openapi_schema())
schema.config.update(base_url="http://127.0.0.1")
schema.app = application


@pytest.fixture(autouse=True)
def _connection_stays_open() -> Iterator[None]:
    """The test's own connection is left alone, as Django's test client leaves it."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@schema.parametrize()
@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_whatever_is_sent_is_answered_as_described(case: schemathesis.Case, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "k"}
    # What a description cannot say (that a branch is there, that a reason fits) is judged by the desk.
    case.call_and_validate(headers=headers, excluded_checks=[positive_data_acceptance, negative_data_rejection])
