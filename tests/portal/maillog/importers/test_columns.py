"""What columns mean: their names, how a time is written, which word is which."""

from __future__ import annotations

import pytest

from portal.maillog.importers.columns import LEFT_OUT, TIME_FORMS, Columns, forms_of, likely_forms, meaning_of, unique
from portal.maillog.importers.event import EventProblem


@pytest.mark.parametrize(
    ("names", "fields"),
    [
        (["To", "Time", "ID"], {"To": "recipient", "Time": "at", "ID": "key"}),
        (["Recipient Address", "sent-at"], {"Recipient Address": "recipient", "sent-at": "at"}),
        (["Date", "Time"], {"Date": "at", "Time": "at"}),
        (["status", "event"], {"status": "kind"}),
        (["status_code", "status"], {"status_code": "status_code", "status": "kind"}),
        (["Farbe", ""], {}),
    ],
)
def test_names_that_are_known(names: list[str], fields: dict[str, str]) -> None:
    assert Columns.recognised(names).fields == fields


@pytest.mark.parametrize(
    ("fields", "is_enough"),
    [
        ({"a": "recipient", "b": "at"}, True),
        ({"a": "email", "b": "at"}, True),
        ({"a": "reference", "b": "email"}, True),
        ({"a": "recipient"}, False),
        ({}, False),
    ],
)
def test_whether_rows_can_be_used(fields: dict[str, str], is_enough: bool) -> None:
    assert Columns(fields=fields).is_enough is is_enough


def test_it_is_kept_as_plain_data() -> None:
    columns = Columns(fields={"a": "at"}, form="mdy", kind="handed", words={"ok": "accepted"})
    assert Columns.from_json(columns.to_json()) == columns


def test_each_column_has_a_name_of_its_own() -> None:
    assert unique(["Status", " Status ", "", "Status", "a\nb"]) == [
        "Status",
        "Status (2)",
        "Column 3",
        "Status (3)",
        "a b",
    ]


@pytest.mark.parametrize(
    ("form", "text", "told"),
    [
        ("iso", "2026-03-04 14:02", "2026-03-04 14:02"),
        ("mdy", "3/4/2026 2:02 PM", "2026-03-04T14:02:00"),
        ("mdy", "03/04/26 12:02:10 AM", "2026-03-04T00:02:10"),
        ("mdy", "3/4/2026, 14:02:10 UTC", "2026-03-04T14:02:10+00:00"),
        ("dmy", "4.3.2026 14:02", "2026-03-04T14:02:00"),
        ("dmy", "04-03-2026 14:02:10.5 +01:00", "2026-03-04T14:02:10+01:00"),
        ("unix", "1772632930", "2026-03-04T14:02:10+00:00"),
        ("unix", "1772632930000", "2026-03-04T14:02:10+00:00"),
        ("mail", "Wed, 04 Mar 2026 14:02:10 +0000", "2026-03-04T14:02:10+00:00"),
    ],
)
def test_ways_to_write_a_time(form: str, text: str, told: str) -> None:
    assert TIME_FORMS[form].read(text) == told


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("iso", "4.3.2026"),
        ("mdy", "13/4/2026 14:02"),
        ("mdy", "2/30/2026 14:02"),
        ("mdy", "3/4/2026 14:02 PM"),
        ("dmy", "4.13.2026 14:02"),
        ("dmy", "4.3.2026"),
        ("unix", "nan"),
        ("unix", "1e400"),
        ("mail", "yesterday"),
        ("mail", "x" * 10_000),
    ],
)
def test_times_that_are_none(form: str, text: str) -> None:
    with pytest.raises(EventProblem):
        TIME_FORMS[form].read(text)


@pytest.mark.parametrize(
    ("values", "forms"),
    [
        (["3/4/2026 14:02"], ["mdy", "dmy"]),
        (["3/4/2026 14:02", "3/14/2026 9:00 AM"], ["mdy"]),
        (["2026-03-04T14:02:10Z", ""], ["iso"]),
        (["1772632930"], ["unix"]),
        (["", " "], []),
        (["3/4/2026 14:02", "soon"], []),
    ],
)
def test_which_form_all_times_have(values: list[str], forms: list[str]) -> None:
    assert forms_of(values) == forms


@pytest.mark.parametrize(
    ("values", "forms"),
    [
        (["3/4/2026 14:02", "soon"], ["mdy", "dmy"]),
        (["3/4/2026 14:02", "3/14/2026 9:00 AM", "soon"], ["mdy"]),
        (["soon"], []),
        ([], []),
    ],
)
def test_which_form_most_times_have(values: list[str], forms: list[str]) -> None:
    assert likely_forms(values) == forms


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("Delivered", "accepted"),
        ("Hard Bounce", "refused"),
        ("soft-bounce", "deferred"),
        ("deferred", "deferred"),
        ("opened", LEFT_OUT),
        ("failed", ""),
        ("", ""),
    ],
)
def test_words_that_are_known(word: str, meaning: str) -> None:
    assert meaning_of(word) == meaning
