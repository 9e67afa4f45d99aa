"""The world of the scenarios is sound, in memory and through real packets alike."""

from __future__ import annotations

from diagnostics.engine.findings import Verdict
from tests.diagnostics.scenarios.world import WORLD, over_packets, scenario, served

HAS = "address.fine mx.fine spf.pass dkim.ok dmarc.aligned server.fine ptr.fine list.clean sts.none dane.none"


def test_nothing_is_wrong_and_nothing_unknown() -> None:
    told = scenario({}, HAS)
    assert told.problems == set()
    assert [finding.code.id for finding in told.findings if finding.verdict is Verdict.UNKNOWN] == []


def test_packets_tell_the_same() -> None:
    assert over_packets(served(WORLD)).codes == scenario({}, HAS).codes
