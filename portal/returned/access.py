"""Who may see what came back: support and admins all of it, staff what is about a delivery of their branch."""

from __future__ import annotations

from django.db.models import QuerySet

from portal.accounts.models import User
from portal.branches.access import branches_of
from portal.returned.models import ReturnedMail, ReturnedRecipient


def mails_of(viewer: User) -> QuerySet[ReturnedMail]:
    """The mails ``viewer`` may open. A mail may be about recipients of several branches, so staff open none."""
    return ReturnedMail.objects.all() if viewer.is_support else ReturnedMail.objects.none()


def recipients_of(viewer: User) -> QuerySet[ReturnedRecipient]:
    """What ``viewer`` may read of what mails say of single recipients."""
    if viewer.is_support:
        return ReturnedRecipient.objects.all()
    return ReturnedRecipient.objects.filter(branch__in=branches_of(viewer))
