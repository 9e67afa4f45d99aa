"""The one sentence on top of a report: would receivers accept the message and believe it, and what speaks against it?

It says what we saw and no more: each receiver decides by its own rules, and none of them has seen this message.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from diagnostics.engine.findings import Verdict
from diagnostics.engine.messages.headers.alignment import Alignment
from diagnostics.selectors import ReadFinding

#: Codes of a message that nobody can be the author of: most servers refuse it whatever else is right.
NO_AUTHOR = frozenset({"message.from_missing", "message.from_several", "message.from_unreadable"})


@dataclass(frozen=True, slots=True)
class Judgement:
    """``code`` is stable: trial.believed, trial.believed_but, trial.doubted, trial.not_believed, trial.no_author or
    trial.unknown.
    """

    code: str
    verdict: Verdict
    sentence: str


def judge(outcome: str, domain: str, findings: Sequence[ReadFinding], *, has_failed: bool = False) -> Judgement:
    """The judgement on a message whose alignment came to ``outcome``, from the ``findings`` about it."""
    problems = [item for item in findings if item.verdict is Verdict.PROBLEM]
    author = next((item for item in problems if item.code in NO_AUTHOR), None)
    if has_failed or not outcome:
        return Judgement(
            "trial.unknown",
            Verdict.UNKNOWN,
            "The message came, but the checks could not be finished; examine it again.",
        )
    if author is not None:
        sentence = f"Most receivers would refuse this message, for nobody can be told as its author: {author.title}."
        return Judgement("trial.no_author", Verdict.PROBLEM, sentence)
    if outcome == Alignment.NOT_VOUCHED:
        sentence = (
            f"Receivers have no reason to believe that this message is from {domain}, so they may refuse it or put it "
            f"into Junk{_besides(problems)}."
        )
        return Judgement("trial.not_believed", Verdict.PROBLEM, sentence)
    if outcome != Alignment.VOUCHED:
        sentence = f"Whether receivers would believe that this message is from {domain or 'its author'} is not known"
        return Judgement("trial.unknown", Verdict.UNKNOWN, f"{sentence}{_besides(problems)}.")
    return _of_believed(domain, findings, problems)


def _of_believed(domain: str, findings: Sequence[ReadFinding], problems: Sequence[ReadFinding]) -> Judgement:
    believed = f"Receivers can believe that this message is from {domain}"
    if problems:
        sentence = f"{believed}, but {_counted(problems)}: {problems[0].title}."
        return Judgement("trial.believed_but", Verdict.PROBLEM, sentence)
    notices = [item for item in findings if item.verdict is Verdict.NOTICE and item.needs_somebody]
    if notices:
        many = f"{len(notices)} things are" if len(notices) > 1 else "one thing is"
        sentence = f"{believed}, and we found no reason to refuse it; {many} worth mending."
        return Judgement("trial.doubted", Verdict.NOTICE, sentence)
    sentence = f"{believed}, and we found nothing that speaks against it."
    return Judgement("trial.believed", Verdict.OK, sentence)


def _counted(problems: Sequence[ReadFinding]) -> str:
    return "one thing speaks against it" if len(problems) == 1 else f"{len(problems)} things speak against it, first"


def _besides(problems: Sequence[ReadFinding]) -> str:
    others = [item for item in problems if item.code != "message.not_vouched"]
    if not others:
        return ""
    return f"; besides, {_counted(others)}: {others[0].title}"
