"""Words for what was found, where a page shows the record to publish beside them."""

from __future__ import annotations

import re

from django import template

from diagnostics.selectors import ReadFinding

register = template.Library()

_KEY = re.compile(r"(p=[A-Za-z0-9+/]{10})[A-Za-z0-9+/=]{60,}")


@register.filter
def advice(finding: ReadFinding) -> str:
    """``{{ finding|advice|visible }}``: the remedy, without the record that the page shows below it to be copied.

    A key that stands in the midst of a sentence is cut short: the finding on the key has the whole of it.
    """
    text, record = finding.remedy, finding.publish
    if record is not None and text.endswith(record.value):
        return text.removesuffix(record.value).rstrip(" :") + ":"
    return _KEY.sub(r"\1… (in full with the key itself)", text)
