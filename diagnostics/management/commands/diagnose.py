"""``manage.py diagnose TARGET``: one examination from the terminal, without database, worker or browser.

With ``--json`` one JSON document is printed and nothing else. ``--record`` keeps every question and answer in a file,
and ``--replay`` examines from such a file (or from a transcript that the desk gave) without any network.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from diagnostics.engine.names import Fault, Malformed, NameProblem, host_domain, normalised, parse_address
from diagnostics.engine.outside import Outside
from diagnostics.engine.plan import CHECKS, Result, examine
from diagnostics.engine.resolver import DNSResolver, Resolver
from diagnostics.engine.subject import DKIMSelector, SendingServer, Subject
from diagnostics.engine.transcript import Recording, Replay
from diagnostics.engine.zone import Overlay, ZoneProblem, read_zone
from diagnostics.resolving import probe_of, resolver_from_settings
from diagnostics.senders import from_records
from diagnostics.telling import Teller
from diagnostics.terminal import Told, counted, report
from portal.web.text import visible

BAD_INPUT = 2
#: Any other fault of an address is an answer of its own: that is what the first check is for.
NOTHING_TO_EXAMINE = (Fault.EMPTY, Fault.NO_LOCAL, Fault.NO_DOMAIN)


class BadInput(CommandError):
    """What was typed cannot be examined; one sentence says why."""

    def __init__(self, text: str) -> None:
        super().__init__(text, returncode=BAD_INPUT)


@dataclass(frozen=True, slots=True)
class Examined:
    """One examination that is over."""

    told: tuple[Told, ...]
    recording: Recording
    wall_ms: float


class Command(BaseCommand):
    help = "Examine a domain as a sender, or an address as a recipient."
    # The engine needs neither the database nor the rest of the house to be in order.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        add("target", metavar="TARGET", help="A domain (examined as a sender) or an e-mail address (as a recipient).")
        add("--ip", action="append", default=[], metavar="IP", help="An address that sends; may be given again.")
        add("--sender", default="", metavar="DOMAIN", help="The domain in the From: of what is sent to TARGET.")
        add(
            "--mail-from",
            default="",
            metavar="DOMAIN",
            help="The envelope's domain (MAIL FROM), which SPF is asked about; with --ip. Without it, the From-domain.",
        )
        add("--selector", action="append", default=[], metavar="S", help="A DKIM selector; may be given again.")
        add(
            "--nameserver",
            action="append",
            default=[],
            metavar="HOST[:PORT]",
            help="Ask this name server instead of the configured ones; may be given again.",
        )
        add(
            "--zone",
            metavar="FILE",
            help="A zone file. Alone it is the whole of DNS; with --nameserver it is laid over that one.",
        )
        add("--record", metavar="FILE", help="Write the subject and every question and answer to this file.")
        add("--replay", metavar="FILE", help="Examine from a recorded file; nothing is asked of the network.")
        add(
            "--probe",
            choices=("greeting", "recipient"),
            default="",
            help="Call on the recipient's mail server: greet it, or name the recipient too where SMTP_PROBE allows it. "
            "There is never a message.",
        )
        add("--records", action="store_true", help="Take what this desk's records know of the sender along.")
        add("--json", action="store_true", help="Print one JSON document.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["probe"] == "recipient" and settings.SMTP_PROBE != "recipient":
            raise BadInput("--probe recipient: this desk may not name recipients (SMTP_PROBE=recipient allows it).")
        replayed = _read_record(options["replay"]) if options["replay"] else None
        subject, resolver = _subject(options, replayed), _resolver(options, replayed)
        if options["records"] and not replayed:
            subject = _with_records(subject)
        outside = None if replayed or _is_zone_alone(options) else Outside(probe=probe_of(subject))
        if options["record"]:
            # Said before anybody is asked, and not when the answers are there and cannot be kept.
            _record_to(options["record"])
        examined = asyncio.run(_examine(subject, resolver, outside))
        if options["record"]:
            document = {"subject": subject.to_json(), "transcript": examined.recording.transcript}
            _record_to(options["record"], json.dumps(document, indent=1) + "\n")
        if options["json"]:
            self.stdout.write(json.dumps(_document(options["target"], examined), indent=1))
            return
        self._tell(options["target"], subject, examined, with_evidence=options["verbosity"] > 1)

    def _tell(self, target: str, subject: Subject, examined: Examined, *, with_evidence: bool) -> None:
        server = subject.sending_server
        by = f", sent by {', '.join(server.addresses)}" if server else ""
        sender = f", from {subject.sender_domain}" if subject.sender_domain and "@" in target else ""
        self.stdout.write(self.style.MIGRATE_HEADING(f"{visible(target)}{sender}{by}") + f": {counted(examined.told)}")
        if server and subject.sender_domain and not server.envelope_domain:
            self.stdout.write(
                f"The envelope's domain (MAIL FROM) is taken to be {visible(subject.sender_domain)} as well; "
                "where it is another, name it with --mail-from."
            )
        self.stdout.write("")
        teller = Teller.of(subject.to_json())
        for line in report(examined.told, style=self.style, with_evidence=with_evidence, teller=teller):
            self.stdout.write(line)
        recording = examined.recording
        self.stdout.write(
            f"{recording.queries} questions in {examined.wall_ms:.0f} ms; "
            f"the longest chain of them took {recording.critical_path_ms:.0f} ms."
        )


async def _examine(subject: Subject, resolver: Resolver, outside: Outside | None) -> Examined:
    progress = _progress()
    recording = Recording(resolver, outside=outside)
    # Of a domain nothing is asked that is about a person, so nothing is said of it either.
    checks = tuple(check for check in CHECKS if not (subject.recipient_is_assumed and "person" in check.needs))
    began = time.perf_counter()
    results: list[Result] = []
    async for result in examine(subject, recording, checks=checks):
        results.append(result)
        progress(f"{len(results)} of {len(checks)} checks")
    progress("")
    wall_ms = (time.perf_counter() - began) * 1000
    results.sort(key=lambda result: result.position)
    told = tuple(Told(result.check.slug, finding) for result in results for finding in result.findings)
    return Examined(told=told, recording=recording, wall_ms=wall_ms)


def _progress() -> Callable[[str], None]:
    """Tells how far it is, on one line that is overwritten; only to a person, never into a file or a pipe."""
    if not sys.stderr.isatty():
        return lambda text: None
    return lambda text: print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def _document(target: str, examined: Examined) -> dict[str, Any]:
    """The document that other programs read; its shape is a promise."""
    return {
        "target": target,
        "wall_ms": round(examined.wall_ms, 1),
        "queries": examined.recording.queries,
        "critical_path_ms": round(examined.recording.critical_path_ms, 1),
        "findings": [
            {
                "code": item.finding.code.id,
                "check": item.check,
                "verdict": item.finding.verdict.value,
                "actor": item.finding.code.actor.value,
                "title": item.finding.title,
                "evidence": [asdict(evidence) for evidence in item.finding.evidence],
                "remedy": item.finding.remedy,
            }
            for item in examined.told
        ],
    }


def _subject(options: dict[str, Any], replayed: dict[str, Any] | None) -> Subject:
    """What is to be examined; a replay without further words examines what was recorded."""
    target = options["target"].strip()
    sender = options["sender"] or ("" if "@" in target else target)
    subject = Subject(
        recipient=_recipient(target),
        recipient_is_assumed="@" not in target,
        sender_domain=_domain(sender) if sender else "",
        probe=options["probe"],
        probe_is_representative=options["probe"] == "recipient",
        sending_server=_server(options),
        selectors=tuple(DKIMSelector(selector=_domain(selector, normalised)) for selector in options["selector"]),
        lists=tuple(settings.DNSBL_ZONES),
        now=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    if not replayed or "subject" not in replayed:
        return subject
    try:
        recorded = Subject.from_json(replayed["subject"])
    except (TypeError, AttributeError, ValueError) as error:
        raise BadInput(f"{options['replay']} holds no subject that can be examined: {error}.") from error
    if any((options["ip"], options["sender"], options["selector"])):
        return subject
    if target.lower() not in (recorded.recipient.lower(), recorded.sender_domain):
        raise BadInput(f"{options['replay']} was recorded for {recorded.target}, not for {target}.")
    return recorded


def _server(options: dict[str, Any]) -> SendingServer | None:
    """The server of these addresses, with the envelope's domain where one was named."""
    envelope = options["mail_from"].rpartition("@")[2]
    if envelope and not options["ip"]:
        raise BadInput("--mail-from needs --ip: SPF says which addresses may send for the envelope's domain.")
    if not options["ip"]:
        return None
    return SendingServer(
        host="", addresses=_addresses(options["ip"]), envelope_domain=_domain(envelope) if envelope else ""
    )


