"""The list as a file."""

from __future__ import annotations

import csv
import json

from django.test import Client

from portal.branches.models import BranchProfile
from portal.suppression.models import Suppression
from tests.portal.suppression.conftest import suppressed

URL = "/branches/north/suppression/list."


def content(client: Client, kind: str, **asked: str) -> str:
    response = client.get(URL + kind, asked)
    return b"".join(response.streaming_content).decode()  # type: ignore[attr-defined]


def test_exactly_what_is_filtered(as_nora: Client, entry: Suppression, north: BranchProfile) -> None:
    suppressed(north, "=kim@other.example")
    lines = list(csv.DictReader(content(as_nora, "csv").splitlines()))
    assert [line["address"] for line in lines] == ["'=kim@other.example", "lee@corp.example"]
    assert [line["address"] for line in json.loads(content(as_nora, "json", reason="hard_bounce"))] == [entry.address]


def test_it_is_a_file(as_nora: Client, north: BranchProfile) -> None:
    response = as_nora.get(URL + "csv")
    assert response.headers["Content-Disposition"] == 'attachment; filename="suppression-north.csv"'


def test_another_kind(as_nora: Client, north: BranchProfile) -> None:
    assert as_nora.get(URL + "xlsx").status_code == 404


def test_a_stranger(as_sven: Client, entry: Suppression) -> None:
    assert as_sven.get(URL + "csv").status_code == 404


def test_wrong_method(as_nora: Client, north: BranchProfile) -> None:
    assert as_nora.post(URL + "csv").status_code == 405
