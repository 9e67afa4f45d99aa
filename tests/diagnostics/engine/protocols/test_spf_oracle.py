"""Our evaluator beside pyspf's, over generated zones: two programs written apart have to agree.

``SPF_ZONES=20000`` tries that many; the everyday run tries a few, always the same.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from diagnostics.engine.protocols.spf import check_host
from diagnostics.engine.transcript import Recording
from diagnostics.engine.zone import Zone
from tests.diagnostics.engine.protocols.spf_oracle import judged
from tests.diagnostics.engine.protocols.spf_zones import IPS, SENDERS, zones

ZONES = int(os.environ.get("SPF_ZONES", "150"))


@pytest.mark.filterwarnings("ignore")
@settings(
    max_examples=ZONES,
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
    # Of a difference in many thousand zones the first is worth more than the smallest.
    phases=(Phase.generate, Phase.shrink) if ZONES < 1000 else (Phase.generate,),
)
@given(names=zones, ip=st.sampled_from(IPS), sender=st.sampled_from(SENDERS))
def test_two_evaluators_agree(names: dict[str, Any], ip: str, sender: str) -> None:
    zone = Zone(names)
    ours = asyncio.run(check_host(Recording(zone), ip, "a.example", sender, "h.example"))
    assert (ours.result.value, ours.explanation) == judged(zone, ip, sender, "h.example"), ours.problem
