"""What is wrong with a row of a table, in the words of the page it is read on, with what to do there about it.

An importer says it in the names of its format (``docs/importing.md``), which is right for programs and for whoever
writes one. A person who brings a table in chose the columns from a list, and is told by the words of that list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from portal.maillog.importers.columns import FIELDS, TIME_FORMS, Columns, likely_forms
from portal.maillog.importers.event import EventProblem, Item, RejectedLine
from portal.maillog.words import Module

#: Where the columns are chosen, and where the form of times is.
COLUMNS, TIMES = "“Columns, times and words”", "“Times are written”"
#: So much of what stands in a cell is quoted.
MOST_QUOTED = 60
#: The field as an event names it, where the list of columns calls it otherwise.
_AS_COLUMN = {"status": "status_code", "from": "at"}


def worded(items: Iterable[Item], columns: Columns | None) -> Iterator[Item]:
    """``items``, with the words of the page in place of the format's where a row was rejected for what it holds."""
    for item in items:
        if isinstance(item, RejectedLine) and item.problem is not None:
            yield RejectedLine(item.line, told(item.problem, columns), item.raw, item.problem)
        else:
            yield item


def told(problem: EventProblem, columns: Columns | None) -> str:
    """What is wrong, and what to do; ``columns`` None where the file has our own names."""
    say = _SAY.get(problem.code)
    return say(problem, columns) if say else str(problem)


def _label(problem: EventProblem) -> str:
    """What the list of columns calls the field."""
    name = _AS_COLUMN.get(problem.name, problem.name)
    return f"“{FIELDS.get(name, problem.name)}”"


def _has_column(problem: EventProblem, columns: Columns | None) -> bool:
    name = _AS_COLUMN.get(problem.name, problem.name)
    return columns is None or name in columns.fields.values()


def _quoted(problem: EventProblem) -> str:
    text = problem.value
    return f"“{text[:MOST_QUOTED]}…”" if len(text) > MOST_QUOTED else f"“{text}”"


def _missing(problem: EventProblem, columns: Columns | None) -> str:
    label = _label(problem)
    if problem.name == "branch":
        return (
            f"Nothing says which branch the row is of. Bring the file in for one branch, or say at {COLUMNS} which "
            f"column is {label}."
        )
    if _has_column(problem, columns):
        return f"{label} is empty in this row, and it is needed. Fill it in, or leave the row out."
    return f"No column is {label}, and it is needed. Say at {COLUMNS} which one is."


def _kind(problem: EventProblem, columns: Columns | None) -> str:
    label = _label(problem)
    if columns is None:
        return str(problem)
    return f"The word {_quoted(problem)} in {label} has no meaning yet. Say at {COLUMNS} what it means."


def _time(problem: EventProblem, columns: Columns | None) -> str:
    label, form = _label(problem), TIME_FORMS[columns.form if columns else "iso"]
    # Which way it is written can be seen of itself, or is left open by a low day.
    fitting = [TIME_FORMS[name].word for name in likely_forms([problem.value]) if _reads(name, problem.value)]
    why = f"{label} is {_quoted(problem)}, which is not written as “{form.word}”."
    if columns is None:
        return f"{why} Write it so, and bring the file in again."
    if fitting:
        return f"{why} Choose “{'” or “'.join(fitting)}” at {TIMES}."
    return f"{why} Write it in one of the ways that {TIMES} offers, or choose another column as {label}."


def _reads(form: str, text: str) -> bool:
    try:
        TIME_FORMS[form].read(text.strip())
    except EventProblem:
        return False
    return True


def _time_of_no_mail(problem: EventProblem, columns: Columns | None) -> str:
    label = _label(problem)
    hint = f" Look whether {TIMES} is right." if columns is not None else ""
    return f"{label} is {_quoted(problem)}, and no mail was sent at such a time.{hint}"


def _time_to_come(problem: EventProblem, columns: Columns | None) -> str:
    hint = f" Look whether {TIMES} is right." if columns is not None else " Look at the clock that wrote it."
    return f"{_label(problem)} is {_quoted(problem)}, which is to come: mail cannot have been sent then.{hint}"


def _module(problem: EventProblem, columns: Columns | None) -> str:
    words = ", ".join(str(word) for word in Module.labels)
    return (
        f"{_label(problem)} is {_quoted(problem)}; there are {words}. Change the cell, or leave the column out at "
        f"{COLUMNS}."
    )


def _address(problem: EventProblem, columns: Columns | None) -> str:
    return (
        f"{_label(problem)} is {_quoted(problem)}, which is no address (name@domain). Mend it in the row, or choose "
        f"another column at {COLUMNS}."
    )


def _long(problem: EventProblem, columns: Columns | None) -> str:
    return (
        f"{_label(problem)} is longer than {problem.value} characters. Shorten it, or leave the column out at "
        f"{COLUMNS}."
    )


def _no_text(problem: EventProblem, columns: Columns | None) -> str:
    return f"{_label(problem)} is no text. Leave the column out at {COLUMNS}, or write plain text into it."


def _header(problem: EventProblem, columns: Columns | None) -> str:
    needed = f"“{FIELDS['recipient']}” and “{FIELDS['at']}”"
    return f"The columns do not tell enough. Say at {COLUMNS} which of them hold {needed}."


def _cells(problem: EventProblem, columns: Columns | None) -> str:
    return (
        f"The row has {problem.value} cells, and there are {problem.name} columns. Most often a cell holds the sign "
        "that separates them: put it into quotes."
    )


def _wide(problem: EventProblem, _: Columns | None) -> str:
    return (
        f"The table has more than {problem.value} columns, and none of it is read. Take out the columns that are not "
        "needed, and bring it in again."
    )


_SAY: dict[str, Callable[[EventProblem, Columns | None], str]] = {
    "missing": _missing,
    "kind": _kind,
    "time": _time,
    "time_of_no_mail": _time_of_no_mail,
    "time_to_come": _time_to_come,
    "module": _module,
    "address": _address,
    "long": _long,
    "not_text": _no_text,
    "nul": _no_text,
    "header": _header,
    "cells": _cells,
    "wide": _wide,
    "recipients": lambda problem, _: f"“{FIELDS['recipient']}” must hold from 1 to {problem.value} addresses.",
    "order": lambda problem, _: f"{_label(problem)} must be later than “{FIELDS['at']}”. Mend the row.",
}
