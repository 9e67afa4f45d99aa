"""Nobody is let in without a token, a token does what it was made for, and sees what its person sees."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone

from diagnostics.models import Run
from portal.accounts.models import User
from portal.api.desk import desk
from portal.api.models import Scope, Token
from portal.api.services import make_token
from portal.branches.models import BranchProfile
from portal.suppression.services import suppress
from tests import make
from tests.portal.api.conftest import Program
from tests.tickets.queue.conftest import make_ticket

CANARY = "kanarie"
OPERATIONS = [
    (method, path) for path, operations in desk.get_openapi_schema()["paths"].items() for method in operations
]


def filled(path: str, values: dict[str, Any]) -> str:
    return re.sub(r"\{(\w+)\}", lambda match: str(values.get(match[1], 1)), path).removeprefix("/api/v1")


def about_north(method: str, path: str) -> str:
    """The query that asks an operation for what is North's, of what it takes."""
    asked = {"branch": "north", "recipient": f"{CANARY}@corp.example", "address": f"{CANARY}@corp.example"}
    takes = {item["name"] for item in desk.get_openapi_schema()["paths"][path][method].get("parameters", [])}
    return "?" + urlencode({name: value for name, value in asked.items() if name in takes})


@pytest.fixture
def norths_things(north: BranchProfile, nora: User) -> dict[str, Any]:
    """North's delivery, ticket, run and suppression, each with the canary."""
    delivery = make.delivery(north, f"{CANARY}@corp.example")
    ticket = make_ticket(1, north, nora, recipient=f"{CANARY}@corp.example")
    held = suppress(north, address=f"{CANARY}@corp.example", reason="manual")
    run = Run.objects.create(
        subject={"recipient": f"{CANARY}@corp.example"}, requested_by=nora, lease_until=timezone.now()
    )
    return {"pk": {"deliveries": delivery.pk, "suppressions": held.pk}, "number": ticket.number, "code": run.code}


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
@pytest.mark.parametrize("token", ["", "dd_nonsense"])
def test_without_a_token_nobody_is_let_in(db: None, method: str, path: str, token: str) -> None:
    answer = Program(token, Client())(method, filled(path, {"code": "0" * 8 + "-0000-4000-8000-" + "0" * 12}), {})
    assert answer.status_code == 401
    assert "detail" in answer.json()


@pytest.mark.parametrize(("method", "path"), [item for item in OPERATIONS if item[0] == "get"])
def test_south_reads_nothing_of_north(souths: Program, norths_things: dict[str, Any], method: str, path: str) -> None:
    room = path.split("/")[3]
    address = filled(path, {**norths_things, "pk": norths_things["pk"].get(room, 1)})
    answer = souths(method, address + about_north(method, path))
    # The ids of nothing else exist; where there is nothing to be seen, no difference is told.
    assert answer.status_code in (200, 404)
    assert CANARY not in answer.content.decode()


@pytest.mark.parametrize(("method", "path"), [item for item in OPERATIONS if item[0] == "get"])
def test_north_reads_its_own(norths: Program, norths_things: dict[str, Any], method: str, path: str) -> None:
    room = path.split("/")[3]
    address = filled(path, {**norths_things, "pk": norths_things["pk"].get(room, 1)})
    answer = norths(method, address + about_north(method, path))
    assert answer.status_code == 200
    told = answer.content.decode()
    assert CANARY in told or '"may_send": false' in told


@pytest.mark.parametrize("scope", Scope.values)
def test_a_token_does_only_what_it_was_made_for(program: Any, ida: User, north: BranchProfile, scope: str) -> None:
    told = {
        "read": ("get", "/tickets", None),
        "log": ("post", "/log", {"branch": "north", "events": [{}]}),
        "check": ("post", "/runs", {"target": "north.example"}),
        "tickets": ("post", "/tickets", {"branch": "north", "recipient": "a@b.example"}),
        "suppress": ("post", "/suppressions", {"branch": "north", "address": "a@b.example", "reason": "manual"}),
    }
    asks = program(ida, scope)
    for number, (needed, (method, path, body)) in enumerate(told.items()):
        status = asks(method, path, body, key=f"k{number}").status_code
        assert (status == 403) == (needed != scope), (needed, status)


def test_a_token_that_is_over_opens_nothing(ida: User) -> None:
    def status(text: str) -> int:
        return int(Program(text, Client())("get", "/tickets").status_code)

    row, text = make_token(name="x", user=ida, scopes=["read"], expires=None, by=ida)
    assert status(text) == 200
    assert Token.objects.get(pk=row.pk).last_used is not None
    Token.objects.update(expires=timezone.now() - timedelta(seconds=1))
    assert status(text) == 401
    Token.objects.update(expires=None, revoked=timezone.now())
    assert status(text) == 401
    Token.objects.update(revoked=None)
    User.objects.update(is_active=False)
    assert status(text) == 401
