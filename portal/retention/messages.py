"""Messages the desk holds whole: those of tests, those that were handed in, and what was examined about an address."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import transaction
from django.db.models import Q

from diagnostics.engine.messages.mime import read_parts
from diagnostics.models import ReceivedMessage, Run
from portal.retention.models import Way
from portal.retention.person import Person, is_named, is_named_in_json, is_named_in_octets, may_name
from portal.trials.models import TrialMessage


def rewrite_run(person: Person, run: Run) -> None:
    """A run and its findings, without the address."""
    run.subject, run.transcript = person.rewritten_json(run.subject), person.rewritten_json(run.transcript)
    run.headline = person.rewritten(run.headline)[:255]
    run.save(update_fields=["subject", "transcript", "headline"])
    for finding in run.findings.all():
        finding.arguments = person.rewritten_json(finding.arguments)
        finding.evidence = person.rewritten_json(finding.evidence)
        finding.save(update_fields=["arguments", "evidence"])


def _is_about(message: ReceivedMessage, address: str) -> bool:
    """The message names the address: in what came, in a part that is encoded, or in what was read out of it."""
    octets = bytes(message.raw or b"")
    if is_named_in_octets(address, octets) or is_named_in_json(address, message.facts):
        return True
    return any(is_named(address, part.text) for part in read_parts(octets).leaves) if octets else False


def messages_naming(address: str) -> Iterator[ReceivedMessage]:
    """Messages of tests and messages handed in that name the address."""
    envelopes = set(TrialMessage.objects.filter(_envelope(address)).values_list("inspection", flat=True))
    for message in ReceivedMessage.objects.order_by("pk").iterator(20):
        if message.run_id in envelopes or _is_about(message, address):
            yield message


def _envelope(address: str) -> Q:
    return may_name("sender", address) | may_name("helo", address)


def take_out_of_messages(person: Person) -> int:
    """Erasing removes the message with what was found in it; else its text goes, and what was found stays."""
    done = 0
    for message in list(messages_naming(person.normal)):
        with transaction.atomic():
            _one_message(person, message)
        done += 1
    return done


def _one_message(person: Person, message: ReceivedMessage) -> None:
    run = message.run
    trial = TrialMessage.objects.select_related("connection").filter(inspection=run).first()
    if person.way == Way.ERASE:
        if trial is not None:
            trial.delete()
            if trial.connection is not None:
                trial.connection.delete()
        run.delete()
        return
    message.raw, message.facts = b"", person.rewritten_json(message.facts)
    message.save(update_fields=["raw", "facts"])
    rewrite_run(person, run)
    if trial is not None:
        trial.sender, trial.helo = person.rewritten(trial.sender)[:320], person.rewritten(trial.helo)[:255]
        trial.save(update_fields=["sender", "helo"])
        if trial.connection is not None:
            rewrite_run(person, trial.connection)


def runs_naming(address: str) -> list[Run]:
    """Examinations of the address, whoever asked for them."""
    rows = Run.objects.filter(may_name("subject", address)).defer("transcript").order_by("pk")
    return [run for run in rows.iterator(200) if is_named_in_json(address, run.subject)]


def take_out_of_runs(person: Person) -> int:
    found = runs_naming(person.normal)
    for run in found:
        with transaction.atomic():
            rewrite_run(person, run)
    return len(found)
