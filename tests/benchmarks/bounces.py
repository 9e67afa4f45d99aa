"""Our reading of bounces beside the labels of a corpus: ``BOUNCE_CORPUS=folder python -m tests.benchmarks.bounces``.

The folder holds ``eml/`` and ``expected.jsonl``: one line a mail with ``file`` and ``expected``, a list of recipients
with ``cause`` and ``bounce_kind`` (hard, soft, not_a_bounce). Labels are what another program said, not truth, so each
disagreement is printed; those that ``bounces_judged.toml`` gives a reason for are also counted as judged. The copies
with CRLF and with CR must be read alike.

Without a corpus the mails and replies that were written for the tests are measured alone.
"""

from __future__ import annotations

import json
import os
import sys
import time
import tomllib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from diagnostics.engine.messages.bounce import Classified, classify
from diagnostics.engine.messages.reply import read_reply
from tests.diagnostics.engine.messages.bounce.own_mails import own_mails

#: Causes of the labels that are kinds of ours.
KINDS = {"complaint", "delivered"}
REPLIES = Path(__file__).resolve().parents[1] / "diagnostics" / "engine" / "messages"
#: What the labelling program writes where a complaint names nobody.
PLACEHOLDER = "@libsisimai.org.invalid"


def f1(pairs: Counter[tuple[str, str]], cause: str) -> float:
    right = pairs[cause, cause]
    wrong = sum(count for (wanted, got), count in pairs.items() if (wanted == cause) != (got == cause))
    return 2 * right / (2 * right + wrong) if right or wrong else 1.0


def cause_of(found: Classified, address: str) -> tuple[str, str]:
    """Our cause and permanence for that recipient, or for the only one there is."""
    rows = {row.address.lower(): row for row in found.recipients}
    row = rows.get(address.lower()) or (found.recipients[0] if len(found.recipients) == 1 else None)
    if found.kind in KINDS:
        return found.kind, "not_a_bounce"
    return (row.cause, row.permanence) if row and found.kind == "bounce" else (found.kind, "not_a_bounce")


@dataclass(slots=True)
class Score:
    """How many agree."""

    pairs: Counter[tuple[str, str]] = field(default_factory=Counter)
    files: int = 0
    exact: int = 0
    lasting: int = 0

    def add(self, wanted: list[tuple[str, str, str]], found: Classified) -> list[str]:
        """What disagrees in one mail."""
        told: list[str] = []
        got = {row.address.lower() for row in found.recipients}
        names = {name.lower() for name, _, _ in wanted if not name.endswith(PLACEHOLDER)}
        self.files += 1
        self.exact += names == got
        if names != got:
            told.append(f"recipients {sorted(got)}, labelled {sorted(names)}")
        for name, cause, kind in wanted:
            our_cause, our_kind = cause_of(found, name)
            self.pairs[cause, our_cause] += 1
            self.lasting += kind == our_kind
            if (cause, kind) != (our_cause, our_kind):
                said = " ".join(f"[{row.rule}] {row.diagnostic[:120]}" for row in found.recipients[:1])
                told.append(f"{our_cause} {our_kind}, labelled {cause} {kind}: {said}")
        return told

    def document(self) -> dict[str, float]:
        total = sum(self.pairs.values())
        right = sum(count for (wanted, got), count in self.pairs.items() if wanted == got)
        causes = {wanted for wanted, _ in self.pairs}
        return {
            "files": self.files,
            "exact_recipients": round(self.exact / self.files, 4),
            "cause": round(right / total, 4),
            "macro_f1": round(sum(f1(self.pairs, cause) for cause in causes) / len(causes), 4),
            "permanence": round(self.lasting / total, 4),
        }


def labelled(line: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(row["recipient"], row["cause"], row["bounce_kind"]) for row in line["expected"]]


def judged(line: dict[str, Any], table: dict[str, Any]) -> list[tuple[str, str, str]]:
    """The labels, with those changed whose own text says otherwise."""
    file = line["file"].removesuffix(".eml")
    changed = {item["label"]: item for item in table["judged"] if file in item["files"]}
    rows = [
        (name, changed[cause]["cause"], changed[cause]["permanence"]) if cause in changed else (name, cause, kind)
        for name, cause, kind in labelled(line)
    ]
    named = [item["addresses"] for item in table["recipients"] if item["file"] == file]
    return [(name, *rows[0][1:]) for name in named[0]] if named else rows


def replies_right(name: str) -> dict[str, float]:
    """How many replies of a data file of the tests are read as they are meant."""
    rows = tomllib.loads((REPLIES / name).read_text(encoding="utf-8"))["line"]
    right = [row for row in rows if read_reply(row["text"], remote_host=row.get("host", "")).cause == row["cause"]]
    limits = [row for row in rows if row["cause"] == "rate_limited"]
    return {"lines": len(rows), "of_limits": len(limits), "right": round(len(right) / len(rows), 4)}


def own_right() -> dict[str, float]:
    """How many of the mails that were written for the tests are read as they are meant, in all they say."""
    mails = own_mails()
    right = 0
    for mail in mails:
        found = classify(mail.octets)
        rows = sorted((row.address, row.cause, row.permanence) for row in found.recipients)
        right += found.kind == mail.kind and rows == sorted(mail.recipients)
    return {"mails": len(mails), "right": round(right / len(mails), 4)}


def main() -> int:
    print(json.dumps({"replies about limits": replies_right("rates.toml"), "own mails": own_right()}))
    folder = os.environ.get("BOUNCE_CORPUS")
    if not folder:
        print("BOUNCE_CORPUS names no folder, so no corpus is measured.", file=sys.stderr)
        return 0
    table = tomllib.loads(Path(__file__).with_name("bounces_judged.toml").read_text(encoding="utf-8"))
    raw, read = Score(), Score()
    copies, slowest = 0, 0.0
    for text in (Path(folder) / "expected.jsonl").read_text(encoding="utf-8").splitlines():
        line = json.loads(text)
        octets = (Path(folder) / "eml" / line["file"]).read_bytes()
        began = time.process_time()
        found = classify(octets)
        slowest = max(slowest, time.process_time() - began)
        plain = octets.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        copies += len({classify(plain.replace(b"\n", end)) for end in (b"\n", b"\r\n", b"\r")}) > 1
        open_ones = read.add(judged(line, table), found)
        for told in raw.add(labelled(line), found):
            print(f"{line['file']} ({'ours to answer for' if open_ones else 'judged'}): {told}")
    print(json.dumps({"as labelled": raw.document(), "as judged": read.document()}))
    print(json.dumps({"copies_that_differ": copies, "slowest_ms": round(slowest * 1000, 1)}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
