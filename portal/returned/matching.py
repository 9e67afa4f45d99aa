"""Which delivery a returned mail is about, and how that was found.

In this order: by the address it came back to (VERP), by the Message-ID of what came back, by the queue id it had, and
last by recipient and time. The first three name one message, which only somebody knows who had it in hands. The last is
a guess with a window, so it is made only where a single delivery fits, never against another Message-ID, and it is made
anew as long as more of the log may come: what arrives later can overrule it. So the same mails and the same log end in
the same matches, in whatever order they came.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q, QuerySet

from portal.branches.models import BranchProfile, SendingServer
from portal.inbound import form_of
from portal.maillog.addresses import normal
from portal.maillog.models import Delivery, MessageLog
from portal.returned.models import How, ReturnedMail, ReturnedRecipient

#: A report about a message that is older than this is not looked for.
MOST_AGE = timedelta(days=30)
#: A queue gives a message up after five days as a rule; a report of it follows within two more.
WINDOW = timedelta(days=7)
#: Where several messages fit, one that was sent so shortly before the report is meant.
SHORTLY = timedelta(hours=1)
#: Two clocks are never quite the same.
SKEW = timedelta(minutes=10)
#: More deliveries than these are not told apart by time.
MOST = 50


@dataclass(frozen=True, slots=True)
class Match:
    """A delivery, by its number, and how it was found.

    ``is_sure``: nothing that comes later can lead to another one. ``is_proved``: only somebody who had the message in
    hands can have written the mail, so that more may follow from it than a line in the log.
    """

    delivery: int
    how: How
    is_sure: bool
    is_proved: bool


class Search:
    """The search for the deliveries of one mail's recipients. What names the message is looked up once for all."""

    def __init__(self, mail: ReturnedMail) -> None:
        self._mail = mail
        tokens, self._told = _addressed(mail.sent_to)
        # Our own server names whom we wrote to, and knows nothing of whom they have their mail passed on to.
        own = Q(host=mail.reported_by) | Q(helo=mail.reported_by)
        self._guesses = not mail.reported_by or not SendingServer.objects.filter(own).exists()
        self._named = [
            (how, numbers)
            for how, messages in _ways(mail, tokens)
            if (numbers := list(messages.order_by("at", "pk").values_list("pk", flat=True)[:MOST]))
        ]

    def find(self, row: ReturnedRecipient) -> Match | None:
        """The delivery that the mail is about for ``row``; None where it is not in the log, or not clear."""
        # The surest first: whom we wrote into our own address, for whom it failed, whom they were passed on from.
        names = [name for name in (row.address_normal, row.original_normal) if name]
        for how, numbers in self._named:
            found, is_named = _of_messages(numbers, self._told + names, guesses=self._guesses or not names)
            if found is not None:
                # A complaint's recipient is blacked out by rule; of a bounce it is odd that it names another.
                return Match(found, how, is_sure=is_named, is_proved=is_named or not names)
        if self._told and (found := _by_time(self._mail, self._told)) is not None:
            return Match(found, How.VERP, is_sure=False, is_proved=False)
        if names and (found := _by_time(self._mail, names)) is not None:
            return Match(found, How.RECIPIENT_AND_TIME, is_sure=False, is_proved=False)
        return None


def _ways(mail: ReturnedMail, tokens: list[str]) -> Iterator[tuple[How, QuerySet[MessageLog]]]:
    """What names one message, the surest first."""
    if tokens:
        keys = [key for token in tokens for key in (token, token.lower())]
        # Keys are looked up by branch and key.
        yield How.VERP, _messages(mail, key__in=keys, branch__in=BranchProfile.objects.all())
    if mail.message_ids:
        ids = [form for item in mail.message_ids for form in (item, f"<{item}>")]
        yield How.MESSAGE_ID, _messages(mail, message_id__in=ids)
    if mail.queue_ids:
        yield How.QUEUE_ID, _messages(mail, queue_id__in=mail.queue_ids)


def _addressed(sent_to: Iterable[str]) -> tuple[list[str], list[str]]:
    """The tokens and the recipients that are written into the addresses the mail came back to."""
    tokens: list[str] = []
    recipients: list[str] = []
    for address in sent_to:
        for text in settings.BOUNCE_ADDRESSES:
            places = form_of(text).read(address) or {}
            if "token" in places:
                tokens.append(places["token"])
            if "recipient" in places:
                recipients.append(normal("@".join(places["recipient"].rsplit("=", 1))))
    return tokens, recipients


def _messages(mail: ReturnedMail, **sought: object) -> QuerySet[MessageLog]:
    """The messages that may be meant: of the branch it was brought in for, where there is one, and not too old."""
    rows = MessageLog.objects.filter(at__range=(mail.at - MOST_AGE, mail.at + SKEW), **sought)
    return rows.filter(branch=mail.branch_id) if mail.branch_id else rows


def _of_messages(messages: list[int], names: Sequence[str], *, guesses: bool) -> tuple[int | None, bool]:
    """The one delivery of ``messages`` that is meant, and whether it is to one of ``names``.

    Whoever was written to may have the mail passed on, so another's report may name an address we never wrote to. Where
    the message had one recipient, it is still about that one; ``guesses`` says that this may be so.
    """
    rows = Delivery.objects.filter(message__in=messages).order_by("at", "pk").values_list("pk", flat=True)
    for name in names:
        if named := list(rows.filter(recipient_normal=name)[:2]):
            return (named[0], True) if len(named) == 1 else (None, False)
    whoever = list(rows[:2]) if guesses else []
    return (whoever[0], False) if len(whoever) == 1 else (None, False)


def _by_time(mail: ReturnedMail, names: Sequence[str]) -> int | None:
    """The one delivery to ``names`` in the window before the report, if there is only one that fits."""
    found = _in_window(mail, names)
    if mail.message_ids:
        ids = {"", *mail.message_ids}
        found = [row for row in found if row.message.message_id.strip("<>") in ids]
    if len(found) > 1 and mail.returned_subject:
        told = _flat(mail.returned_subject)
        found = [row for row in found if not row.message.subject or _flat(row.message.subject) == told]
    if len(found) > 1:
        found = [row for row in found if row.at >= mail.at - SHORTLY]
    return found[0].pk if len(found) == 1 else None


def _in_window(mail: ReturnedMail, names: Sequence[str]) -> list[Delivery]:
    span: tuple[datetime, datetime] = mail.at - WINDOW, mail.at + SKEW
    of_branch = Q(branch=mail.branch_id) if mail.branch_id else Q()
    rows = Delivery.objects.filter(of_branch, recipient_normal__in=names, at__range=span)
    found = list(rows.select_related("message").order_by("-at", "-pk")[: MOST + 1])
    return found if len(found) <= MOST else []


def _flat(subject: str) -> str:
    return " ".join(subject.casefold().split())
