"""Naming replies: support says what a reply means, tries that against what is stored, and it becomes a rule.

A rule that is changed in what it fits is another rule: the old one is switched off and kept, so that what it had named
is known and can be read again without it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from diagnostics.engine.causes.catalogue import CAUSES
from diagnostics.engine.messages.reply import WORDS, Rule, read_reply
from diagnostics.engine.messages.reply_rule import said
from diagnostics.engine.messages.reply_words import UNNAMED as NEVER_NAMED
from portal.accounts.models import User
from portal.bell import ring
from portal.maillog.models import Delivery, ReplyRule
from portal.maillog.replies import forget_rules, masked, named_rules, reading_of, rule_of
from portal.maillog.rereading import UNNAMED, fits, left, stand_with, with_cause
from portal.maillog.tasks import read_again

#: So many unclassified deliveries are looked through, and so many kinds of replies shown.
LOOKED_THROUGH = 2000
MOST_KINDS = 50
#: What a code that means many things amounts to (RFC 3463 §3.4, §3.8); only the words say which of them.
BY_CODE = ("recipient_policy", "remote_system_error")
#: So many of the latest deliveries with each cause a rule is tried against.
TRIED = 300
MOST_SHOWN = 20
#: What is put into the form of what a reply says.
MOST_OF_A_PART = 90
#: No reply means these: nobody knows yet, or it is no matter of a reply.
NO_NAME = {*NEVER_NAMED, *UNNAMED}
_NUMBERS = re.compile(r"\d+")
_TOLD_ALREADY = re.compile(r"^[\s:.,;-]*(?:[245]\d\d[\s:-]*)?(?:#?[245]\.\d{1,3}\.\d{1,3}[\s:-]*)?")


def causes() -> list[str]:
    """What a reply can be named, in the order of ``docs/causes.md``."""
    return [cause for cause in CAUSES if cause in WORDS and cause not in NO_NAME]


@dataclass(frozen=True, slots=True)
class Kind:
    """Replies that say the same about different recipients, of those that nobody has classified."""

    sample: Delivery
    count: int
    providers: tuple[str, ...]
    last: datetime

    @property
    def part(self) -> str:
        """What of the reply tells why, as far as that can be guessed."""
        return telling_part(self.sample.reply)


@dataclass(frozen=True, slots=True)
class Kinds:
    """The kinds of unclassified replies, those of most recipients first, among so many deliveries."""

    rows: tuple[Kind, ...]
    looked_through: int
    is_cut: bool


def unclassified() -> Kinds:
    """What nobody has classified yet, from a bounded look at the latest; for support and admins alone. Five queries.

    That is what no rule read by its words, so that it has no cause or only what its code amounts to. Where there is no
    reply, there is nothing to name.
    """
    columns = ("at", "state_at", "recipient", "reply", "reply_code", "status", "remote_host", "provider", "cause")
    groups: dict[str, list[Delivery]] = {}
    looked_through, is_cut = 0, False
    for cause in (*UNNAMED, *BY_CODE):
        rows = list(with_cause(cause).only(*columns)[: LOOKED_THROUGH + 1])
        is_cut = is_cut or len(rows) > LOOKED_THROUGH
        for row in rows[:LOOKED_THROUGH]:
            looked_through += 1
            if row.reply and not reading_of(row.reply, row.reply_code, row.status, row.remote_host).is_worded:
                groups.setdefault(kind_of(row.reply), []).append(row)
    found = [
        Kind(
            sample=group[0],
            count=len(group),
            providers=tuple(sorted({row.provider for row in group if row.provider})),
            last=max(row.state_at for row in group),
        )
        for group in groups.values()
    ]
    found.sort(key=lambda kind: (-kind.count, -kind.last.timestamp()))
    return Kinds(tuple(found[:MOST_KINDS]), looked_through, is_cut)


def kind_of(reply: str) -> str:
    """What replies of one kind have in common: their words, without addresses and numbers."""
    return _NUMBERS.sub("0", said(masked(reply)).text.strip())[:200]


def telling_part(reply: str) -> str:
    """The longest run of words of ``reply`` that holds no number, address or link; "" where there is none."""
    text = _TOLD_ALREADY.sub("", said(masked(reply)).text.strip())
    runs: list[list[str]] = [[]]
    for word in text.split():
        if any(letter.isdigit() for letter in word) or "@" in word or "~" in word or "://" in word or "www." in word:
            runs.append([])
        else:
            runs[-1].append(word)
    best = " ".join(max(runs, key=lambda run: sum(map(len, run))))
    if len(best) > MOST_OF_A_PART:
        best = best[:MOST_OF_A_PART].rpartition(" ")[0]
    return best.strip(" .,;:-()[]<>'\"")


@dataclass(frozen=True, slots=True)
class Fit:
    """Stored replies of one kind that a rule fits: the cause they stand with, and what they would be read to."""

    sample: Delivery
    count: int
    before: str
    after: str

    @property
    def is_changed(self) -> bool:
        return self.before != self.after

    @property
    def is_taken(self) -> bool:
        """It would be taken away from a cause that something else had told."""
        return self.is_changed and self.before not in UNNAMED


@dataclass(frozen=True, slots=True)
class Trial:
    """What a rule would do to stored replies: of the latest ``tried``, those it fits, by kind."""

    fits: tuple[Fit, ...]
    tried: int
    is_cut: bool

    @property
    def fitting(self) -> int:
        return sum(fit.count for fit in self.fits)

    @property
    def named(self) -> int:
        """The deliveries that nobody had classified, and that it would name."""
        return sum(fit.count for fit in self.fits if fit.is_changed and not fit.is_taken)

    @property
    def taken(self) -> int:
        """The deliveries that it would take away from another cause."""
        return sum(fit.count for fit in self.fits if fit.is_taken)


def try_rule(rule: Rule, *, in_place_of: int | None = None) -> Trial:
    """Try ``rule`` against the latest stored replies of every cause, a bounded number of each; nothing is changed.

    ``in_place_of`` is the number of the stored rule it would replace.
    """
    others = tuple(item for item in named_rules() if item.id != f"named.{in_place_of}")
    groups: dict[tuple[str, str, str], list[Delivery]] = {}
    tried = 0
    for cause in [*UNNAMED, *causes()]:
        rows = with_cause(cause).only("at", "recipient", "cause", "reply", "reply_code", "status", "remote_host")
        for row in rows[: LOOKED_THROUGH if cause in UNNAMED else TRIED]:
            tried += 1
            if fits(rule, row):
                after = read_reply(
                    masked(row.reply),
                    reply_code=row.reply_code,
                    status=row.status,
                    remote_host=row.remote_host,
                    extra=(rule, *others),
                ).cause
                groups.setdefault((kind_of(row.reply), cause, after), []).append(row)
    found = [Fit(rows[0], len(rows), cause, after) for (_, cause, after), rows in groups.items()]
    found.sort(key=lambda fit: (not fit.is_taken, not fit.is_changed, -fit.count))
    return Trial(tuple(found[:MOST_SHOWN]), tried, is_cut=len(found) > MOST_SHOWN)


def rules() -> QuerySet[ReplyRule]:
    """What support has named, the latest first; for support and admins alone."""
    return ReplyRule.objects.select_related("by")


@transaction.atomic
def save_rule(
    rule: ReplyRule | None,
    *,
    by: User,
    text: str,
    reply_code: str,
    status: str,
    provider: str,
    cause: str,
    note: str,
    taken: Iterable[str] = (),
) -> ReplyRule:
    """Name a reply, or change a name; what is stored is read again at once. Returns the rule that is in use then.

    ``taken`` are the causes from which it takes stored replies away (:class:`Trial`).
    """
    fitted = {"text": text, "reply_code": reply_code, "status": status, "provider": provider}
    again = {*UNNAMED, *taken}
    if rule is not None and all(getattr(rule, name) == value for name, value in fitted.items()):
        again |= {rule.cause} - {cause}
        rule.cause, rule.note, rule.by, rule.is_on = cause, note, by, True
        rule.save(update_fields=["cause", "note", "by", "is_on"])
    else:
        if rule is not None:
            switch_rule(rule, is_on=False)
        rule = ReplyRule.objects.create(by=by, cause=cause, note=note, **fitted)
    _changed(rule, again)
    return rule


@transaction.atomic
def switch_rule(rule: ReplyRule, *, is_on: bool) -> None:
    """Have a rule read by, or no longer; what is stored is read again."""
    rule.is_on = is_on
    rule.save(update_fields=["is_on"])
    _changed(rule, set(stand_with(rule)))


def delete_rule(rule: ReplyRule) -> bool:
    """Delete a rule that is switched off and of which nothing is left in the log; False where there is still."""
    if rule.is_on or left(rule):
        return False
    rule.delete()
    return True


def named_by(rule: ReplyRule) -> list[Delivery]:
    """Of the latest deliveries with the cause of ``rule`` those that it fits; what it has named is among them."""
    engine_rule = rule_of(rule)
    if engine_rule is None:
        return []
    rows = with_cause(rule.cause).only("at", "recipient", "cause", "reply", "reply_code", "status", "remote_host")
    return [row for row in rows[:LOOKED_THROUGH] if fits(engine_rule, row)]


def _changed(rule: ReplyRule, again: set[str]) -> None:
    """Read by other rules from now on, and read again what stands with these causes."""
    forget_rules()
    transaction.on_commit(forget_rules)
    for cause in sorted(again):
        ring(read_again, rule.pk, cause)
