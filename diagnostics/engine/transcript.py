"""The transcript of a run: every question and answer, kept as evidence and replayed as a fixture.

:class:`Recording` stands between the checks and any resolver. However many checks want the same answer, the question
is asked once (single-flight); it counts the questions, bounds them, and measures the critical path. :class:`Replay`
answers from a stored transcript, so that a failing run becomes a test without the network it was made on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from diagnostics.engine import path
from diagnostics.engine.ip import documentation_address_in
from diagnostics.engine.names import NameProblem, normalised
from diagnostics.engine.outside import Outside
from diagnostics.engine.records import DIALOGUES
from diagnostics.engine.resolver import Answer, Resolver, Status, failed

#: Under this note stands a question whose askers had all gone (their deadline passed) before it was answered.
CUT_OFF = "cut off: nobody was left to wait for the answer"
#: PostgreSQL keeps no NUL. Records hold one octet a character, so this symbol can stand for nothing else in them.
_NUL_SYMBOL = "\u2400"


@dataclass(slots=True)
class _Flight:
    """A question on its way: who asked, how long the chain behind it was, how many wait."""

    task: asyncio.Task[Answer]
    began_ms: float
    waiting: int = 0


class Recording:
    """A resolver that asks another one, each question once, and keeps what came back.

    ``transcript`` is a list of JSON documents in the order the answers came, ``queries`` the number of questions that
    were asked, ``critical_path_ms`` the longest chain of dependent ones. After ``max_questions`` every further question
    is answered with ERROR, so that a hostile zone cannot keep a run busy. What is asked of servers goes to ``outside``,
    unless a zone speaks for them; without one they are not asked.
    """

    def __init__(self, resolver: Resolver, *, outside: Outside | None = None, max_questions: int = 500) -> None:
        self.inner = resolver
        self.outside = outside
        self.max_questions = max_questions
        self.queries = 0
        self.critical_path_ms = 0.0
        self.transcript: list[dict[str, Any]] = []
        self._flights: dict[tuple[str, str], _Flight] = {}

    async def query(self, name: str, rdtype: str) -> Answer:
        """The answer, asked for at most once in the life of this recording."""
        try:
            key = (normalised(name), rdtype.upper())
        except NameProblem as problem:
            return failed(name, rdtype.upper(), Status.ERROR, problem.text)
        flight = self._flights.get(key)
        if flight is None:
            if self.queries >= self.max_questions:
                return failed(*key, Status.ERROR, f"not asked: this run has asked its {self.max_questions} questions")
            self.queries += 1
            flight = _Flight(task=asyncio.ensure_future(self._ask(*key)), began_ms=path.path_ms())
            self._flights[key] = flight
        flight.waiting += 1
        try:
            # The shield lets one asker's deadline pass without taking the answer from the others.
            answer = await asyncio.shield(flight.task)
        finally:
            flight.waiting -= 1
            if not flight.waiting and not flight.task.done():
                flight.task.cancel()
                del self._flights[key]
                self._keep(failed(*key, Status.TIMEOUT, CUT_OFF))
        path.reached(flight.began_ms + answer.elapsed_ms)
        self.critical_path_ms = max(self.critical_path_ms, path.path_ms())
        return answer

    async def _ask(self, name: str, rdtype: str) -> Answer:
        if rdtype in DIALOGUES and self.outside is not None and not self._is_in_zone(name):
            answer = await self.outside.query(name, rdtype, self)
        else:
            answer = await self.inner.query(name, rdtype)
        self._keep(answer)
        return answer

    def _is_in_zone(self, name: str) -> bool:
        holds = getattr(self.inner, "holds", None)
        return bool(holds and holds(name))

    def _keep(self, answer: Answer) -> None:
        document = asdict(answer)
        document["status"] = answer.status.value
        document["records"] = [record.replace("\x00", _NUL_SYMBOL) for record in answer.records]
        document["chain"] = list(answer.chain)
        self.transcript.append(document)


class Replay:
    """A resolver that answers from a transcript. What was not asked then is answered with ERROR, never with absence.

    A question that was cut off raises ``TimeoutError``, as the deadline did in the run that was recorded, so that the
    same checks come to the same end without anybody waiting for it.
    """

    def __init__(self, transcript: Iterable[Mapping[str, Any]]) -> None:
        self._answers = {(answer.name, answer.rdtype): answer for answer in map(read_answer, transcript)}
        self.is_over_zone = any(documentation_address_in(name) for name, _ in self._answers)

    async def query(self, name: str, rdtype: str) -> Answer:
        """The recorded answer."""
        try:
            key = (normalised(name), rdtype.upper())
        except NameProblem as problem:
            return failed(name, rdtype.upper(), Status.ERROR, problem.text)
        answer = self._answers.get(key)
        if answer is None:
            return failed(*key, Status.ERROR, "not in the transcript: the recorded run did not ask this")
        if answer.note == CUT_OFF:
            raise TimeoutError(f"{key[0]} {key[1]} was cut off")
        return answer


def read_answer(document: Mapping[str, Any]) -> Answer:
    """The answer that a document of a transcript describes; ValueError where it describes none."""
    try:
        return replace(
            Answer(name=str(document["name"]), rdtype=str(document["rdtype"]), status=Status(document["status"])),
            records=tuple(str(record).replace(_NUL_SYMBOL, "\x00") for record in document.get("records", ())),
            ttl=None if document.get("ttl") is None else int(document["ttl"]),
            chain=tuple(str(name) for name in document.get("chain", ())),
            authenticated=bool(document.get("authenticated", False)),
            elapsed_ms=float(document.get("elapsed_ms", 0.0)),
            note=str(document.get("note", "")),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"This is no answer of a transcript: {document!r}") from error
