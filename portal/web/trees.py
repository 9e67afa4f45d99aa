"""Indented lines as a tree: what hangs on what, and how much of a limit was used up where.

The lines are those of an evidence: two blanks for each level, and at the end, where something was spent, ``[2 of 10]``.
They are a stranger's words, so all of them are escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from portal.web.text import visible

_USED = re.compile(r" \[(\d{1,4}) of (\d{1,4})\]$")
MOST_LEVELS = 20
MOST_LINES = 200


def tree(lines: Iterable[str]) -> SafeString:
    """The lines as nested lists, with a meter for what was used up."""
    rows = [((len(line) - len(line.lstrip(" "))) // 2, line.strip(" ")) for line in list(lines)[:MOST_LINES]]
    return format_html('<ul class="dd-tree">{}</ul>', _items(rows))


def _items(rows: list[tuple[int, str]], depth: int = 0) -> SafeString:
    """The items of one list, each with the list of what hangs on it."""
    items = []
    while rows:
        level, text = rows[0]
        end = next((at for at, row in enumerate(rows) if at and row[0] <= level), len(rows))
        below, rows = rows[1:end], rows[end:]
        inner = format_html("<ul>{}</ul>", _items(below, depth + 1)) if below and depth < MOST_LEVELS else ""
        items.append((_line(text), inner))
    return format_html_join("", "<li>{}{}</li>", items)


def _line(text: str) -> SafeString:
    used = _USED.search(text)
    if used is None:
        return SafeString(format_html("<code>{}</code>", visible(text)))
    spent, limit = int(used[1]), int(used[2])
    return format_html(
        '<code>{}</code> <meter min="0" max="{}" high="{}" value="{}" aria-hidden="true"></meter> '
        '<span class="dd-meta">{} of {}</span>',
        visible(text[: used.start()]), limit, max(limit - 2, 0), min(spent, limit), spent, limit,
    )  # fmt: skip
