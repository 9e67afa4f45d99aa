"""Judging the content of one message: what mail programs and filters stumble over, and who can mend it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from diagnostics.engine.findings import Finding, Verdict
from diagnostics.engine.messages.content.codes import Words
from diagnostics.engine.messages.content.pictures import judge_pictures
from diagnostics.engine.messages.content.read import Content
from diagnostics.engine.outside.picture import Tried

#: Gmail shows so much of a page. Its help names the number without saying how it counts; the octets sent are near.
CLIPPED_AT = 102 * 1024
#: Fewer words than this beside a picture are no text.
FEW_WORDS = 20
LARGE = 5 << 20
NEEDED = ("From", "Date", "Message-ID")


def judge_content(content: Content, tried: Sequence[Tried] = ()) -> tuple[Finding, ...]:
    """The findings about ``content``; :data:`Words.WELL_BUILT` where there is nothing else about how it is built.

    ``tried`` is what came of asking for its pictures, where that was done.
    """
    pictures = judge_pictures(tried)
    found = [*_built(content), *_page(content)]
    if not found and all(finding.verdict in (Verdict.OK, Verdict.UNKNOWN) for finding in pictures):
        found.append(Words.WELL_BUILT.found())
    return (*found, *pictures, *_way_out(content))


def _built(content: Content) -> Iterator[Finding]:
    missing = [name for name in NEEDED if name not in content.has_header]
    if missing:
        yield Words.HEADER_MISSING.found(names=" and ".join(missing))
    if content.is_empty:
        yield Words.EMPTY.found()
    if content.placeholders:
        yield Words.PLACEHOLDER.found(fields=", ".join(content.placeholders[:3]))
    if content.charset_problem:
        yield Words.CHARSET.found(problem=content.charset_problem)
    if content.octets > LARGE:
        yield Words.LARGE.found(megabytes=f"{content.octets / (1 << 20):.0f}")
    if content.has_html and not content.has_text:
        yield Words.NO_TEXT.found()


def _page(content: Content) -> Iterator[Finding]:
    page = content.page
    # A counter of one pixel is nothing that a reader would miss.
    images = [image for image in page.images if not image.is_tiny]
    if content.missing_parts:
        yield Words.PART_MISSING.found(parts=", ".join(content.missing_parts[:3]))
    if wrong := [image.source or "(nothing)" for image in images if image.kind == "other"]:
        yield Words.IMAGE_ADDRESS.found(sources=", ".join(wrong[:3]))
    if plain := [image.source for image in images if image.kind == "http"]:
        yield Words.IMAGE_HTTP.found(sources=", ".join(plain[:3]))
    if silent := [image for image in images if image.alt is None]:
        yield Words.IMAGE_ALT.found(count=len(silent), all=len(images))
    if images and page.words < FEW_WORDS and not content.has_text:
        yield Words.ONLY_PICTURES.found(count=len(images), words=page.words)
    if content.html_octets > CLIPPED_AT:
        yield Words.CLIPPED.found(kilobytes=content.html_octets // 1024)
    if tags := list(dict.fromkeys([*page.open_tags, *page.stray_ends])):
        yield Words.TAGS.found(tags=", ".join(f"<{name}>" for name in tags[:5]))
    if page.active:
        yield Words.ACTIVE.found(tags=", ".join(f"<{name}>" for name in dict.fromkeys(page.active)))


def _way_out(content: Content) -> Iterator[Finding]:
    if not content.unsubscribe:
        yield Words.NO_UNSUBSCRIBE.found()
    elif content.is_one_click and "<https:" in content.unsubscribe.lower():
        yield Words.UNSUBSCRIBE.found()
    else:
        yield Words.NOT_ONE_CLICK.found()
    if not content.has_opt_out:
        yield Words.NO_OPT_OUT.found()
