"""The letter to the IT of a From-domain: what a finding asks for, in words to its reader.

A finding speaks of the branch's IT; in a letter to them that is "you", and what they are to do is asked for.
"""

from __future__ import annotations

import re
from dataclasses import replace

from diagnostics.selectors import ReadFinding

_WHO = re.compile(r"\b[Tt]he (?:branch|recipient)'s IT (?:then )?(\w+)")
_GO_ON = re.compile(r"(,| and| or|, and|, or) (publishes|deletes|takes|replaces|mends|puts|asks|gives|corrects)\b")
_BASE = {"publishes": "publish", "has": "have"}
_OTHERS = (
    (r"\b[Tt]he branch's IT\b", "your IT department"),
    (r"\b[Tt]he recipient's IT\b", "your IT department"),
    (r"\btheir IT\b", "your IT department"),
    (r"^The branch's", "Your"),
    (r"([.!?] )The branch's", r"\1Your"),
    (r"\bthe branch's", "your"),
    (r"\bThe branch\b", "Your organisation"),
    (r"\bthe branch\b", "your organisation"),
)
#: The reverse name of a server's own address comes first: without it receivers refuse everything.
_FIRST = ("sending-ip-reverse", "sending-server")


def to_its_reader(finding: ReadFinding) -> ReadFinding:
    """``finding`` as the IT department reads it."""
    return replace(
        finding, title=_worded(finding.title), meaning=_worded(finding.meaning), remedy=_asked(finding.remedy)
    )


def in_order(findings: tuple[ReadFinding, ...]) -> tuple[ReadFinding, ...]:
    """What the server itself lacks first; then as it was."""
    return tuple(sorted(findings, key=lambda finding: finding.check not in _FIRST))


def merged(findings: tuple[ReadFinding, ...]) -> tuple[ReadFinding, ...]:
    """The same record, or the same fix, is asked for once: under the first finding that needs it."""
    kept: dict[object, ReadFinding] = {}
    for finding in findings:
        key = finding.publish or finding.remedy
        if key not in kept:
            kept[key] = finding
            continue
        first = kept[key]
        both = first if finding.title in first.title else replace(first, title=f"{first.title}; {finding.title}")
        kept[key] = both
    found = tuple(kept.values())
    return tuple(_without_repeated(finding, found) for finding in found)


def _without_repeated(finding: ReadFinding, found: tuple[ReadFinding, ...]) -> ReadFinding:
    """A record that another point of the letter holds whole is only pointed to."""
    remedy = finding.remedy
    for number, other in enumerate(found, 1):
        if other is not finding and other.publish is not None and other.publish != finding.publish:
            remedy = remedy.replace(other.publish.value, f"of point {number}")
    return replace(finding, remedy=remedy)


def _worded(text: str) -> str:
    for pattern, instead in _OTHERS:
        text = re.sub(pattern, instead, text)
    return text


def _asked(remedy: str) -> str:
    """What somebody does, as something that the reader is asked to do."""
    sentences = re.split(r"(?<=[.:]) (?=[A-Z])", remedy)
    return _worded(" ".join(_request(sentence) for sentence in sentences))


def _request(sentence: str) -> str:
    match = _WHO.search(sentence)
    if match is None:
        return sentence
    before, after = sentence[: match.start()], sentence[match.end() :]
    after = _GO_ON.sub(lambda found: f"{found[1]} {_base(found[2])}", after)
    return f"{before}{'please' if before else 'Please'} {_base(match[1])}{after}"


def _base(verb: str) -> str:
    return _BASE.get(verb) or verb.removesuffix("s")
