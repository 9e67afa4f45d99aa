"""Which pictures of a message are asked for, what their servers' answers come to, and that nothing else is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from diagnostics.engine.findings import Actor, Verdict
from diagnostics.engine.inspect import MESSAGE, inspect
from diagnostics.engine.messages.content import judge_content, read_content, remote_pictures
from diagnostics.engine.messages.content.picture_codes import CODES
from diagnostics.engine.messages.content.pictures import judge_pictures
from diagnostics.engine.outside.picture import Outcome, Pictures, Tried
from diagnostics.engine.resolver import Resolver
from diagnostics.engine.zone import Zone
from tests.diagnostics.engine.messages.content.test_content import GOOD, HEAD, message

PAGE = (
    '<style>body { background: #fff url("https://a.example/body.png") } '
    "@font-face { src: url(https://a.example/font.woff) } @import url(https://a.example/more.css);</style>"
    '<img src="https://a.example/1.png"><img src="HTTP://a.example/2.png"><img src=//a.example/3.png>'
    '<img src="https://a.example/1.png" alt="again"><img src="cid:x"><img src="data:image/png;base64,AA">'
    '<img src="/relative.png"><img src="https://a.example/count.gif?who=lee" width=1 height=1>'
    '<a href="https://a.example/out"><img src="ftp://a.example/4.png"></a><link href="https://a.example/x.css">'
    '<table background="https://a.example/table.png"><td style="background-image: url(\'https://a.example/td.png\')">'
    '<div style="background:url(relative.png)"><script src="https://a.example/x.js"></script>'
    '<!-- <img src="https://a.example/hidden.png"> --><iframe src="https://a.example/frame"></iframe>'
)


def test_what_is_asked_for_and_nothing_else() -> None:
    assert [source.partition("a.example/")[2] for source in remote_pictures(read_content(message(PAGE)))] == [
        "1.png",
        "2.png",
        "3.png",
        "body.png",
        "table.png",
        "td.png",
    ]


def tried(*outcomes: Outcome) -> tuple[Tried, ...]:
    return tuple(
        Tried(f"https://a.example/{number}.png", outcome, "a.example", "404 Not Found", ("HEAD: 404",))
        for number, outcome in enumerate(outcomes)
    )


CASES = [
    (Outcome.LOADS, "content.images_load", Verdict.OK, Actor.NOBODY),
    (Outcome.GONE, "content.image_gone", Verdict.PROBLEM, Actor.BRANCH),
    (Outcome.NO_HOST, "content.image_no_host", Verdict.PROBLEM, Actor.BRANCH),
    (Outcome.CERTIFICATE, "content.image_certificate", Verdict.PROBLEM, Actor.BRANCH),
    (Outcome.CHAIN, "content.image_chain", Verdict.NOTICE, Actor.BRANCH),
    (Outcome.NO_PICTURE, "content.image_no_picture", Verdict.PROBLEM, Actor.BRANCH),
    (Outcome.REFUSED, "content.image_refused", Verdict.NOTICE, Actor.BRANCH),
    (Outcome.PRIVATE, "content.image_private", Verdict.PROBLEM, Actor.BRANCH),
    (Outcome.INSIDE, "content.image_inside", Verdict.NOTICE, Actor.BRANCH),
    (Outcome.UNKNOWN, "content.images_unknown", Verdict.UNKNOWN, Actor.SUPPORT),
    (Outcome.NOT_ASKED, "content.images_unknown", Verdict.UNKNOWN, Actor.SUPPORT),
]


@pytest.mark.parametrize(("outcome", "code", "verdict", "actor"), CASES)
def test_what_an_outcome_comes_to(outcome: Outcome, code: str, verdict: Verdict, actor: Actor) -> None:
    (finding,) = judge_pictures(tried(outcome))
    assert (finding.code.id, finding.verdict, finding.code.actor) == (code, verdict, actor)
    assert "{" not in finding.title + finding.meaning + finding.remedy
    (proof,) = finding.evidence
    assert (proof.question, proof.status, proof.lines) == ("https://a.example/0.png", "404 Not Found", ("HEAD: 404",))


def test_every_outcome_and_every_code_is_met() -> None:
    assert [case[0] for case in CASES] == list(Outcome)
    assert {case[1] for case in CASES} == {code.id for code in CODES}
    assert {code.id for code in CODES} <= {code.id for code in MESSAGE.codes}


def test_of_one_kind_there_is_one_finding() -> None:
    findings = judge_pictures(tried(*[Outcome.GONE] * 5, Outcome.LOADS, Outcome.NOT_ASKED, Outcome.UNKNOWN))
    assert [(item.code.id, len(item.evidence)) for item in findings] == [
        ("content.image_gone", 5),
        ("content.images_unknown", 2),
        ("content.images_load", 1),
    ]
    assert "and 2 more" in findings[0].meaning


@pytest.mark.parametrize(("outcome", "code"), [(case[0], case[1]) for case in CASES])
def test_well_built_is_what_nothing_speaks_against(outcome: Outcome, code: str) -> None:
    found = [finding.code.id for finding in judge_content(read_content(message()), tried(outcome))]
    fine = {"content.images_load", "content.images_unknown"}
    assert found == [*(["content.well_built"] if code in fine else []), code, "content.unsubscribe"]


@dataclass(frozen=True, slots=True)
class Told(Pictures):
    """Answers without asking anybody."""

    outcome: Outcome = Outcome.GONE

    async def ask_all(self, sources: Sequence[str], resolver: Resolver) -> tuple[Tried, ...]:
        return tuple(
            Tried(source, self.outcome, "north.example", "404 Not Found", ("GET",), was_asked=True)
            for source in sources
        )


def test_an_inspection_tells_of_each_picture() -> None:
    html = GOOD.replace("<p>", "<p style='background:url(https://north.example/back.png)'>")
    found = asyncio.run(inspect(message(html), Zone({}), pictures=Told()))
    assert "content.image_gone" in [finding.code.id for finding in found.findings]
    built = found.facts["content"]
    assert built["images"][0] | {"outcome": "gone", "answer": "404 Not Found"} == built["images"][0]
    assert built["backgrounds"] == [
        {"source": "https://north.example/back.png", "outcome": "gone", "answer": "404 Not Found"}
    ]
    assert built["asked"] == 2


def test_without_leave_nothing_is_asked() -> None:
    found = asyncio.run(inspect(message(), Zone({})))
    assert not [item for item in found.findings if item.code.id.startswith("content.image")]
    assert "outcome" not in found.facts["content"]["images"][0]


def test_a_header_alone_has_no_pictures() -> None:
    for raw in (HEAD, HEAD.encode(), message().decode()):
        found = asyncio.run(inspect(raw, Zone({}), pictures=Told()))
        assert not [item for item in found.findings if item.code.id.startswith("content.image")]
