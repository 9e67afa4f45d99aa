"""A log that was brought in, and a worker's turn without a worker."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.intake import runner, services
from portal.intake.models import Upload

HEADER = "id,event,to,time,response\n"
ROW = "m{0},{1},c{0}@corp.example,2026-03-04T14:{0:02d}:00Z,{2}\n"
#: Three rows that can be used, and one that cannot.
TABLE = (
    HEADER
    + ROW.format(1, "delivered", "250 OK")
    + ROW.format(2, "bounced", "550 5.1.1 User unknown")
    + "m3,delivered,c3@corp.example,soon,=1+1\n"
    + ROW.format(4, "deferred", "450 4.2.0 Greylisted")
)


def upload_of(
    text: str | bytes, *, by: User, branch: BranchProfile | None, source: str = "", name: str = "log.csv", **more: Any
) -> Upload:
    """``text`` as a file that ``by`` brought in."""
    octets = text.encode() if isinstance(text, str) else text
    return services.take(SimpleUploadedFile(name, octets), source=source, branch=branch, by=by, **more)


def read(upload: Upload) -> Upload:
    """The upload, started and read to its end."""
    services.start(upload)
    runner.perform(upload.pk)
    upload.refresh_from_db()
    return upload


@pytest.fixture
def upload(north: BranchProfile, nora: User) -> Upload:
    """A table of North's that was brought in by Nora and not read yet."""
    return upload_of(TABLE, by=nora, branch=north)
