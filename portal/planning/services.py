"""Handing in a list for a planned mailing."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from portal.accounts.models import User
from portal.bell import ring
from portal.branches.models import BranchProfile
from portal.planning import tasks
from portal.planning.models import Mailing


def plan_mailing(branch: BranchProfile, *, name: str, upload: UploadedFile[Any], by: User) -> Mailing:
    """Keep the list and have a worker judge it. The list is deleted as soon as it has been read."""
    mailing = Mailing(branch=branch, name=name, by=by)
    mailing.list.save(mailing.code.hex, upload, save=False)
    try:
        with transaction.atomic():
            mailing.save()
            ring(tasks.judge_list, mailing.pk)
    except BaseException:
        mailing.list.delete(save=False)
        raise
    return mailing
