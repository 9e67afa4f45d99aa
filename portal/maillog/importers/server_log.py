"""What the logs of mail servers share: times without a year, queue ids, replies inside a sentence, own hand-overs.

Such a log tells of one message in many lines, tied together by a queue id: first what the message is, then what became
of it at each recipient. The key of a message is its Message-ID, which lasts when a content filter gives it back under
another queue id. Where the line with the Message-ID stands in another file, the key is :data:`QUEUE` and the queue id,
and the service finds the message by it.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from sys import intern

from portal.maillog.importers import clock
from portal.maillog.importers.event import AHEAD, EARLIEST, LIMITS, EventProblem

#: What the key of a message begins with while nothing but its queue id is known.
QUEUE = "queue:"
MONTHS = {
    name: at
    for at, name in enumerate(["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"], 1)
}
UTC_NAMES = frozenset(["UTC", "GMT", "Z"])
#: Two clocks are never quite the same: so far a time without a zone may lie after now.
SKEW = timedelta(minutes=10)
#: So long is remembered how times were read.
REMEMBERED = timedelta(days=1)
#: Messages that are held in memory at most; what a log leaves open longer is found again by its queue id.
MOST_OPEN = 200_000
#: A message that is over is remembered while so many others are: late lines still name it.
MOST_OVER = 20_000
_OWN = re.compile(r"127\.\d+\.\d+\.\d+|::1|0:0:0:0:0:0:0:1")
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")


class Clock:
    """Reads the times of one log. Many lines have the same second, so what was read is remembered."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._read: dict[str, datetime] = {}
        #: Minutes without a year ("Mar  4 14:02") that were over when they were read.
        self._minutes: dict[str, datetime] = {}
        self._since = clock.now()

    def __call__(self, text: str) -> datetime:
        """The time ``text`` says, in UTC; EventProblem when it says none that mail was sent at."""
        at = self._read.get(text)
        if at is None:
            if len(self._read) > 10_000:
                self._read.clear()
                self._minutes.clear()
            minute = self._minutes.get(text[:12])
            if minute is not None and len(text) == 15 and text[13:].isdecimal():
                at = minute + timedelta(seconds=min(int(text[13:]), 59))
            else:
                at = self._time(text)
            self._read[text] = at
        return at

    def _time(self, text: str) -> datetime:
        now = clock.now()
        if now - self._since > REMEMBERED:
            # In a log that is followed the same day of the year comes again.
            self._read.clear()
            self._minutes.clear()
            self._since = now
        try:
            at, is_sure = (self._recent(text, now), False) if text[:3] in MONTHS else self._dated(text)
        except (ValueError, OverflowError):
            raise EventProblem(f"The time {text[:40]!r} (at) is none.") from None
        if not EARLIEST < at < now + AHEAD:
            raise EventProblem(f"The time {text[:40]!r} (at) is not one that mail was sent at.")
        if not is_sure and at > now + SKEW:
            raise EventProblem(self._ahead(text, at - now))
        return at

    def _ahead(self, text: str, by: timedelta) -> str:
        """A log tells of nothing that is to come: it was written in another zone than it is read in."""
        hours = max(1, round(by / timedelta(hours=1)))
        return (
            f"The time {text[:40]!r} (at), read as {self._zone}, is {hours} h after now: the server keeps another time "
            "zone. Say which (in the browser above the first lines, or --time-zone), and read the log again."
        )

    def _dated(self, text: str) -> tuple[datetime, bool]:
        """A time with its year: ISO 8601, or as journalctl and Exim write it, with the zone as a word of its own.

        Also whether the text itself says its zone.
        """
        words = text.split(" ")
        if words[0].isalpha():
            del words[0]  # The day of the week.
        offset = ""
        if len(words) > 2 and words[2].isalpha():
            at = datetime.fromisoformat(" ".join(words[:2])).replace(tzinfo=self._zone)
            if words[2] in UTC_NAMES:
                return at.replace(tzinfo=UTC), True
            if at.tzname() != words[2]:
                raise ValueError(text)  # IST is three zones. Only the server's own can be meant for sure.
            return at.astimezone(UTC), True
        if len(words) > 2:
            offset = words.pop()
        at = datetime.fromisoformat(" ".join(words) + offset)
        is_sure = at.tzinfo is not None
        return (at if is_sure else at.replace(tzinfo=self._zone)).astimezone(UTC), is_sure

    def _recent(self, text: str, now: datetime) -> datetime:
        """A time without a year: the latest that does not lie after now, or so little that a wrong zone explains it."""
        month, day = MONTHS[text[:3]], int(text[4:6])
        hour, minute, second = int(text[7:9]), int(text[10:12]), min(int(text[13:15]), 59)
        micro = int(text[16:22].ljust(6, "0")) if len(text) > 16 else 0
        # 29 February comes every four years, but for 1900 and 2100 every eight.
        for year in range(now.year + 1, now.year - 9, -1):
            try:
                at = datetime(year, month, day, hour, minute, second, micro, tzinfo=self._zone).astimezone(UTC)
            except ValueError:
                continue
            if at < now + AHEAD:
                begins = at.replace(second=0, microsecond=0)
                if EARLIEST < begins < now - timedelta(minutes=1):
                    self._minutes[text[:12]] = begins
                return at
        raise ValueError(text)


