"""Which pictures of a message are asked for, and what their servers' answers come to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from diagnostics.engine.findings import Evidence, Finding
from diagnostics.engine.messages.content.picture_codes import PictureWords
from diagnostics.engine.messages.content.read import Content
from diagnostics.engine.outside.picture import Outcome, Tried

#: In the order people read them. What was not asked is as unknown as what gave no answer.
_CODES = {
    Outcome.GONE: PictureWords.GONE,
    Outcome.NO_HOST: PictureWords.NO_HOST,
    Outcome.CERTIFICATE: PictureWords.CERTIFICATE,
    Outcome.NO_PICTURE: PictureWords.NO_PICTURE,
    Outcome.PRIVATE: PictureWords.PRIVATE,
    Outcome.INSIDE: PictureWords.INSIDE,
    Outcome.CHAIN: PictureWords.CHAIN,
    Outcome.REFUSED: PictureWords.REFUSED,
    Outcome.UNKNOWN: PictureWords.UNKNOWN,
    Outcome.NOT_ASKED: PictureWords.UNKNOWN,
    Outcome.LOADS: PictureWords.LOADS,
}
#: Of so many pictures a sentence tells; the proofs are of all.
MOST_NAMED = 3


def remote_pictures(content: Content) -> tuple[str, ...]:
    """The addresses of the pictures that a reader would miss: those of the page, and those behind its words.

    A counter of one pixel is left out: it shows nothing, and to ask for it is to be counted. Links are never asked for.
    """
    shown = (image.source for image in content.page.images if image.kind in ("http", "https") and not image.is_tiny)
    behind = (address for address in content.page.backgrounds if _is_remote(address))
    return tuple(dict.fromkeys([*shown, *behind]))


def _is_remote(address: str) -> bool:
    return address.lower().startswith(("http://", "https://", "//"))


def judge_pictures(tried: Sequence[Tried]) -> tuple[Finding, ...]:
    """One finding for each kind of outcome, with every request as its proof."""
    kinds: dict[str, list[Tried]] = {}
    for outcome, code in _CODES.items():
        kinds.setdefault(code.id, []).extend(item for item in tried if item.outcome is outcome)
    codes = {code.id: code for code in _CODES.values()}
    return tuple(
        codes[name].found(
            *map(_proof, items),
            sources=_named(item.source for item in items),
            answers=_named(item.answer for item in items),
            hosts=_named(item.host for item in items),
            asked="1 picture" if len(items) == 1 else f"{len(items)} pictures",
        )
        for name, items in kinds.items()
        if items
    )


def _proof(item: Tried) -> Evidence:
    return Evidence(question=item.source, status=item.answer, lines=item.steps)


def _named(texts: Iterable[str]) -> str:
    different = list(dict.fromkeys(text for text in texts if text))
    named = ", ".join(text if len(text) <= 200 else f"{text[:199]}…" for text in different[:MOST_NAMED])
    left = len(different) - MOST_NAMED
    return f"{named} and {left} more" if left > 0 else named
