"""CSV, as people's programs write it."""

from __future__ import annotations

import csv
import io
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from portal.maillog.importers import TABLES
from portal.maillog.importers.columns import LEFT_OUT, Columns
from portal.maillog.importers.event import Item, LogEvent, Passed, Rejected, RejectedLine
from tests.portal.maillog.importers.rows import GOOD, RowContract, kinds


class TestCSV(RowContract):
    source = "csv"

    def written(self, *rows: dict[str, Any]) -> str:
        out = io.StringIO()
        columns = list(dict.fromkeys(name for row in rows for name in row))
        writer = csv.DictWriter(out, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return out.getvalue()

    def header(self) -> bytes:
        return ",".join(GOOD).encode() + b"\n"

    @pytest.mark.parametrize("separator", [",", ";", "\t"])
    def test_the_header_shows_the_separator(self, separator: str) -> None:
        text = self.written(GOOD).replace(",", separator)
        assert isinstance(self.read(text)[0], LogEvent)

    def test_an_empty_file_has_no_line_to_blame(self) -> None:
        (item,) = self.read(b"")
        assert isinstance(item, RejectedLine)
        assert item.problem is not None
        assert (item.line, item.problem.code) == (0, "empty")

    def test_a_spreadsheets_own_first_line(self) -> None:
        text = "sep=;\n" + self.written(GOOD).replace(",", ";")
        assert kinds(self.read(text)) == ["good"]
        assert self.read(text)[0].line == 3

    def test_other_programs_names(self) -> None:
        found = self.read(
            "ID,Event,To,Time,Response,Relay\nm1,refused,lee@corp.example,2026-03-04T14:02:10Z,550 no,mx.a\n", "north"
        )
        assert isinstance(found[0], LogEvent)
        assert (found[0].key, found[0].reply, found[0].remote_host) == ("m1", "550 no", "mx.a")

    def test_a_day_and_a_time_in_columns_of_their_own(self) -> None:
        (event,) = self.events("id,to,date,time\nm1,lee@corp.example,2026-03-04,14:02:10Z\n")
        assert event.at.isoformat() == "2026-03-04T14:02:10+00:00"

    def test_without_a_kind_it_is_a_message(self) -> None:
        found = self.read("message_id,to,time\n<a@b>,lee@corp.example,2026-03-04T14:02:10Z\n", "north")
        assert isinstance(found[0], LogEvent)
        assert (found[0].kind, found[0].key) == ("message", "<a@b>")

    def test_case_notes_need_no_recipient(self) -> None:
        (event,) = self.events("kind,email,at,text\ncase_note,lee@corp.example,2026-03-04T14:02:10Z,Receipt sent\n")
        assert event.kind == "case_note"

    def test_a_quoted_cell_over_two_lines(self) -> None:
        text = self.written({**GOOD, "reply": "550 first\nsecond"}, GOOD)
        found = self.events(text)
        assert found[0].reply == "550 first\nsecond"
        assert found[0].raw == "\n".join(text.splitlines()[1:3])
        assert [event.line for event in found] == [2, 4]

    @pytest.mark.parametrize("broken", ['refused,"north', '"', 'refused,"nor"th,m1,lee@corp.example,x,y,z'])
    def test_a_quote_that_is_never_closed_costs_its_own_line(self, broken: str) -> None:
        good = self.written(GOOD).splitlines()
        found = self.read("\n".join([good[0], broken, *[good[1]] * 150]))
        assert kinds(found) == ["rejected", *["good"] * 150]
        assert found[0].line == 2

    def test_too_many_cells(self) -> None:
        found = self.read("kind,branch,key,recipient,at\nrefused,north,m1,lee@corp.example,2026-03-04T14:02:10Z,more\n")
        assert kinds(found) == ["rejected"]

    def test_empty_cells_at_the_end_are_none(self) -> None:
        found = self.read("kind,branch,key,recipient,at\nrefused,north,m1,lee@corp.example,2026-03-04T14:02:10Z,,,\n")
        assert kinds(found) == ["good"]

    @pytest.mark.parametrize("text", ["", "a,b,c\n1,2,3\n", "\n", "kind\nrefused\n"])
    def test_a_header_that_names_nothing_we_need(self, text: str) -> None:
        assert kinds(self.read(text)) == ["rejected"]

    def test_columns_that_a_person_has_named(self) -> None:
        columns = Columns(
            fields={"Empfänger": "recipient", "Datum": "at", "Uhrzeit": "at", "Nr": "key", "Zustand": "kind"},
            form="dmy",
            words={"zugestellt": "accepted", "geöffnet": LEFT_OUT},
        )
        found = self.mapped(
            "Nr;Empfänger;Datum;Uhrzeit;Zustand;Notiz\n"
            "1;lee@corp.example;4.3.2026;14:02;Zugestellt;x\n"
            "2;lee@corp.example;4.3.2026;14:03;geöffnet;x\n"
            "3;lee@corp.example;31.2.2026;14:03;Zugestellt;x\n"
            "4;lee@corp.example;4.3.2026;14:03;verloren;x\n",
            columns,
        )
        assert [type(item).__name__ for item in found] == ["LogEvent", "Passed", "RejectedLine", "RejectedLine"]
        assert isinstance(found[0], LogEvent)
        assert (found[0].kind, found[0].at.isoformat()) == ("accepted", "2026-03-04T21:02:00+00:00")
        assert isinstance(found[2], Rejected)
        assert "day/month/year" in found[2].why

    def mapped(self, text: str, columns: Columns) -> list[Item]:
        return list(TABLES["csv"](io.BytesIO(text.encode()), "north", lambda _: ZoneInfo("America/Denver"), columns))

    def test_rows_without_any_id_are_messages_of_their_own(self) -> None:
        columns = Columns(fields={"to": "recipient", "at": "at"}, is_alone=True)
        rows = "a@b.example,2026-03-04T14:02:10Z\na@b.example,2026-03-04T14:02:11Z\n"
        keys = [item.key for item in self.mapped(f"to,at\n{rows}{rows}", columns) if isinstance(item, LogEvent)]
        assert keys[0] != keys[1]
        assert keys[:2] == keys[2:]

    def test_rows_that_are_left_out_are_counted_as_passed(self) -> None:
        columns = Columns(fields={"to": "recipient", "at": "at", "id": "key", "e": "kind"}, words={"open": LEFT_OUT})
        found = self.mapped("id,to,at,e\n1,a@b.example,2026-03-04T14:02:10Z,Open\n", columns)
        assert found == [Passed(1)]