def _with_records(subject: Subject) -> Subject:
    try:
        return from_records(subject)
    except DatabaseError as error:
        raise BadInput(f"--records: the database of this desk cannot be read: {visible(str(error))[:200]}") from error


def _recipient(target: str) -> str:
    """The address to examine. Of a domain it is the postmaster's, which every domain has (RFC 5321 §4.5.1)."""
    if "@" not in target:
        return f"postmaster@{_domain(target)}"
    read = parse_address(target)
    if isinstance(read, Malformed) and read.fault in NOTHING_TO_EXAMINE:
        raise BadInput(f"{visible(target)} is no e-mail address: {read.text}")
    return target


def _domain(text: str, read: Callable[[str], str] = host_domain) -> str:
    try:
        return read(text.strip())
    except NameProblem as problem:
        raise BadInput(visible(problem.text)) from problem


def _addresses(given: list[str]) -> tuple[str, ...]:
    try:
        return tuple(str(ipaddress.ip_address(text.strip())) for text in given)
    except ValueError as error:
        raise BadInput(f"--ip: {visible(error)}.") from error


def _resolver(options: dict[str, Any], replayed: dict[str, Any] | None) -> Resolver:
    if replayed:
        return Replay(replayed["transcript"])
    try:
        zone = read_zone(options["zone"]) if options["zone"] else None
        if not options["nameserver"]:
            return zone or resolver_from_settings(fresh=True)
        real = DNSResolver(options["nameserver"])
    except (ZoneProblem, ValueError) as error:
        raise BadInput(str(error)) from error
    return Overlay(zone, real) if zone else real


def _is_zone_alone(options: dict[str, Any]) -> bool:
    """The zone is the whole of the world, so no server of the real one is asked."""
    return bool(options["zone"] and not options["nameserver"])


def _read_record(path: str) -> dict[str, Any]:
    """A recorded file: ``{"subject": …, "transcript": […]}``, or the list of answers alone."""
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
        if isinstance(document, list):
            document = {"transcript": document}
        Replay(document["transcript"])
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.") from error
    except KeyError as error:
        raise BadInput(f"{path} is no recording of an examination: it holds no transcript.") from error
    except (ValueError, TypeError) as error:
        raise BadInput(f"{path} is no recording of an examination: {error}.") from error
    return dict(document)


def _record_to(path: str, text: str = "") -> None:
    """Write ``text``; without any only see whether the file can be written."""
    try:
        with Path(path).open("w" if text else "a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}.") from error
