"""Reading planned mailings. Staff see those of their branches, support and admins all of them."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet
from django.http import Http404

from portal.accounts.models import User
from portal.branches.access import branches_of
from portal.branches.models import BranchProfile
from portal.planning.judging import LEFT_OUT, Verdict
from portal.planning.models import Mailing
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
    """One line of the plan, with the provider's name."""

    name: str
    recipients: int
    per_hour: int
    hours: int
    why: str


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
        PlannedWave(provider_name(wave["provider"]), wave["recipients"], wave["per_hour"], wave["hours"], wave["why"])
        for wave in mailing.results.get("plan", [])
    ]
