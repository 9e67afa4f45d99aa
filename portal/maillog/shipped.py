"""The rules for replies that come with the program, so that people can read what a reply was read by, and why.

They are data of the engine (``diagnostics/engine/messages/rules``) and the same for every branch: nothing of anybody's
mail stands in them. What a rule has read of late is looked up in the log, and that is for support and admins alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from diagnostics.engine.causes.catalogue import CAUSES
from diagnostics.engine.messages.bounce.judge import AFTER_DATA, STAGE
from diagnostics.engine.messages.reply import FILES, Rule, rules
from portal.maillog.models import Delivery
from portal.maillog.replies import reading_of
from portal.maillog.rereading import with_cause

#: Rules on one page.
SIZE = 50
#: So many of the latest deliveries with the cause of a rule are looked through for those that it has read.
LOOKED_THROUGH = 2000
MOST_SHOWN = 20
#: Whose words the rules of a file are, in the order in which the files are tried.
WHOSE = {
    "google": "Google",
    "microsoft": "Microsoft",
    "yahoo": "Yahoo and AOL",
    "apple": "Apple",
    "gateways": "Filters in front of mailboxes",
    "services": "Services that send or pass on",
    "america": "Providers of North America",
    "europe": "Providers of Europe and Russia",
    "asia": "Providers of Japan and China",
    "languages": "Other languages than English",
    "generic": "Servers in general",
    "bounce": "Returned mail",
}
assert tuple(WHOSE)[:-1] == FILES, "Every file of rules has words here."


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that must hold for a rule: what, and the parts of the reply or the codes it is about."""

    words: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shipped:
    """A rule of the program. ``place`` is where it stands among all that are tried, the first being 1.

    What is decided by more than a reply's words has no conditions and says in ``told`` how it is decided.
    """

    id: str
    place: int
    whose: str
    causes: tuple[str, ...]
    conditions: tuple[Condition, ...]
    source: str
    date: str
    told: str = ""

    @property
    def cause(self) -> str:
        return self.causes[0]

    @property
    def sample(self) -> tuple[str, ...]:
        """The first few parts it goes by, for a list."""
        return self.conditions[0].parts[:3] if self.conditions else ()

    @property
    def more(self) -> int:
        """How many other parts it goes by."""
        return sum(len(item.parts) for item in self.conditions) - len(self.sample)


@cache
def shipped() -> tuple[Shipped, ...]:
    """All of them, in the order in which they are tried; what returned mail is judged by besides stands last."""
    found = [_of_engine(place, rule) for place, rule in enumerate(rules(), 1)]
    return (
        *found,
        Shipped(
            id=AFTER_DATA,
            place=len(found) + 1,
            whose=WHOSE["bounce"],
            causes=("recipient_refused_unspecified",),
            conditions=(),
            source="RFC 5321 §3.3: a recipient is refused at RCPT TO, and what follows DATA is about the message",
            date="2026-11",
            told="A report says that there is no such user, and also that the server had taken the recipient and "
            "refused only when it had read the message, or that the mailbox exists. Then a filter of the recipient's "
            "said it, and the words are not believed. A status of 5.1 is.",
        ),
        Shipped(
            id=STAGE,
            place=len(found) + 2,
            whose=WHOSE["bounce"],
            causes=("sender_ip_blocked", "sender_address_rejected"),
            conditions=(),
            source="RFC 5321 §3.1 and §3.3: the order of greeting, MAIL FROM and RCPT TO",
            date="2026-11",
            told="A report gives no reason, or one about the recipient, and tells at which command it was refused. "
            "Before any address was named, it can only be about the sending server; at MAIL FROM, about the sender's "
            "address.",
        ),
    )


def _of_engine(place: int, rule: Rule) -> Shipped:
    whole = "Or one of these does as a whole word" if rule.any else "One of these stands in the reply as a whole word"
    told = (
        ("One of these stands in the reply", rule.any),
        (whole, rule.words),
        ("One of these stands beside it", rule.beside),
        ("Each of these stands in the reply", rule.all),
        ("None of these stands in it", rule.none),
        ("The server that said it is one of these, or below one", rule.hosts),
        ("The reply code is or begins with", rule.codes),
        ("The status is, is below or is within", rule.statuses),
    )
    return Shipped(
        id=rule.id,
        place=place,
        whose=WHOSE[rule.id.partition(".")[0]],
        causes=(rule.cause,),
        conditions=tuple(Condition(words, parts) for words, parts in told if parts),
        source=rule.source,
        date=rule.date,
    )


def shipped_called(ident: str) -> Shipped | None:
    """The rule of that id; None where the program has none."""
    return next((rule for rule in shipped() if rule.id == ident), None)


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of rules. ``next`` is the place that the following page begins behind; 0: there is none."""

    rows: tuple[Shipped, ...]
    total: int
    next: int


def listed(*, said: str = "", cause: str = "", whose: str = "", after: int = 0) -> Listed:
    """The rules behind place ``after`` that name ``cause``, stand in the file ``whose`` and hold what is ``said``.

    Every word of ``said`` is looked for in a rule's id, source, and what it goes by; case does not matter.
    """
    words = said.casefold().split()
    found = [
        rule
        for rule in shipped()
        if (not cause or cause in rule.causes)
        and (not whose or rule.id.startswith(f"{whose}."))
        and all(word in _searched(rule) for word in words)
    ]
    rows = [rule for rule in found if rule.place > after]
    return Listed(tuple(rows[:SIZE]), len(found), rows[SIZE - 1].place if len(rows) > SIZE else 0)


@cache
def _searched(rule: Shipped) -> str:
    parts = [part for item in rule.conditions for part in item.parts]
    return "\n".join([rule.id, rule.source, rule.told, *parts]).casefold()


def causes_named() -> list[str]:
    """The causes that these rules name, in the order of ``docs/causes.md``."""
    named = {cause for rule in shipped() for cause in rule.causes}
    return [cause for cause in CAUSES if cause in named]


def read_by(rule: Shipped) -> list[Delivery]:
    """Of the latest deliveries with the causes of ``rule`` those whose last reply it reads; for support and admins."""
    columns = ("at", "state_at", "recipient", "cause", "reply", "reply_code", "status", "remote_host")
    found: list[Delivery] = []
    if rule.conditions:
        for row in with_cause(rule.cause).only(*columns)[:LOOKED_THROUGH]:
            if row.reply and reading_of(row.reply, row.reply_code, row.status, row.remote_host).rule == rule.id:
                found.append(row)
    return found
