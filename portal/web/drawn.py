"""The drawn icons: a picked few of Bootstrap Icons (MIT, see ``icons/LICENSE``), put into the page as inline SVG.

An icon only ever repeats what a word beside it says, so it is hidden from screen readers. Adding one is copying its
``.svg`` file into ``icons/``.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe

FOLDER = Path(__file__).resolve().parent / "icons"


class UnknownIcon(LookupError):
    """A template asked for an icon that nobody has picked."""


@cache
def _drawn(name: str) -> SafeString:
    if not re.fullmatch(r"[a-z0-9-]+", name):
        raise UnknownIcon(f"{name!r} is no name of an icon.")
    try:
        file = (FOLDER / f"{name}.svg").read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UnknownIcon(
            f"There is no icon {name!r}. Copy its SVG from bootstrap-icons into {FOLDER.name}/."
        ) from None
    shapes = re.sub(r"\s*\n\s*", "", file[file.index(">") + 1 : file.rindex("</svg>")])
    # Only files of this package come here, never a stranger's text.
    return mark_safe(  # noqa: S308
        f'<svg class="dd-icon" viewBox="0 0 16 16" width="16" height="16" fill="currentColor" aria-hidden="true"'
        f' focusable="false">{shapes}</svg>'
    )


def icon(name: str) -> SafeString:
    """The icon as SVG. An unknown name is an error where it can be mended, and nothing at all in production."""
    try:
        return _drawn(name)
    except UnknownIcon:
        if settings.DEBUG or getattr(settings, "STRICT_TEMPLATES", False):
            raise
        return SafeString("")
