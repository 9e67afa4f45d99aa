"""Gathering what a report is made of: its parts, its machine-readable groups, its text, and the returned message."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from diagnostics.engine.messages.bounce import addresses
from diagnostics.engine.messages.bounce.status import Group, Report, read_status
from diagnostics.engine.messages.bounce.text import Told, read_text, split_returned
from diagnostics.engine.messages.headers.fields import Message, read_message
from diagnostics.engine.messages.mime import Parts, read_parts

STATUS_TYPES = ("message/delivery-status", "message/global-delivery-status")
RETURNED_TYPES = (
    "message/rfc822",
    "message/global",
    "text/rfc822-headers",
    "message/rfc822-headers",
    "message/global-headers",
    "message/partial",
)
# Of somebody's text it is read as groups only where it holds both.
_LOOKS_LIKE_GROUPS = re.compile(r"^(?:final|original)-recipient\s*:", re.IGNORECASE | re.MULTILINE)
_FOR = re.compile(r"\bfor\s{1,5}<?([^\s<>;]{3,320}@[^\s<>;]{1,255})>?")
# To whom one is told to write; mail to a list itself goes to another address.
_OF_A_LIST = re.compile(r"owner-|[^@]{1,200}-(?:owner|request|bounces|admin)@", re.IGNORECASE)
_NAME = r"([A-Za-z0-9][A-Za-z0-9.-]{1,252}\.[A-Za-z]{2,63})"
_IP = r"\[[0-9A-Fa-f.:]{3,45}\]"
_SERVER = (
    re.compile(r"\bhost:?\s{1,3}" + _NAME),
    re.compile(r"while talking to " + _NAME, re.IGNORECASE),
    re.compile(rf"\b{_NAME}\s?{_IP}(?::\d{{1,5}})?\)?:? (?:said|did not|failed|responded|refused|rejected)"),
    re.compile(rf"\bserver (?:for the recipient domain \S{{1,255}} by )?{_NAME}\.? ?{_IP}"),
)


# Without slots, so that what is worked out late is worked out once.
@dataclass(frozen=True)
class Gathered:
    """A report in pieces. ``failed`` are the recipients that its own header names (X-Failed-Recipients).

    ``is_filtered``: the header says that the recipient's own filter refused it, whatever the reply says (EZweb's
    X-SPASIGN). ``returned_octets``: the message that was attached.
    """

    report: Report
    told: Told
    returned: Message
    failed: tuple[str, ...]
    subject: str
    has_returned_part: bool
    is_self_made: bool = False
    returned_octets: bytes = b""
    is_filtered: bool = False

    @property
    def message_id(self) -> str:
        field = self.returned.first("message-id")
        return field.value.strip().strip("<>") if field else ""

    @cached_property
    def within(self) -> Gathered:
        """The attached message, which may be a report again."""
        return gather(read_parts(self.returned_octets), ())

    def groups(self, *, is_delayed: bool) -> Iterator[Group]:
        """What is known of each recipient: by the groups, then the header, then the text, then the returned message."""
        own = [
            replace(group, final=self._named(group), remote=group.remote or self._server(group.address))
            for group in self.report.groups
        ]
        if any(group.address for group in own):
            yield from (group for group in own if group.address)
            return
        model = own[0] if len(own) == 1 else Group("", "", "", "", "", "", "")
        action = model.action or ("delayed" if is_delayed else "failed")
        for address in self._candidates():
            yield replace(model, final=address, action=action, remote=model.remote or self._server(address))

    def _named(self, group: Group) -> str:
        """The recipient of a group; where it names a pipe or a file, the one that the header names."""
        if group.address or len(self.report.groups) > 1:
            return group.address
        return next(iter(self._candidates()), "")

    def _candidates(self) -> tuple[str, ...]:
        if self.failed:
            return self.failed
        to = self._returned_to()
        for named in (self.told.named, self.told.verdicts):
            if named and not (to and all(_OF_A_LIST.match(item) for item in named)):
                return addresses.unique(named)
        if self.told.weak:
            weak = addresses.unique(self.told.weak)
            known = {addresses.key(item) for item in to}
            if of_them := tuple(item for item in weak if addresses.key(item) in known):
                return of_them
            if not (to and all(_OF_A_LIST.match(item) for item in weak)):
                return weak[:1]
        return addresses.unique(self.told.own_named) or to or addresses.unique(self.told.quoted_to)

    def _returned_to(self) -> tuple[str, ...]:
        """Whom the returned message was for, by its own header."""
        passed = [
            match[1] for field in self.returned.all("received")[:20] for match in _FOR.finditer(field.value[:2_000])
        ]
        if passed:
            return addresses.unique(passed)[:1]
        for name in ("x-original-to", "delivered-to", "envelope-to", "to"):
            found = [item for field in self.returned.all(name) for item in addresses.found(field.value[:4_000])]
            if found:
                return addresses.unique(found)
        return ()

    def _server(self, address: str) -> str:
        """The server that the text says refused it."""
        lines = self.told.lines_of(address)
        if not lines:
            return self._server_of_all
        if id(lines) not in self._servers:
            self._servers[id(lines)] = _server_in(lines)
        return self._servers[id(lines)]

    @cached_property
    def _servers(self) -> dict[int, str]:
        return {}

    @cached_property
    def _server_of_all(self) -> str:
        return _server_in([*self.told.loose[:60], *self.told.text.split("\n", 60)[:60]])


def _server_in(lines: list[str]) -> str:
    text = "\n".join(lines)[:8_000]
    match = next((found for pattern in _SERVER if (found := pattern.search(text))), None)
    return match[1].lower().rstrip(".") if match else ""


def gather(parts: Parts, sent_to: tuple[str, ...]) -> Gathered:
    """The pieces of ``parts``, whatever is missing."""
    text, returned, attached = "", Message(()), b""
    status: list[str] = []
    has_returned = False
    has_plain = any(part.type == "text/plain" and part.content.strip() for part in parts.leaves)
    for part in parts.leaves:
        if part.type in STATUS_TYPES:
            status.append(part.text)
        elif part.type in RETURNED_TYPES:
            has_returned = True
            attached = attached or (part.content if part.type == "message/rfc822" else b"")
            returned = returned if returned.fields else read_message(part.content)
        elif part.type == "text/plain" or (part.type == "text/html" and not has_plain):
            if has_returned or len(text) > 60_000:
                continue  # What stands below the returned message is a footer.
            said, below = split_returned(part.text)
            text += ("\n" if text else "") + said
            if below and not returned.fields:
                returned = read_message(below.encode("utf-8", "replace"))
            has_returned = has_returned or bool(below)
    is_self_made = not status and _LOOKS_LIKE_GROUPS.search(text) is not None
    report = read_status("\n\n".join(status) if status else text) if status or is_self_made else Report(())
    named = [item for field in parts.header.all("x-failed-recipients") for item in addresses.found(field.value)]
    subject = parts.header.first("subject")
    sign = parts.header.first("x-spasign")
    return Gathered(
        report=report,
        told=read_text(text, senders=sent_to),
        returned=returned,
        failed=addresses.unique(named),
        subject=subject.shown[:500] if subject else "",
        has_returned_part=has_returned,
        is_self_made=is_self_made,
        returned_octets=attached,
        is_filtered=sign is not None and sign.value.strip().lower() == "ng",
    )
