"""The grounds of each cause: declared for all, told in the documents, and never surer than they may be."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from diagnostics.engine.causes import CAUSES, Remedy
from diagnostics.engine.causes.ranking.claims import SURE, Claim, Confidence, Kind, Line, Place, least, surest
from diagnostics.engine.causes.ranking.grounds import GROUNDS, OF_REPLIES
from diagnostics.engine.findings import Actor
from diagnostics.engine.messages.reply import WORDS

DOCUMENT = Path(__file__).resolve().parents[4] / "docs" / "causes.md"
#: A direct record decides these alone; of the others no record speaks.
NEVER_CERTAIN = {
    "not_sent", "still_trying", "address_typo", "address_not_on_profile", "recipient_refused_unspecified",
    "accepted_by_recipient_server", "junked", "images_blocked", "badly_formatted", "unknown",
}  # fmt: skip


def test_every_cause_has_grounds() -> None:
    assert list(GROUNDS) == list(CAUSES)


@pytest.mark.parametrize("cause", CAUSES)
def test_only_a_record_or_a_reply_makes_certain(cause: str) -> None:
    certain = {kind for kind, most in GROUNDS[cause].weights.items() if most is Confidence.CERTAIN}
    assert certain <= {Kind.RECORD, Kind.REPLY}
    assert bool(certain) is (cause not in NEVER_CERTAIN)


def test_what_is_unknown_is_only_ever_possible() -> None:
    assert set(GROUNDS["unknown"].weights.values()) == {Confidence.POSSIBLE}


def test_replies_name_only_what_a_reply_can_be_about() -> None:
    assert set(WORDS) >= OF_REPLIES


def test_the_document_tells_the_grounds() -> None:
    rows = re.findall(
        r"^\| `([a-z_]+)` \| ([a-z, -]+) \| ([a-z, -]+) \| ([a-z, -]+) \| (.+) \|$", DOCUMENT.read_text(), re.M
    )
    told = {row[0]: row[1:] for row in rows}
    for cause, grounds in GROUNDS.items():
        by = [", ".join(kind for kind, most in grounds.weights.items() if most is word) or "-" for word in SURE]
        assert told[cause] == (*by, ", ".join(need.word for need in grounds.needs) or "-")


def test_two_claims_for_one_cause_become_one() -> None:
    told = Remedy(Actor.BRANCH_IT, "Publish it.")
    one = Claim("auth_failure", (Line(Kind.REPLY, "a"),), Place.STOPPED, against=("x",))
    other = Claim("auth_failure", (Line(Kind.REPLY, "a"), Line(Kind.CHECK, "b")), Place.FORETOLD, remedies=(told,))
    both = other.joined(one)
    assert [line.text for line in both.lines] == ["a", "b"]
    assert (both.place, both.against, both.remedies) == (Place.STOPPED, ("x",), (told,))


def test_words_are_ordered() -> None:
    assert surest([Confidence.POSSIBLE, Confidence.CERTAIN]) is Confidence.CERTAIN
    assert surest([]) is Confidence.POSSIBLE
    assert least(Confidence.CERTAIN, Confidence.LIKELY) is Confidence.LIKELY
