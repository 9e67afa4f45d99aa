"""An entry that stands in many of these tests."""

from __future__ import annotations

from typing import Any

import pytest

from portal.branches.models import BranchProfile
from portal.suppression.models import Suppression
from portal.suppression.services import suppress


def suppressed(
    branch: BranchProfile, address: str = "lee@corp.example", reason: str = "opt_out", **fields: Any
) -> Suppression:
    return suppress(branch, address=address, reason=reason, **fields)


@pytest.fixture
def entry(north: BranchProfile) -> Suppression:
    return suppressed(north, reason="hard_bounce")
