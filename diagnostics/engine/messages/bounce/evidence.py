"""Is it a report at all? Several signs must agree, because people forward reports, quote them and write about them."""

from __future__ import annotations

import re
from typing import Final

from diagnostics.engine.messages.automatic import is_auto_reply
from diagnostics.engine.messages.bounce import addresses
from diagnostics.engine.messages.bounce.phrases import has_any
from diagnostics.engine.messages.bounce.report import STATUS_TYPES, Gathered
from diagnostics.engine.messages.mime import Parts

ENOUGH: Final = 4
#: A refusal with both its codes, as only servers write it.
_REFUSAL: Final = re.compile(r"(?<![\d.])[45]\d\d[ -]#?[45]\.\d{1,3}\.\d{1,3}(?![\d.])")
#: A field that speaks of a failure, whatever became of the line above it.
_FAILURE: Final = re.compile(r"action\W{0,3}(?:failed|delayed)|status\W{0,3}[45]\.|smtp\s?;\s?[45]\d\d", re.IGNORECASE)
#: Below how many addresses one is looked for, and in how many lines of each.
MOST_LOOKED_AT: Final = 20


def is_report(parts: Parts, gathered: Gathered) -> bool:
    """Enough speaks for it. Groups of RFC 3464 alone are enough, if they are a part and not a quotation."""
    header = parts.header
    is_by_daemon = is_from_a_program(parts)
    if any(group.action for group in gathered.report.groups) and parts.of_type(*STATUS_TYPES):
        return is_by_daemon or parts.type == "multipart/report" or not header.first("in-reply-to")
    if is_refused_by_a_list(parts, gathered):
        return True
    subject = gathered.subject.lower()
    weight = 0
    if is_by_daemon:
        weight += 2
    if is_by_daemon and _is_marked(parts) and _has_refusal(gathered):
        weight += 2  # Whatever language the rest is in.
    if (path := header.first("return-path")) and path.value.strip() in ("<>", "<MAILER-DAEMON>", "MAILER-DAEMON"):
        weight += 1
    if has_any(subject, "subjects"):
        weight += 2
    if header.first("x-failed-recipients"):
        weight += 3
    if parts.type == "multipart/report" and parts.parameter("report-type").lower() in ("delivery-status", ""):
        weight += 3
    if has_any(gathered.told.text.lower(), "openings"):
        # A postmaster is a person at times, who writes of refusals too; another sign must say that a program did.
        weight += 2 if weight > 2 or not _may_be_a_person(parts) else 1
    if gathered.is_self_made:
        weight += 2
    if gathered.has_returned_part or gathered.returned.fields:
        weight += 1
    if is_named_in_returned(gathered):
        weight += 1
    if not is_by_daemon and _is_by_no_one(parts):
        weight += 1
    if header.first("references") or (header.first("in-reply-to") and not is_by_daemon):
        weight -= 1
    if subject.startswith(("fwd:", "fw:", "wg:", "tr:", "aw:")) or (subject.startswith("re:") and not is_by_daemon):
        weight -= 3
    if is_auto_reply(parts) and not is_by_daemon and not header.first("x-failed-recipients"):
        weight -= 4
    return weight >= ENOUGH and (is_by_daemon or weight > ENOUGH)


def is_refused_by_a_list(parts: Parts, gathered: Gathered) -> bool:
    """A list server says by itself that it does not take a post, and returns it. What a moderator decided is none."""
    field = parts.header.first("from")
    return (
        field is not None
        and has_any(field.shown.lower()[:500], "list_senders")
        and (gathered.has_returned_part or bool(gathered.returned.fields))
        and has_any(gathered.told.text.lower(), "list_refusals")
    )


def _may_be_a_person(parts: Parts) -> bool:
    """The sender is a postmaster with a name, and nothing in the header says that it was a program."""
    field = parts.header.first("from")
    sender = field.shown.lower()[:500] if field else ""
    name = sender.partition("postmaster@")[0].strip(' <"')
    is_program = not name or "microsoft" in name or has_any(name.replace("postmaster", ""), "senders")
    return "postmaster@" in sender and not is_program and not _is_marked(parts)


def _is_marked(parts: Parts) -> bool:
    """The header says that a program sent it: by RFC 3834 or by an envelope without a sender (RFC 5321 §4.5.5)."""
    marked, path = parts.header.first("auto-submitted"), parts.header.first("return-path")
    return (marked is not None and marked.value.strip().lower().startswith("auto-")) or (
        path is not None and path.value.strip() == "<>"
    )


def _has_refusal(gathered: Gathered) -> bool:
    """Below an address stands what a server answered."""
    told = gathered.told
    return any(
        _REFUSAL.search(line)
        for address in told.named[:MOST_LOOKED_AT]
        for line in told.lines_of(address)[:MOST_LOOKED_AT]
    )


def is_success(parts: Parts) -> bool:
    """A report of which all groups say that something was delivered says no more than that, and is whole.

    It is one by its form or by its sender; a person may attach one, and then it is neither. Of one that broke off, or
    whose other groups cannot be read, nobody knows for whom it failed.
    """
    if parts.type != "multipart/report" and not is_from_a_program(parts):
        return False
    body = (parts.header.body or b"").decode("latin-1")
    is_whole = parts.of_type(*STATUS_TYPES) and f"--{parts.parameter('boundary').rstrip()}--" in body
    return bool(is_whole) and not _FAILURE.search(body)


def is_named_in_returned(gathered: Gathered) -> bool:
    """It names somebody, and returns a message that was for them."""
    to = {addresses.key(item) for field in gathered.returned.all("to") for item in addresses.found(field.value[:4_000])}
    return any(addresses.key(item) in to for item in (*gathered.told.named, *gathered.told.weak))


def _is_by_no_one(parts: Parts) -> bool:
    """The sender says that nobody reads there."""
    field = parts.header.first("from")
    sender = field.value.lower()[:500] if field else ""
    return any(word in sender for word in ("no-reply", "noreply", "do-not-reply", "donotreply", "administrator"))


def is_from_a_program(parts: Parts) -> bool:
    """The sender is one of the names under which mail servers and list servers write."""
    field = parts.header.first("from")
    if field is None:
        return False
    sender = field.shown.strip().lower()[:500]
    if "-admin@" in sender and parts.header.first("x-mlserver"):
        return True  # fml writes under this name itself; what it forwards has its author's.
    return sender == "" or sender.endswith("<>") or has_any(sender, "senders")
