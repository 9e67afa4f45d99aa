"""Deliveries as a file: exactly what is filtered, streamed, and harmless in a spreadsheet."""

from __future__ import annotations

import csv
import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from portal.branches.models import BranchProfile
from portal.maillog import searching
from portal.maillog.export import neutral
from portal.maillog.models import Delivery
from tests import make
from tests.make import NOON
from tests.portal.maillog.world import many

FILE = "/branches/north/deliveries/export/"


def text_of(response: Any) -> str:
    assert response.status_code == 200
    assert response.streaming
    return b"".join(response.streaming_content).decode()


def rows_of(response: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(text_of(response).splitlines()))


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("=1+1", "'=1+1"),
        ("+49", "'+49"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("\n=1", "'\n=1"),
        ("a=1", "a=1"),
        ("", ""),
        (3, "3"),
    ],
)
def test_no_cell_is_a_formula(cell: object, expected: str) -> None:
    assert neutral(cell) == expected


def test_csv_of_what_is_filtered(north: BranchProfile, south: BranchProfile, as_nora: Client) -> None:
    north.time_zone = "America/Denver"
    north.save()
    message = make.message(north, subject="=HYPERLINK(0)", message_id="<m@x>", function='Zürich, "quoted"')
    make.delivery(
        north, "=cmd@corp.example", "refused", message=message, reply="550 no\r\n=such user", cause="no_such_user"
    )
    make.delivery(north, "b@corp.example")
    make.delivery(south, "c@corp.example", "refused")
    response = as_nora.get(FILE, {"state": "refused", "form": "csv"})
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == 'attachment; filename="deliveries-north-state-refused.csv"'
    rows = list(csv.DictReader(text_of(response).splitlines(keepends=True)))
    assert len(rows) == 1
    assert rows[0]["recipient"] == "'=cmd@corp.example"
    assert rows[0]["subject"] == "'=HYPERLINK(0)"
    assert rows[0]["function"] == 'Zürich, "quoted"'
    assert rows[0]["at"] == "2026-03-04T05:00:00-07:00"
    assert rows[0]["reply"] == "550 no\r\n=such user"
    assert (rows[0]["branch"], rows[0]["cause"], rows[0]["message_id"]) == ("north", "no_such_user", "<m@x>")


def test_json_lines_hold_texts_as_they_are(north: BranchProfile, as_nora: Client) -> None:
    make.delivery(north, "=cmd@corp.example", "refused", reply="550 no\n=such user")
    make.delivery(north, "b@corp.example", at=NOON + timedelta(hours=1))
    response = as_nora.get(FILE, {"form": "jsonl"})
    assert response["Content-Disposition"] == 'attachment; filename="deliveries-north.jsonl"'
    rows = [json.loads(line) for line in text_of(response).splitlines()]
    assert [row["recipient"] for row in rows] == ["b@corp.example", "=cmd@corp.example"]
    assert rows[1]["reply"] == "550 no\n=such user"
    assert rows[1]["attempts"] == 0


@pytest.mark.parametrize(
    "query", [{}, {"provider": "none"}, {"state": "trouble"}, {"state": "trouble", "module": "other"}]
)
def test_all_rows_in_chunks_each_once(
    query: dict[str, str], north: BranchProfile, as_nora: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "CHUNK", 7)
    monkeypatch.setattr(searching, "WINDOW", 7)
    many(north, 50, state="deferred")
    Delivery.objects.filter(recipient__in=["r3@corp.example", "r40@corp.example"]).update(state="refused")
    rows = rows_of(as_nora.get(FILE, query))
    assert [row["recipient"] for row in rows] == [f"r{number}@corp.example" for number in reversed(range(50))]


def test_file_names_tell_the_filter(north: BranchProfile, as_nora: Client) -> None:
    response = as_nora.get(FILE, {"recipient": "Lee+x@corp.example", "since": "2026-03-01T00:00"})
    name = "deliveries-north-recipient-lee-x-corp.example-since-2026-03-01t00-00.csv"
    assert response["Content-Disposition"] == f'attachment; filename="{name}"'


@pytest.mark.parametrize("query", [{"state": "nonsense"}, {"form": "xlsx"}])
def test_wrong_input_shows_the_form(query: dict[str, str], north: BranchProfile, as_nora: Client) -> None:
    response = as_nora.get(FILE, query)
    assert response.status_code == 400
    assert b'aria-label="Filter"' in response.content


def test_over_all_branches(north: BranchProfile, south: BranchProfile, as_ida: Client) -> None:
    make.delivery(north, "lee@corp.example")
    make.delivery(south, "lee@corp.example")
    rows = rows_of(as_ida.get("/deliveries/export/", {"recipient": "lee@corp.example"}))
    assert {row["branch"] for row in rows} == {"north", "south"}
    rows = rows_of(as_ida.get("/deliveries/export/", {"recipient": "lee@corp.example", "branch": "south"}))
    assert {row["branch"] for row in rows} == {"south"}


@pytest.mark.parametrize("query", [{}, {"state": "refused"}])
def test_never_the_whole_log_of_all_branches(query: dict[str, str], as_ida: Client) -> None:
    assert as_ida.get("/deliveries/export/", query).status_code == 400


def test_strangers_and_wrong_methods(north: BranchProfile, as_nora: Client, as_sven: Client, as_ida: Client) -> None:
    assert as_sven.get(FILE).status_code == 404
    assert as_nora.get("/deliveries/export/?recipient=a@b.example").status_code == 403
    assert as_nora.post(FILE).status_code == 405
    assert as_ida.post("/deliveries/export/").status_code == 405