class Message:
    """What is known so far of the message behind a queue id."""

    __slots__ = ("has_sender", "is_notice", "is_over", "key", "mark", "message_id", "sender", "waiting")

    def __init__(self, mark: str) -> None:
        self.mark = mark
        self.key = QUEUE + mark
        self.message_id = self.sender = ""
        self.has_sender = self.is_notice = self.is_over = False
        #: Who has not got it yet, with what the log told of the last try and does not tell again: the reply (Exim), the
        #: log name (Postfix). They are named again when the whole message is given up.
        self.waiting: dict[str, str] | None = None

    def name(self, message_id: str) -> None:
        if len(message_id) > 2 and len(message_id) <= LIMITS["key"]:
            self.message_id = self.key = message_id


class Queue:
    """The messages a log has told of and not yet forgotten, by host, instance and queue id."""

    def __init__(self) -> None:
        self._messages: dict[str, Message] = {}
        #: The latest mark behind each queue id, and the instances (with their host) that have a queue of their own.
        self._marks: dict[str, str] = {}
        self._instances: set[str] = set()
        self._most = MOST_OVER

    def get(self, mark: str) -> Message | None:
        return self._messages.get(mark)

    def have(self, mark: str) -> Message:
        """The message behind ``mark`` as its own queue tells of it."""
        return self._messages.get(mark) or self.begin(mark)

    def near(self, mark: str) -> Message:
        """The message behind ``mark``, also where a service with a name of its own in the log tells of it.

        One service of a Postfix may be given a name as if it were an instance (``-o syslog_name=postfix-out``). A
        queue id with the inode set off by a z is used once; a short one is looked for elsewhere only where the name it
        stands under has shown no queue of its own.
        """
        if (message := self._messages.get(mark)) is not None:
            return message
        instance, _, queue_id = mark.rpartition("/")
        other = self._marks.get(queue_id, "")
        is_same_host = other.partition("/")[0] == mark.partition("/")[0]
        if is_same_host and ("z" in queue_id or instance not in self._instances):
            return self._messages[other]
        return self._put(mark, queue_id)

    def begin(self, mark: str) -> Message:
        """A new message behind ``mark``: short queue ids are used again."""
        instance, _, queue_id = mark.rpartition("/")
        self._instances.add(instance)
        return self._put(mark, queue_id)

    def _put(self, mark: str, queue_id: str) -> Message:
        if len(self._messages) >= self._most:
            self._forget()
        message = self._messages[mark] = Message(mark)
        self._marks[queue_id] = mark
        return message

    def holds_id(self, queue_id: str) -> bool:
        """Whether a log read here knows ``queue_id``, on any host: a message "queued as" it is still ours."""
        return queue_id in self._marks

    def _forget(self) -> None:
        items = self._messages.items()
        kept = [(mark, message) for mark, message in items if not message.is_over]
        over = [(mark, message) for mark, message in items if message.is_over]
        self._messages = dict(over[-MOST_OVER // 4 :] + kept[-MOST_OPEN // 2 :])
        self._marks = {mark.rpartition("/")[2]: mark for mark in self._messages}
        self._most = len(self._messages) + MOST_OVER


@lru_cache(maxsize=50_000)
def is_own_host(relay: str) -> bool:
    """Whether the next server is this machine: a hand-over to its own content filter, not to the recipient."""
    host, _, rest = relay.partition("[")
    return host == "localhost" or _OWN.fullmatch(rest.partition("]")[0] or host) is not None


@lru_cache(maxsize=1000)
def status_of(text: str) -> str:
    return text if _STATUS.fullmatch(text) else ""


def checked(name: str, text: str) -> str:
    """``text`` if the column ``name`` holds it; otherwise EventProblem."""
    if len(text) > LIMITS[name]:
        raise EventProblem(f"{name} is longer than {LIMITS[name]} characters.")
    return text


def address_of(text: str) -> str:
    """The recipient a line names; EventProblem when it is none."""
    if not text or text.isspace():
        raise EventProblem("recipient is missing.")
    return checked("recipient", text)


@lru_cache(maxsize=50_000)
def host_of(text: str) -> str:
    return intern(text.lower().rstrip(".")[:255])
