"""The human half of a report: whom it names, and which lines speak of whom.

There is no standard for it, but there are few habits: an address at the beginning of a line followed by what was said
of it (Postfix, qmail, Exim, OpenSMTPD), a list of addresses and then the conversation with the other server (Sendmail,
Courier), a sentence that ends in the address (DragonFly, Exchange, gateways). :func:`read_text` knows the habits, not
the programs. Where the returned message begins, reading stops: its header is full of addresses that did nothing wrong.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from diagnostics.engine.messages.bounce import addresses
from diagnostics.engine.messages.bounce.phrases import phrases

MAX_CHARACTERS: Final = 32_768
MAX_LINE: Final = 2_000
MAX_LINES: Final = 1_500
MAX_RECIPIENTS: Final = 1_000
#: Lines about one recipient.
MOST_OF_ONE: Final = 200
#: Answers that were given of no address; a conversation has a few.
MAX_LOOSE: Final = 40

# Fields that stand on top of a returned message.
_RETURNED_FIELD = re.compile(
    r"(?:return-path|received|x-received|dkim-signature|x-google-dkim-signature|arc-seal|x-originating-ip|delivered-to|"
    r"x-gm-message-state|x-google-smtp-source|x-mailer|mime-version|message-id)\s{0,3}:",
    re.IGNORECASE,
)
# Lines about the message and not about a recipient.
_QUOTED = re.compile(
    r"(?:from|to|cc|bcc|sent|sent date|date|subject|sender|reply-to|return-path|message-id|mail from|envelope-from|"
    r"x-[a-z-]{1,40}|"
    r"von|an|betreff|de|à|objet|差出人|件名|宛先)\s{0,3}:",
    re.IGNORECASE,
)
_MAIL_FROM = re.compile(
    r"mail\s{1,3}from|envelope[- ]from|originally from|message from|sent by|sender\b", re.IGNORECASE
)
_HELP = re.compile(
    r"contact|assistance|help|questions?\b|send mail to|support|report this|reply|wrote:|postmaster@|mailto:|https?://",
    re.IGNORECASE,
)
# To whom the message was that a report quotes the head of.
_TO = re.compile(r"(?:to|an|à|para|宛先|收件人)\s{0,3}[:：]", re.IGNORECASE)
_RCPT = re.compile(r"rcpt\s{1,3}to\s{0,3}:\s{0,3}<?", re.IGNORECASE)
_BULLET = re.compile(
    r"[\s>*\u2022\u00b7|-]{0,20}(?:\d{1,3}[.)]\s{1,3})?(?:(?:recipient|address|user|rcpt)\s{0,3}:\s{0,3})?", re.I
)
#: Between a display name and its address.
_NAMED = re.compile(r"[^@<>:\n]{1,80}?\s{0,3}[<(\[]")
_REPLY = re.compile(r"(?:^|[\s:>(\"'])([245]\d\d)(?:[ \-]|:\s)")
_COMMAND = re.compile(r"(?:>>>|In:|SENT <<<|Sent <<<)\s*(\S.*)")
_TALK = re.compile(r"(?:\.\.\. )?while talking to ", re.IGNORECASE)
_ANSWER = re.compile(r"(?:<<<|Out:|Received >>>|RECEIVED >>>)\s*(\S.*)")
_GOODBYE: Final = "QUIT"
#: What qmail adds in its own name below the reply.
_OWN_WORDS: Final = ("giving up on", "i'm not going to try again", "(other mxes tried")
_STATUS_FIELD = re.compile(
    r"(?:original-recipient|final-recipient|action|status|remote-mta|diagnostic-code|last-attempt-date|reporting-mta|arrival-date|received-from-mta|final-log-id|will-retry-until|x-postfix-[a-z-]{1,20})\s{0,3}:",
    re.IGNORECASE,
)
_LEADING = re.compile(r"\s{0,12}\(?(?:reason: )?(?=[245]\d\d[ -])")


@dataclass(frozen=True, slots=True)
class Answer:
    """A line that the other server said. ``talk`` counts the servers that were talked to."""

    text: str
    talk: int


#: What is said of whom the text does not name.
_NONE: Final[list[str]] = []


@dataclass(slots=True)
class Told:
    """What the text says: lines under each address, and the lines under none. ``stage`` is the command refused.

    ``answers`` are filed by the address of which they were given, and those of none under the empty one.
    """

    own: dict[str, list[str]] = field(default_factory=dict)
    named: list[str] = field(default_factory=list)
    weak: list[str] = field(default_factory=list)
    verdicts: list[str] = field(default_factory=list)
    own_named: list[str] = field(default_factory=list)
    quoted_to: list[str] = field(default_factory=list)
    loose: list[str] = field(default_factory=list)
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    verdict_lines: list[tuple[str, str]] = field(default_factory=list)
    stage: str = ""
    stages: dict[str, str] = field(default_factory=dict)
    talk: int = 0
    talks: dict[str, int] = field(default_factory=dict)
    text: str = ""

    def stage_of(self, address: str) -> str:
        """The command that was refused for that recipient, or for all."""
        return self.stages.get(addresses.key(address), self.stage)

    def lines_of(self, address: str) -> list[str]:
        """The lines about that recipient; those who were named together have the same list."""
        return self.own.get(addresses.key(address), _NONE)

    def names(self, address: str) -> bool:
        """The text has lines about that address."""
        return addresses.key(address) in self.own

    def answers_to(self, address: str) -> list[str]:
        """What the other server said of that recipient, and then what it said in the same conversation of none."""
        key = addresses.key(address)
        talk = self.talks.get(key)
        of_it = self.answers.get(key, [])
        return [item.text for item in of_it] + [
            item.text for item in self.answers.get("", [])[:MAX_LOOSE] if talk in (None, item.talk)
        ]


def split_returned(text: str) -> tuple[str, str]:
    """What the report says, and the returned message that was put below it."""
    lines = text[: 4 * MAX_CHARACTERS].split("\n", MAX_LINES)
    for at, line in enumerate(lines):
        if _begins_returned(line, lines[at + 1 : at + 4]) and any(line.strip() for line in lines[:at]):
            begin = at if _RETURNED_FIELD.match(line) else at + 1
            return "\n".join(lines[:at])[:MAX_CHARACTERS], "\n".join(lines[begin:]).lstrip("\n -=*")
    return text[:MAX_CHARACTERS], ""


def _begins_returned(line: str, following: list[str]) -> bool:
    if _RETURNED_FIELD.match(line):
        # One such line may be quoted; a message has more fields below.
        return line[:9].lower() != "mime-vers" and any(
            _RETURNED_FIELD.match(item) or _QUOTED.match(item) or item.startswith((" ", "\t")) for item in following
        )
    bare = line.strip(" \t-=*_>").lower()
    if not bare or len(bare) > 120:
        return False
    if line.strip() != bare and bare in phrases("returned_titles"):
        return True  # Between dashes, a title; in a sentence, nothing.
    if not bare.startswith(phrases("returned")):
        return False
    # "This is a copy of ..." may be a sentence that goes on: a rule around it, a colon or a full stop says it does not.
    return line.strip() != bare or bare.endswith((":", ".", "message", "headers", "follows")) or following[:1] != [""]


def read_text(text: str, *, senders: tuple[str, ...] = ()) -> Told:
    """Whom ``text`` names and what it says of each. ``senders``: to whom the report was sent; they did not fail."""
    told = Told(text=text[:MAX_CHARACTERS])
    own = {addresses.key(sender) for sender in senders}
    current: list[str] | None = None
    command_address = stage = ""
    was_heading = False
    for line in told.text.split("\n")[:MAX_LINES]:
        line = line[:MAX_LINE].rstrip()
        if _STATUS_FIELD.match(line):
            continue
        if command := _COMMAND.match(line.strip()):
            stage, command_address = _command(command[1], told, stage)
            continue
        if answer := _ANSWER.match(line.strip()):
            _answer(answer[1], command_address, stage, told)
            continue
        if _TALK.match(line):
            told.talk += 1
            command_address = stage = ""
        heading, rest = _heading(line)
        if heading and addresses.key(heading) in own:
            told.own_named.append(heading)
        elif heading and len(told.named) < MAX_RECIPIENTS:
            # Addresses one below the other share the lines that follow.
            shared = current if was_heading and not rest and current is not None else []
            current = told.own.setdefault(addresses.key(heading), shared)
            told.named.append(heading)
            was_heading = not rest
            if rest:
                current.append(rest)
            continue
        if line.strip():
            was_heading = False
        _rest_of(line, current, told, own)
    return told


def _answer(text: str, address: str, stage: str, told: Told) -> None:
    """Keep what the other server said. How it says goodbye is about nobody."""
    if stage == _GOODBYE:
        return
    key = addresses.key(address)
    told.answers.setdefault(key, []).append(Answer(text, told.talk))
    if key:
        told.talks[key] = told.talk
    if text[:1] in ("4", "5"):
        told.stages.setdefault(key, stage)
        told.stage = told.stage or stage


def _command(words: str, told: Told, stage: str) -> tuple[str, str]:
    """Which command the sending server gave, and for whom."""
    verb = words.split(None, 1)[0].upper().rstrip(":") if words.split() else ""
    if verb in ("QUIT", "RSET"):
        return _GOODBYE, ""
    address = ""
    if _RCPT.match(words):
        address = next(iter(addresses.found(words)), "")
        if address:
            told.weak.append(address)
    return (verb, address) if verb in ("MAIL", "RCPT", "DATA", "BDAT", "EHLO", "HELO", "STARTTLS") else (stage, "")


def _heading(line: str) -> tuple[str, str]:
    """The address that a line begins with, and what follows on the line; nothing where it is no such line."""
    bullet = _BULLET.match(line)
    begin = bullet.end() if bullet else 0
    rest = line[begin:]
    if "@" not in rest or _QUOTED.match(rest):
        return "", ""
    match = addresses.ADDRESS.match(rest) or (addresses.ADDRESS.match(rest, 1) if rest[0] in '<("[' else None)
    if not match:
        return "", ""
    tail = rest[match.end() :].lstrip('>)]"')
    inner = re.match(r"\s{1,3}[<(]([^<>()\s]{3,320})[>)](?!\S*@)", tail)
    if inner and (second := addresses.ADDRESS.fullmatch(inner[1])):
        # ``lee@corp.example <lee@corp.example>:``
        match, tail = second, tail[inner.end() :]
    lowered = tail[:80].lower()
    if "wrote:" in lowered or "schrieb" in lowered or lowered.lstrip(" ,、").startswith(("様", "さん")):
        return "", ""
    if len(match[1]) > addresses.MAX_ADDRESS:
        return "", ""
    return match[1], tail.lstrip(" :,;-\t").rstrip()


def _rest_of(line: str, current: list[str] | None, told: Told, own: set[str]) -> None:
    """Keep a line that begins with no address."""
    bare = line.strip()
    if leading := _LEADING.match(line):
        # Sendmail's own verdicts: "550 5.1.1 <lee@corp.example>... User unknown".
        subject = next(iter(addresses.found(line)), "")
        told.verdict_lines.append((subject, line[leading.end() :]))
        if subject:
            # What was answered to DATA is about the one whom the line below it names.
            key, loose = addresses.key(subject), told.answers.get("", [])
            told.talks.setdefault(key, told.talk)
            while loose and loose[-1].talk == told.talk:
                told.answers.setdefault(key, []).insert(0, loose.pop())
        if subject and "..." in line and addresses.key(subject) not in own:
            told.verdicts.append(subject)
    is_about_message = _QUOTED.match(bare) is not None
    if "@" in bare and not is_about_message and not _HELP.search(bare):
        for address in addresses.found(bare):
            before = bare[: bare.find(address)]
            if addresses.key(address) not in own and not _MAIL_FROM.search(before[-40:]):
                told.weak.append(address)
    elif is_about_message and (match := _RCPT.match(bare)):
        told.weak.extend(addresses.found(bare[match.start() :]))
    if is_about_message:
        if _TO.match(bare):
            told.quoted_to.extend(item for item in addresses.found(bare) if addresses.key(item) not in own)
        return
    if current is None:
        told.loose.append(bare)
    elif len(current) < MOST_OF_ONE:
        current.append(bare)


def replies_in(lines: list[str]) -> list[str]:
    """The replies of servers that stand in ``lines``, each from its code on, with the lines that go on with it."""
    found: list[str] = []
    is_open = False
    for line in lines:
        if not line or line.lower().startswith(_OWN_WORDS):
            is_open = False
            continue
        match = _REPLY.search(line)
        if match and not (is_open and line.startswith(match[1]) and found[-1].startswith(match[1] + "-")):
            found.append(line[match.start(1) :])
            is_open = True
        elif is_open and len(found[-1]) < 4_000:
            found[-1] += "\n" + line
    return found


def paragraphs(lines: list[str]) -> list[str]:
    """What stands together in ``lines``."""
    found: list[str] = []
    for line in lines:
        if not line:
            found.append("")
        elif found and found[-1]:
            found[-1] += " " + line
        else:
            found.append(line)
    return [item for item in found if item]
