"""CSV, as people's programs write it."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from portal.maillog.importers.event import LogEvent, Rejected
from tests.portal.maillog.importers.contract import GOOD, ImporterContract


class TestCSV(ImporterContract):
    source = "csv"

    def written(self, *rows: dict[str, Any]) -> str:
        out = io.StringIO()
        columns = list(dict.fromkeys(name for row in rows for name in row))
        writer = csv.DictWriter(out, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return out.getvalue()

    @pytest.mark.parametrize("separator", [",", ";", "\t"])
    def test_the_header_shows_the_separator(self, separator: str) -> None:
        text = self.written(GOOD).replace(",", separator)
        assert isinstance(self.read(text)[0], LogEvent)

    def test_other_programs_names(self) -> None:
        found = self.read(
            "ID,Event,To,Time,Response,Relay\nm1,refused,lee@corp.example,2026-03-04T14:02:10Z,550 no,mx.a\n", "north"
        )
        assert isinstance(found[0], LogEvent)
        assert (found[0].key, found[0].reply, found[0].remote_host) == ("m1", "550 no", "mx.a")

    def test_without_a_kind_it_is_a_message(self) -> None:
        found = self.read("message_id,to,time\n<a@b>,lee@corp.example,2026-03-04T14:02:10Z\n", "north")
        assert isinstance(found[0], LogEvent)
        assert (found[0].kind, found[0].key) == ("message", "<a@b>")

    def test_a_quoted_cell_over_two_lines(self) -> None:
        found = self.read(self.written({**GOOD, "reply": "550 first\nsecond"}))
        assert isinstance(found[0], LogEvent)
        assert found[0].reply == "550 first\nsecond"

    def test_too_many_cells(self) -> None:
        found = self.read("kind,branch,key,recipient,at\nrefused,north,m1,lee@corp.example,2026-03-04T14:02:10Z,more\n")
        assert isinstance(found[0], Rejected)

    @pytest.mark.parametrize("text", ["", "a,b,c\n1,2,3\n", "\n", "kind\nrefused\n"])
    def test_a_header_that_names_nothing_we_need(self, text: str) -> None:
        assert [type(item) for item in self.read(text)] == [Rejected]
