"""An alias: whoever asks for it is told where the message went on to, and how it fared there."""

from __future__ import annotations

from io import BytesIO

import pytest
from django.test import Client

from portal.branches.models import BranchProfile
from portal.maillog.importers import IMPORTERS
from portal.maillog.models import Delivery
from portal.maillog.onward import onward_from
from portal.maillog.services import Zones, ingest

#: North's alias, which its server writes another address for.
LOG = (
    "2026-03-04T14:02:10Z out1 postfix/qmgr[1]: 4jbgK90c8HzKWX1: from=<office@north.example>, size=9, nrcpt=1 (queue)\n"
    "2026-03-04T14:02:11Z out1 postfix/smtp[1]: 4jbgK90c8HzKWX1: to=<real.name@gmail.com>, "
    "orig_to=<alias@north.example>, relay=mx.gmail.example[192.0.2.7]:25, delay=1, dsn={0}\n"
)
OUTCOMES = {
    "refused": "5.1.1, status=bounced (host mx.gmail.example[192.0.2.7] said: 550 5.1.1 User unknown (in reply))",
    "accepted": "2.0.0, status=sent (250 2.0.0 OK)",
    "deferred": "4.2.2, status=deferred (host mx.gmail.example[192.0.2.7] said: 452 4.2.2 Over quota (in reply))",
}


def alias_of(outcome: str) -> Delivery:
    ingest(IMPORTERS["postfix"](BytesIO(LOG.format(OUTCOMES[outcome]).encode()), "north", Zones()), source="postfix")
    return Delivery.objects.get(recipient="alias@north.example")


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_the_page_tells_where_it_went_and_how_it_fared(as_nora: Client, north: BranchProfile, outcome: str) -> None:
    alias = alias_of(outcome)
    leg = onward_from(alias)
    assert leg is not None
    assert (alias.state, leg.recipient, leg.state) == ("handed", "real.name@gmail.com", outcome)
    context = as_nora.get(f"/deliveries/{alias.pk}/").context
    assert context["delivery"].onward == leg
    states = [item.state for item in context["timeline"]]
    assert states[:2] == ["handed", outcome]
    assert "real.name@gmail.com" in context["timeline"][1].words
    assert not any(item.detail for item in context["timeline"][:1])
    by_leg = as_nora.get(f"/deliveries/{leg.pk}/").context["beliefs"]
    assert [item.cause for item in context["beliefs"]] == [item.cause for item in by_leg]


def test_the_search_for_the_alias_finds_the_outcome(as_nora: Client, north: BranchProfile) -> None:
    alias = alias_of("refused")
    found = as_nora.get("/branches/north/deliveries/?recipient=alias@north.example").context["found"]
    assert [(row.pk, row.onward.state) for row in found.rows] == [(alias.pk, "refused")]


def test_what_went_nowhere_else_has_no_further_leg(north: BranchProfile) -> None:
    alias = alias_of("refused")
    Delivery.objects.exclude(pk=alias.pk).delete()
    assert onward_from(alias) is None
