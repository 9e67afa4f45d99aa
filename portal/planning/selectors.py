"""Reading planned mailings. Staff see those of their branches, support and admins all of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import Http404

from portal.accounts.models import User
from portal.branches.access import branches_of
from portal.branches.models import BranchProfile
from portal.planning.answer import Answer, answer_of
from portal.planning.judging import LEFT_OUT, Verdict
from portal.planning.models import Mailing
from portal.planning.today import Obstacle
from portal.planning.waves import Stage, timetable
from portal.rates.limits import provider_name

#: What each verdict is to people, and what is done about it.
WORDS = {
    Verdict.MALFORMED: ("No e-mail address", "Correct it on the client's profile."),
    Verdict.MISTYPED: (
        "Probably mistyped",
        "Correct it on the client's profile; what was meant stands beside.",
    ),
    Verdict.SUPPRESSED: ("Not written to any more", "They opted out, complained, or mail to them failed for good."),
    Verdict.FAILED_BEFORE: ("Refused for good before", "Ask the client for their present address."),
    Verdict.NO_MAIL: ("The domain takes no mail", "Ask the client for another address."),
    Verdict.DUPLICATE: ("Twice in the list", "Written to once is enough."),
    Verdict.ALIKE: (
        "Probably mistyped, but the domain may exist",
        "Look at each below: mail to a look-alike domain reaches somebody else. It stays in until you take it out.",
    ),
    Verdict.ROLE: ("A role, not a person", "Leave it in only where that office wants the mailing."),
    Verdict.NOT_KNOWN: ("Could not find out", "Nothing speaks against it for certain. It stays in."),
    Verdict.FINE: ("Nothing speaks against it", "That their server takes it is not certain, only likely."),
}


@dataclass(frozen=True, slots=True)
class Counted:
    """How many lines of the list have one verdict."""

    verdict: str
    word: str
    remedy: str
    lines: int
    is_left_out: bool


@dataclass(frozen=True, slots=True)
class PlannedWave:
    """One line of the plan, with the name of the provider or the receiving server.

    ``domain`` is set where the receiving server is told by one: its dossier tells more.
    """

    name: str
    recipients: int
    per_hour: int
    hours: int
    why: str
    domain: str = ""


@dataclass(frozen=True, slots=True)
class Mistyped:
    """A line that is probably mistyped: its number (0 where it was not kept), as it was written, what was meant."""

    line: int
    written: str
    meant: str


def mailings_of(viewer: User, branch: BranchProfile) -> QuerySet[Mailing]:
    """The planned mailings of ``branch``; the caller takes a keyset page of them by ``created``."""
    return Mailing.objects.filter(branch__in=branches_of(viewer).filter(pk=branch.pk)).select_related("by")


def mailing_for(viewer: User, code: str) -> Mailing:
    """The mailing of that code if ``viewer`` may see it; else Http404."""
    rows = Mailing.objects.filter(branch__in=branches_of(viewer)).select_related("branch__sending_server", "by")
    found = rows.filter(code=code).first()
    if found is None:
        raise Http404("No mailing of that code.")
    return found


def counted(mailing: Mailing) -> list[Counted]:
    """How many lines have which verdict, in the order of what needs somebody."""
    counts = mailing.results.get("counts", {})
    return [
        Counted(verdict.value, *WORDS[verdict], lines=counts.get(verdict.value, 0), is_left_out=verdict in LEFT_OUT)
        for verdict in Verdict
        if counts.get(verdict.value, 0)
    ]


def plan_of(mailing: Mailing) -> list[PlannedWave]:
    """The plan, the longest first."""
    return [
        PlannedWave(_name(wave), wave["recipients"], wave["per_hour"], wave["hours"], wave["why"], wave.get("name", ""))
        for wave in mailing.results.get("plan", [])
    ]


def _name(wave: dict[str, Any]) -> str:
    if wave.get("name"):
        return str(wave["name"])
    return provider_name(wave["provider"]) if wave["provider"] else "Servers with few recipients each"


def answer_for(mailing: Mailing, found: list[Obstacle]) -> Answer | None:
    """Whether the list may be sent; None where it has not been judged."""
    results = mailing.results
    if not results:
        return None
    plan = results.get("plan", [])
    return answer_of(
        lines=results["lines"],
        left=results["left"],
        hours=max((wave["hours"] for wave in plan), default=0),
        slow=sum(bool(wave.get("is_slow")) for wave in plan),
        obstacles=found,
    )


def stages_of(plan: list[PlannedWave], start: datetime) -> list[Stage]:
    """Which part of the plan goes when, from ``start`` on."""
    return timetable([(wave.name, wave.per_hour, wave.hours) for wave in plan], start)


def mistyped(mailing: Mailing) -> list[Mistyped]:
    """The lines that are probably mistyped, as far as they are shown and kept."""
    return [
        Mistyped(int(more[0]) if more else 0, written, meant)
        for written, meant, *more in mailing.results.get("mistyped", [])
    ]
