"""Lists as files: what is read, what is told of what is not, and that a file written is read as it was."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.suppression import sheets
from portal.suppression.loading import load
from portal.suppression.models import Suppression
from portal.suppression.sheets import Entry, Rejected, SheetProblem, csv_of, json_of, read_sheet
from tests.portal.suppression.conftest import suppressed

OWN = (
    b"address,reason,since\nlee@corp.example,opt_out,2026-03-04\nkim@corp.example,complaint,2026-03-05T10:00:00+01:00\n"
)


def entries(octets: bytes) -> list[tuple[str, str]]:
    return [(item.address, item.reason) for item in read_sheet(octets) if isinstance(item, Entry)]


def rejected(octets: bytes) -> list[int]:
    return [item.line for item in read_sheet(octets) if isinstance(item, Rejected)]


@pytest.mark.parametrize(
    "octets",
    [
        OWN,
        b"\xef\xbb\xbf" + OWN,
        OWN.decode().encode("utf-16"),
        OWN.replace(b"\n", b"\r\n"),
        OWN.replace(b",", b";"),
        OWN.replace(b",", b"\t"),
        OWN.replace(b"address,reason,since", b"E-Mail,Type,Created_at"),
        OWN.replace(b"opt_out", b"Unsubscribed").replace(b"complaint", b"spam"),
        b'[{"email": "lee@corp.example", "reason": "opt_out"}, {"address": "kim@corp.example", "reason": "complaint"}]',
        b'{"address": "lee@corp.example", "reason": "opt_out"}\n'
        b'{"address": "kim@corp.example", "reason": "complaint"}\n',
        b'{"suppressions": [{"address": "lee@corp.example", "reason": "opt-out"}, '
        b'{"address": "kim@corp.example", "reason": "complaint"}]}',
    ],
)
def test_forms_of_the_same_list(octets: bytes) -> None:
    assert entries(octets) == [("lee@corp.example", "opt_out"), ("kim@corp.example", "complaint")]


@pytest.mark.parametrize(
    "octets", [b"lee@corp.example\nkim@corp.example\n", b'["lee@corp.example", "kim@corp.example"]']
)
def test_addresses_alone(octets: bytes) -> None:
    assert entries(octets) == [("lee@corp.example", "manual"), ("kim@corp.example", "manual")]


def test_times() -> None:
    first, second = read_sheet(OWN)
    assert isinstance(first, Entry)
    assert isinstance(second, Entry)
    assert (first.since, second.since) == (datetime(2026, 3, 4, tzinfo=UTC), datetime(2026, 3, 5, 9, tzinfo=UTC))


@pytest.mark.parametrize(
    "line",
    [
        b"lee,opt_out,",
        b"@corp.example,opt_out,",
        b",opt_out,",
        b"a b@corp.example,opt_out,",
        b"lee@corp.example,because,",
        b"lee@corp.example,opt_out,yesterday",
        b"lee@corp.example,hard_bounce,2001-01-01",
        b"x" * 400 + b"@corp.example,opt_out,",
    ],
)
def test_a_line_that_cannot_be_used_is_told_and_the_rest_is_read(line: bytes) -> None:
    octets = b"address,reason,since\n" + line + b"\nkim@corp.example,opt_out,\n"
    assert rejected(octets) == [2]
    assert entries(octets) == [("kim@corp.example", "opt_out")]


@pytest.mark.parametrize(
    "octets", [b"", b"  \n", b"name,phone\nLee,1\n", b"[{", b"\xff\x00\xff", b"\x00", b'{"a": [' * 9999]
)
def test_what_is_no_list(octets: bytes) -> None:
    with pytest.raises(SheetProblem):
        list(read_sheet(octets))


def test_no_more_than_the_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MOST_LINES", 3)
    found = list(read_sheet(b"address\n" + b"lee@corp.example\n" * 9))
    assert [type(item) for item in found] == [Entry, Entry, Entry, Rejected]


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "lee", "'lee", "'=1"])
def test_no_formula_leaves_and_every_cell_comes_back(cell: str) -> None:
    assert not sheets.neutral(cell).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert sheets.plain(sheets.neutral(cell)) == cell or cell == "'=1"


@pytest.mark.django_db
@pytest.mark.parametrize("write", [csv_of, json_of])
def test_a_list_that_is_written_is_read_as_it_was(
    north: BranchProfile, south: BranchProfile, ida: User, write: object
) -> None:
    for address, reason in (
        ("+tag@corp.example", "opt_out"),
        ("=x@corp.example", "complaint"),
        ("a@b.example", "manual"),
    ):
        suppressed(north, address, reason, source="=HYPERLINK(1)")
    rows = Suppression.objects.order_by("pk")
    file = "".join(write(rows))  # type: ignore[operator]
    if write is csv_of:
        assert not [line for line in file.splitlines() if line.startswith(("=", "+"))]
    else:
        assert len(json.loads(file)) == 3
    loaded = load(south, read_sheet(file.encode()), by=ida, source="x")
    assert (loaded.new, loaded.known, loaded.rejected) == (3, 0, [])
    told = ("address", "reason", "since", "until", "source")
    ours = list(Suppression.objects.filter(branch=south).order_by("pk").values_list(*told))
    assert ours == list(Suppression.objects.filter(branch=north).order_by("pk").values_list(*told))
    again = load(south, read_sheet(file.encode()), by=ida, source="x")
    assert (again.new, again.known) == (0, 3)


def test_nothing_at_all_is_a_list_too() -> None:
    assert json.loads("".join(json_of([]))) == []
    assert "".join(csv_of([])) == "address,reason,since,until,source\r\n"


@pytest.mark.django_db
def test_what_was_said_stronger_already_is_known(north: BranchProfile, ida: User) -> None:
    suppressed(north, reason="opt_out")
    loaded = load(north, read_sheet(b"address,reason\nlee@corp.example,manual\n"), by=ida, source="x")
    assert (loaded.new, loaded.known) == (0, 1)
