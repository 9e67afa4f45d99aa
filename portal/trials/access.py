"""Who may see trials: everybody who may see the branch."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import Http404

from portal.accounts.models import User
from portal.branches.access import branches_of
from portal.trials.models import Trial, TrialMessage


def trials_of(viewer: User) -> QuerySet[Trial]:
    """The trials of the branches that ``viewer`` may see."""
    trials = Trial.objects.select_related("branch", "by")
    return trials if viewer.is_support else trials.filter(branch__in=branches_of(viewer))


def trial_for(viewer: User, code: str) -> Trial:
    """The trial ``code`` if ``viewer`` may see it; else Http404."""
    trial = trials_of(viewer).filter(code=code).first()
    if trial is None:
        raise Http404("No test of that code.")
    return trial


def message_for(viewer: User, code: str, pk: int) -> TrialMessage:
    """The message ``pk`` of the trial ``code`` if ``viewer`` may see it; else Http404."""
    found = TrialMessage.objects.select_related("trial__branch", "trial__by", "inspection", "connection")
    message = found.filter(trial=trial_for(viewer, code), pk=pk).first()
    if message is None:
        raise Http404("No message of that number.")
    return message
