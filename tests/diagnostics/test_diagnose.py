"""``manage.py diagnose``: one document or one report, honest exit codes, and no database at all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from diagnostics.engine.check import Check
from diagnostics.engine.findings import Actor, Code, Finding, Verdict
from diagnostics.engine.path import together
from diagnostics.engine.resolver import Resolver
from diagnostics.engine.subject import Subject
from diagnostics.management.commands import diagnose
from tests.diagnostics.dns_server import DNSServer, zone_of

FINE = Code("test.fine", Verdict.OK, Actor.NOBODY, "{domain} has {records}", "It is there.")
GONE = Code("test.gone", Verdict.PROBLEM, Actor.BRANCH_IT, "{domain} has none", "It is missing.", "Publish {record}.")
DARK = Code("test.dark", Verdict.UNKNOWN, Actor.NOBODY, "Nobody answered for {domain}", "We could not find out.")
SEEN: list[Subject] = []


async def _look(subject: Subject, resolver: Resolver) -> Sequence[Finding]:
    SEEN.append(subject)
    domain = subject.sender_domain
    answer, _ = await together(resolver.query(domain, "TXT"), resolver.query(domain, "MX"))
    if answer.is_unknown:
        return [DARK.found(answer, domain=domain)]
    code = FINE if answer.is_ok else GONE
    return [code.found(answer, domain=domain, records=answer.records, record="v=spf1 -all")]


SENDER = Check("sender-spf", "May it send?", frozenset({"sender_domain"}), (FINE, GONE, DARK), _look)
ADDRESS = Check("recipient-address", "Is it right?", frozenset({"recipient", "person"}), (FINE, GONE, DARK), _look)
ZONE = {
    "north.example": {"TXT": ["v=spf1 \x1b[31m -all"]},
    "south.example": {},
    "slow.example": "TIMEOUT",
}


@pytest.fixture(autouse=True)
def _world(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> None:
    SEEN.clear()
    monkeypatch.setattr(diagnose, "CHECKS", (ADDRESS, SENDER))
    path = tmp_path / "zone.json"
    path.write_text(json.dumps(ZONE))
    settings.DIAGNOSTICS_ZONE = str(path)
    settings.RESOLVERS = ()


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("diagnose", *arguments, stdout=out, no_color=True)
    return out.getvalue()


def document(*arguments: str) -> dict[str, Any]:
    return dict(json.loads(run(*arguments, "--json")))


def test_the_document_has_the_promised_shape() -> None:
    found = document("North.Example")
    assert list(found) == ["target", "wall_ms", "queries", "critical_path_ms", "findings"]
    assert (found["target"], found["queries"]) == ("North.Example", 2)
    (finding,) = found["findings"]
    assert list(finding) == ["code", "check", "verdict", "actor", "title", "evidence", "remedy"]
    assert (finding["code"], finding["check"], finding["verdict"]) == ("test.fine", "sender-spf", "ok")
    assert finding["evidence"][0]["question"] == "north.example TXT"


def test_a_domain_is_a_sender_and_its_postmaster_a_recipient() -> None:
    document("north.example")
    assert (SEEN[0].sender_domain, SEEN[0].recipient) == ("north.example", "postmaster@north.example")
    assert len(SEEN) == 1


def test_an_address_is_a_recipient_and_what_is_known_of_the_sender_is_handed_on() -> None:
    document(
        *("lee@corp.example", "--sender", "North.example", "--ip", "192.0.2.10", "--ip", "2001:DB8::1"),
        *("--selector", "xen1", "--selector", "2024"),
    )
    subject = SEEN[0]
    assert (subject.recipient, subject.sender_domain) == ("lee@corp.example", "north.example")
    assert subject.sending_server is not None
    assert subject.sending_server.addresses == ("192.0.2.10", "2001:db8::1")
    assert [item.selector for item in subject.selectors] == ["xen1", "2024"]
    assert len(SEEN) == 2


@pytest.mark.parametrize("named", ["Bounces.example", "b@bounces.example"])
def test_the_envelopes_domain_can_be_named(named: str) -> None:
    out = run("north.example", "--ip", "192.0.2.10", "--mail-from", named)
    server = SEEN[0].sending_server
    assert server is not None
    assert server.envelope_domain == "bounces.example"
    assert "--mail-from" not in out


def test_that_the_envelopes_domain_is_assumed_is_said() -> None:
    assert "--mail-from" in run("north.example", "--ip", "192.0.2.10")
    assert "--mail-from" not in run("north.example")
    assert "--mail-from" not in run("north.example", "--ip", "192.0.2.10", "--json")


def test_the_report_names_whose_turn_it_is_and_lets_no_escape_through() -> None:
    out = run("south.example", "--ip", "192.0.2.10")
    assert "Whose turn: The branch's IT" in out
    assert "✖ Problem  south.example has none" in out
    assert "→ Publish v=spf1 -all." in out
    assert "asked" not in out
    assert "\x1b" not in run("north.example")


def test_the_report_shows_its_evidence_when_asked() -> None:
    out = run("north.example", "-v", "2")
    assert "asked north.example TXT: ok" in out
    assert "| v=spf1 [U+001B][31m -all" in out


def test_a_name_to_copy_stays_in_one_piece() -> None:
    name = f"mta-sts.{'-'.join(['north'] * 8)}.example"
    assert name in run(name)


def test_what_could_not_be_found_out_is_an_answer() -> None:
    out = run("slow.example")
    assert "Could not find out" in out
    assert "Whose turn" not in out


def test_a_zone_alone_is_the_whole_of_dns(tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_text(json.dumps({"college.edu": {"TXT": ["x"]}}))
    assert document("college.edu", "--zone", str(path))["findings"][0]["code"] == "test.fine"
    assert document("elsewhere.edu", "--zone", str(path))["findings"][0]["code"] == "test.gone"


def test_a_name_server_is_asked_and_a_zone_laid_over_it(tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_text(json.dumps({"over.example": {"TXT": ["zone"]}}))
    with DNSServer(zone_of({"north.example": ['300 TXT "wire"'], "college.edu": ['300 TXT "wire"']})) as server:
        wire = document("north.example", "--nameserver", server.address)
        over = document("over.example", "--nameserver", server.address, "--zone", str(path))
        under = document("college.edu", "--nameserver", server.address, "--zone", str(path))
    assert wire["findings"][0]["title"] == "north.example has wire"
    assert wire["critical_path_ms"] > 0
    assert over["findings"][0]["title"] == "over.example has zone"
    assert under["findings"][0]["title"] == "college.edu has wire"


def test_the_settings_name_the_servers(settings: Any) -> None:
    with DNSServer(zone_of({"college.edu": ['300 TXT "wire"']})) as server:
        settings.RESOLVERS = (server.address,)
        assert document("college.edu")["findings"][0]["title"] == "college.edu has wire"


def test_record_then_replay_is_the_same(tmp_path: Path) -> None:
    path = str(tmp_path / "run.json")
    with DNSServer(zone_of({"north.example": ['300 TXT "wire"']})) as server:
        first = document("north.example", "--ip", "192.0.2.10", "--nameserver", server.address, "--record", path)
    again = document("north.example", "--replay", path)
    assert again["findings"] == first["findings"]
    assert (again["queries"], again["critical_path_ms"]) == (first["queries"], first["critical_path_ms"])
    assert SEEN[-1] == SEEN[0]


def test_nothing_is_asked_where_the_recording_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(CommandError):
        run("north.example", "--record", str(tmp_path / "no" / "folder"))
    assert SEEN == []
    path = tmp_path / "run.json"
    path.write_text("an older one")
    with pytest.raises(CommandError):
        run("a..example", "--record", str(path))
    assert path.read_text() == "an older one"


def test_a_transcript_alone_can_be_replayed(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text(json.dumps([{"name": "north.example", "rdtype": "TXT", "status": "nxdomain"}]))
    assert document("north.example", "--replay", str(path))["findings"][0]["code"] == "test.gone"


@pytest.mark.parametrize(
    "arguments",
    [
        [""],
        ["not a domain"],
        ["https://north.example/"],
        ["192.0.2.1"],
        ["@"],
        ["lee@"],
        ["a..example"],
        ["north.example", "--ip", "999.1.1.1"],
        ["north.example", "--mail-from", "bounces.example"],
        ["north.example", "--mail-from", "a b", "--ip", "192.0.2.10"],
        ["north.example", "--sender", "a b"],
        ["north.example", "--selector", "a..b"],
        ["north.example", "--nameserver", "192.0.2.1:99999"],
        ["north.example", "--zone", "no/such/file"],
        ["north.example", "--replay", "no/such/file"],
        ["north.example", "--record", "no/such/directory/file"],
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_two(arguments: list[str]) -> None:
    with pytest.raises(CommandError) as error:
        run(*arguments)
    assert error.value.returncode == 2
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("text", ["{", "{}", "[1]", '{"transcript": 1}', '{"subject": {"x": 1}, "transcript": []}'])
def test_what_is_no_recording_is_bad_input(tmp_path: Path, text: str) -> None:
    path = tmp_path / "run.json"
    path.write_text(text)
    with pytest.raises(CommandError) as error:
        run("north.example", "--replay", str(path))
    assert error.value.returncode == 2


def test_a_recording_of_another_target_is_bad_input(tmp_path: Path) -> None:
    path = str(tmp_path / "run.json")
    run("north.example", "--record", path)
    with pytest.raises(CommandError) as error:
        run("south.example", "--replay", path)
    assert error.value.returncode == 2


def test_a_broken_address_is_an_answer_and_not_bad_input() -> None:
    assert document("lee@corp,example", "--sender", "north.example")["target"] == "lee@corp,example"


def test_who_writes_to_itself_is_told_of_its_own_it(monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = Code("test.theirs", Verdict.PROBLEM, Actor.RECIPIENT_IT, "It is refused", "A rule.", "Allow it.")

    async def look(subject: Subject, resolver: Resolver) -> Sequence[Finding]:
        return [theirs.found()]

    monkeypatch.setattr(diagnose, "CHECKS", (Check("self-to-self", "?", frozenset(), (theirs,), look),))
    assert "Whose turn: The branch's IT" in run("lee@north.example", "--sender", "north.example")
    assert "Whose turn: The recipient's IT" in run("lee@north.example", "--sender", "south.example")


def test_a_reader_who_has_seen_enough_gets_no_traceback(settings: Any) -> None:
    command = [sys.executable, "manage.py", "diagnose", "north.example"]
    environment = {**os.environ, "SECRET_KEY": "x", "DIAGNOSTICS_ZONE": settings.DIAGNOSTICS_ZONE}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as reading:
        assert reading.stdout is not None
        reading.stdout.close()
        assert reading.stderr is not None
        assert b"Traceback" not in reading.stderr.read()
