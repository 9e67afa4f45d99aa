"""What was answered, told as lines for people: on the page before submitting and on the page of an ended report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from portal.web.moments import exact, zone_of
from tickets.models import Exit, OtherDomain, Report, Symptom
from tickets.wizard.words import ADDRESS_WORDS, JUNK_WORDS, OTHER_RECORDS, SUPPRESSED


@dataclass(frozen=True, slots=True)
class Told:
    """One line: the question in a few words, the answer, and the step where it can be changed (empty: nowhere)."""

    word: str
    text: str
    slug: str = ""


def told_of(report: Report) -> tuple[Told, ...]:
    """All that was answered so far, in the order of the steps, and how the report ended before."""
    answers = report.answers
    lines = []
    if "sent" in answers:
        lines.append(Told("Was it sent?", _sent(report, answers["sent"]), "sent"))
    if "address" in answers:
        lines.append(Told("Is the address right?", _address(answers["address"]), "address"))
    if "junk" in answers:
        lines.append(Told("Looked in junk?", dict(JUNK_WORDS).get(answers["junk"]["choice"], ""), "junk"))
    if "describe" in answers:
        lines += _described(answers["describe"])
    lines += [Told("Before", f"{_exit_word(past['exit'])}; opened again by {past['reopened_by']}") for past in
              report.past_exits]  # fmt: skip
    return tuple(Told(line.word, line.text, line.slug if report.is_draft else "") for line in lines)


def _sent(report: Report, answer: dict[str, Any]) -> str:
    choice = answer["choice"]
    if choice.startswith("delivery-") and report.delivery is not None:
        at = exact(report.delivery.at, zone_of(report.branch.time_zone))
        return f"Message log record of {at}: {report.delivery.get_state_display()}"
    if choice.startswith("delivery-"):
        return "A message log record that is no longer kept"
    if choice.startswith("case_note-"):
        return "A case note on the client's profile"
    if choice == SUPPRESSED:
        return "No: the address is on the suppression list"
    return dict(OTHER_RECORDS).get(choice, "")


def _address(answer: dict[str, Any]) -> str:
    word = dict(ADDRESS_WORDS).get(answer["choice"], "")
    if not answer.get("corrected"):
        return word
    again = "sent again" if answer.get("resent") else "not sent again yet"
    return f"{word}: it is {answer['corrected']} ({again})"


def _described(answer: dict[str, Any]) -> list[Told]:
    other = str(OtherDomain(answer["other_domain"]).label)
    if answer.get("other_address"):
        other = f"{other}: {answer['other_address']}"
    return [
        Told("What is wrong", str(Symptom(answer["symptom"]).label), "describe"),
        Told("A different domain tried", other, "describe"),
        Told("Description", answer["description"], "describe"),
    ]


def _exit_word(value: str) -> str:
    return str(Exit(value).label) if value in Exit.values else value
