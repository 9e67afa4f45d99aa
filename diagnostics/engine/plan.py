"""The plan: which checks there are, and how a run of them is held to its deadlines.

``CHECKS`` is the product: reading it is reading which questions are asked, in the order people read the answers. All
checks of a run go on at once, over one resolver that asks each question once. This is the one place that catches what a
check lets fall: a broken or slow check becomes a finding that says so, and never hides the others.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

from diagnostics.engine import path
from diagnostics.engine.check import Check
from diagnostics.engine.checks import (
    receiver_gateway,
    recipient_address,
    recipient_allow_list,
    recipient_dane,
    recipient_mta_sts,
    recipient_mx,
    recipient_server,
    recipient_tls_reports,
    self_to_self,
    sender_bimi,
    sender_dkim,
    sender_dmarc,
    sender_spf,
    sending_ip_listed,
    sending_ip_reverse,
    sending_server,
    signed_dns,
)
from diagnostics.engine.findings import Actor, Code, Finding, Verdict
from diagnostics.engine.resolver import Resolver
from diagnostics.engine.subject import Subject

logger = logging.getLogger(__name__)

NOT_APPLICABLE = Code(
    id="check.not_applicable",
    verdict=Verdict.NOT_APPLICABLE,
    actor=Actor.NOBODY,
    title="Not asked: {missing} not known",
    meaning="This question can be answered only when {missing} is known.",
)
DEADLINE = Code(
    id="check.deadline",
    verdict=Verdict.UNKNOWN,
    actor=Actor.SUPPORT,
    title="Could not find out within {seconds} seconds",
    meaning="The name servers that had to be asked were too slow. This says nothing about the domain itself.",
    remedy="Examine again. If it stays so, look at the name servers of the domain and at ours.",
)
FAILED = Code(
    id="check.failed",
    verdict=Verdict.UNKNOWN,
    actor=Actor.SUPPORT,
    title="This check broke down",
    meaning="A fault in our own program stopped this check. This says nothing about the domain itself.",
    remedy="Tell the people who run this desk: the program's log holds the fault ({error}).",
)

#: In the order people read them: who is written to, how mail gets there, who sends, from where,
#: and what only some senders and mail programs look at.
CHECKS: tuple[Check, ...] = (
    recipient_address.CHECK,
    recipient_mx.CHECK,
    receiver_gateway.CHECK,
    recipient_server.CHECK,
    sender_spf.CHECK,
    sender_dkim.CHECK,
    sender_dmarc.CHECK,
    self_to_self.CHECK,
    recipient_allow_list.CHECK,
    sending_server.CHECK,
    sending_ip_reverse.CHECK,
    sending_ip_listed.CHECK,
    recipient_mta_sts.CHECK,
    recipient_dane.CHECK,
    recipient_tls_reports.CHECK,
    signed_dns.CHECK,
    sender_bimi.CHECK,
)


@dataclass(frozen=True, slots=True)
class Result:
    """One check has ended. ``position`` is its place in the plan, whatever the order in which checks end."""

    check: Check
    position: int
    findings: tuple[Finding, ...]


def codes_of(checks: Iterable[Check]) -> dict[str, Code]:
    """Every code that ``checks`` and the plan itself may emit, by id; ValueError when two share an id."""
    codes: dict[str, Code] = {}
    for code in (NOT_APPLICABLE, DEADLINE, FAILED, *(code for check in checks for code in check.codes)):
        if codes.setdefault(code.id, code) is not code:
            raise ValueError(f"Two codes are called {code.id}.")
    return codes


CODES: dict[str, Code] = codes_of(CHECKS)


async def examine(
    subject: Subject,
    resolver: Resolver,
    *,
    checks: tuple[Check, ...] = CHECKS,
    check_seconds: float = 8.0,
    run_seconds: float = 15.0,
) -> AsyncIterator[Result]:
    """The result of each of ``checks``, as it ends.

    1. Checks whose needs are not known do not apply, and say so at once.
    2. The others go on concurrently, each held to ``check_seconds``.
    3. After ``run_seconds`` what still goes on is given up: could not find out.
    """
    loop = asyncio.get_running_loop()
    ends_at = loop.time() + run_seconds
    tasks = {
        asyncio.ensure_future(_answer(check, subject, resolver, min(check_seconds, run_seconds))): position
        for position, check in enumerate(checks)
    }
    waiting = set(tasks)
    try:
        while waiting:
            done, waiting = await asyncio.wait(
                waiting, timeout=max(0.0, ends_at - loop.time()), return_when=asyncio.FIRST_COMPLETED
            )
            if not done:
                done, waiting = waiting, set()
            for task in sorted(done, key=tasks.__getitem__):
                position = tasks[task]
                findings = task.result() if task.done() else (DEADLINE.found(seconds=_number(run_seconds)),)
                yield Result(check=checks[position], position=position, findings=findings)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _answer(check: Check, subject: Subject, resolver: Resolver, seconds: float) -> tuple[Finding, ...]:
    """What ``check`` finds; never raises but for cancellation."""
    missing = sorted(check.needs - subject.known())
    if missing:
        return (NOT_APPLICABLE.found(missing=[name.replace("_", " ") for name in missing]),)
    path.begin()
    try:
        async with asyncio.timeout(seconds):
            return tuple(await check.look(subject, resolver))
    except TimeoutError:
        return (DEADLINE.found(seconds=_number(seconds)),)
    except Exception as error:
        logger.exception("The check %s broke down.", check.slug)
        return (FAILED.found(error=type(error).__name__),)


def _number(seconds: float) -> str:
    return f"{seconds:g}"
