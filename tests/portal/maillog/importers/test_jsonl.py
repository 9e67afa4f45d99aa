"""JSON lines."""

from __future__ import annotations

import io
import json
from datetime import UTC
from typing import Any

import pytest

from portal.maillog.importers import TABLES
from portal.maillog.importers.columns import Columns
from portal.maillog.importers.event import LogEvent, Rejected
from tests.portal.maillog.importers.rows import GOOD, RowContract, kinds


class TestJSONLines(RowContract):
    source = "jsonl"

    def written(self, *rows: dict[str, Any]) -> str:
        return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)

    def test_one_message_to_several(self) -> None:
        found = self.read(self.written({**GOOD, "recipient": ["a@corp.example", "b@corp.example", ""]}))
        assert kinds(found) == ["good", "good", "rejected"]
        assert {item.line for item in found} == {1}

    @pytest.mark.parametrize(
        "line", ["{", "[]", "7", '"text"', "{}", "[" * 100_000, '{"recipient": {}}', '{"recipient": []}']
    )
    def test_what_is_no_object_of_ours(self, line: str) -> None:
        found = self.read(line + "\n" + self.written(GOOD))
        assert kinds(found) == ["rejected", "good"]

    def test_empty_lines_are_passed_over(self) -> None:
        assert len(self.read("\n\n" + self.written(GOOD) + "\n")) == 1

    def test_nul_and_lone_surrogates(self) -> None:
        nul, surrogate = self.read(
            '{"kind":"error","branch":"north","key":"k","recipient":"a@b.example","at":"2026-03-04T14:02:10Z","reply":"a\\u0000"}\n'
            '{"kind":"error","branch":"north","key":"k","recipient":"a@b.example","at":"2026-03-04T14:02:10Z","reply":"a\\ud800"}\n'
        )
        assert isinstance(nul, Rejected)
        assert isinstance(surrogate, LogEvent)
        assert surrogate.reply == "a?"

    def test_a_last_line_that_is_half_written(self) -> None:
        text = self.written(GOOD, {**GOOD, "key": "m2"}).rstrip("\n")
        assert kinds(self.read(text)) == ["good", "good"]
        assert kinds(self.read(text[:-20])) == ["good", "rejected"]

    @pytest.mark.parametrize(
        ("row", "is_good"),
        [
            ({"kind": "accepted", "key": "m", "recipient": "keine-adresse", "at": "2026-03-04T14:02:10Z"}, False),
            ({"kind": "message", "key": "m", "recipient": "lee@", "at": "2026-03-04T14:02:10Z"}, False),
            # The application itself found that it is none.
            ({"kind": "error", "key": "m", "recipient": "keine-adresse", "at": "2026-03-04T14:02:10Z"}, True),
            ({"kind": "coverage", "from": "2026-03-01T00:00:00Z", "until": "2026-03-02T00:00:00Z"}, True),
            ({"kind": "coverage", "from": "2026-03-02T00:00:00Z", "until": "2026-03-01T00:00:00Z"}, False),
            (
                {"kind": "client", "branch": "north", "reference": "c1", "name": "Lee", "email": "lee@corp.example"},
                True,
            ),
            ({"kind": "client", "branch": "north", "name": "Lee"}, False),
            ({"kind": "case_note", "branch": "north", "at": "2026-03-04T14:02:10Z", "email": "a@b.example"}, True),
            ({"kind": "case_note", "branch": "north", "at": "2026-03-04T14:02:10Z"}, False),
        ],
    )
    def test_what_is_not_about_a_delivery(self, row: dict[str, Any], is_good: bool) -> None:
        assert isinstance(self.read(self.written(row))[0], LogEvent) is is_good

    def test_names_that_a_person_has_told(self) -> None:
        columns = Columns(fields={"mail.to": "recipient", "ts": "at", "uuid": "key"}, form="unix", kind="handed")
        text = '{"ts": 1772632930, "uuid": "u1", "mail": {"to": ["a@b.example", "c@d.example"], "size": 7}}\n'
        found = [*TABLES["jsonl"](io.BytesIO(text.encode()), "north", lambda _: UTC, columns)]
        assert [item.recipient for item in found if isinstance(item, LogEvent)] == ["a@b.example", "c@d.example"]
        assert {(item.kind, item.at.isoformat()) for item in found if isinstance(item, LogEvent)} == {
            ("handed", "2026-03-04T14:02:10+00:00")
        }
