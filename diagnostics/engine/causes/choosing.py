"""Which of several messages to one recipient a report is about.

People remember a time about right, and which function sent it. So the function goes first, then the nearest time; where
the log is complete, a message of another function or of another half-day is another message, and not a bad guess at
this one. A log that knows no Message-ID tells of a message that the message log knows by its own: the two are joined.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from diagnostics.engine.causes.case import HAS_IT, DeliveryFact

#: A message this far from the time that was reported is another one, where the log is complete.
SAME = timedelta(hours=12)
#: And where it is not.
NEAR = timedelta(days=3)
#: A server's log tells of a message within this time of its hand-over, and its clock may be a little behind.
HANDED_OVER = timedelta(minutes=15)
CLOCKS = timedelta(minutes=2)
#: A report comes back within this time.
CAME_BACK = timedelta(days=7)
#: What failed before it went out is tried again within this time.
AGAIN = timedelta(hours=12)
#: What a record that names no module is kept as.
NO_MODULE = ("", "other")


def joined(deliveries: Sequence[DeliveryFact]) -> list[DeliveryFact]:
    """The same, where what a log tells without a Message-ID belongs to a message that the application told of."""
    told = [item for item in deliveries if item.state == "submitted" and item.message_id]
    nameless = [item for item in deliveries if item.went_out and not item.message_id and not item.function]
    taken: dict[int, DeliveryFact] = {}
    for item in sorted(nameless, key=lambda item: item.at):
        near = [one for one in told if id(one) not in taken and -CLOCKS <= item.at - one.at <= HANDED_OVER]
        if near:
            own = min(near, key=lambda one: abs(item.at - one.at))
            taken[id(own)] = replace(
                item, at=own.at, module=own.module, function=own.function, message_id=own.message_id
            )
    nameless_taken = {(item.state_at, item.queue_id, item.reply) for item in taken.values()}
    kept = [taken.get(id(item), item) for item in deliveries]
    return [
        item
        for item in kept
        if item.message_id or item.function or (item.state_at, item.queue_id, item.reply) not in nameless_taken
    ]


def with_returned(deliveries: Sequence[DeliveryFact], returned: Sequence[DeliveryFact]) -> list[DeliveryFact]:
    """``deliveries``, each with what came back of it; what came back of none of them stands by itself.

    A report that names no message is about the last one before it; one that names another message is not.
    """
    found = list(deliveries)
    for item in sorted(returned, key=lambda item: item.state_at or item.at):
        told = item.state_at or item.at
        about = [
            at
            for at, one in enumerate(found)
            if one.state != "error"
            and one.at - CLOCKS <= told <= one.at + CAME_BACK
            and (not item.message_id or not one.message_id or _id(one) == _id(item))
        ]
        if about:
            last = max(about, key=lambda at: found[at].at)
            found[last] = _told_more(found[last], item)
        else:
            found.append(item)
    return found


def _id(item: DeliveryFact) -> str:
    return item.message_id.strip("<>")


def _told_more(delivery: DeliveryFact, returned: DeliveryFact) -> DeliveryFact:
    """What is known of ``delivery`` by now: the later of the two records counts."""
    delivery = replace(delivery, complained_at=delivery.complained_at or returned.complained_at)
    if (delivery.state_at or delivery.at) > (returned.state_at or returned.at):
        return delivery
    return replace(
        delivery,
        state=returned.state,
        state_at=returned.state_at,
        cause=returned.cause,
        reply=returned.reply,
        reply_code=returned.reply_code,
        status=returned.status,
        remote_host=returned.remote_host or delivery.remote_host,
        recipient=returned.recipient,
    )


def fitting(
    deliveries: Sequence[DeliveryFact],
    *,
    since: datetime,
    function: str = "",
    module: str = "",
    symptom: str = "",
    is_covered: bool = False,
) -> tuple[DeliveryFact, ...]:
    """The messages that may be meant where nobody knows when it was sent, the newest first; none before ``since``."""
    recent = [item for item in deliveries if item.at >= since]
    found = _like(recent, function=function, module=module, symptom=symptom, is_covered=is_covered)
    ended = [_tried_again(item, recent) if item.state == "error" else item for item in found]
    by_identity = {id(item): item for item in ended}
    return tuple(sorted(by_identity.values(), key=lambda item: item.at, reverse=True))


def chosen(
    deliveries: Sequence[DeliveryFact],
    *,
    around: datetime,
    function: str = "",
    module: str = "",
    symptom: str = "",
    is_covered: bool = False,
    span: timedelta = timedelta(),
) -> DeliveryFact | None:
    """The message that is asked about; None where none of them can be it. ``span``: how far off ``around`` may be."""
    within = max(span, SAME if is_covered else NEAR)
    near = [item for item in deliveries if abs(item.at - around) <= within]
    like = _like(near, function=function, module=module, symptom=symptom, is_covered=is_covered)
    if not like:
        return None
    found = min(like, key=lambda item: (abs(item.at - around), item.state != "error"))
    return _tried_again(found, near) if found.state == "error" else found


def _like(
    deliveries: list[DeliveryFact], *, function: str, module: str, symptom: str, is_covered: bool
) -> list[DeliveryFact]:
    """Those that the function, the module and what the person has agree with; a complete log knows its functions."""
    found = deliveries
    if function and is_covered:
        found = [item for item in found if not item.function or _is_like_function(item.function, function)]
    found = _those(found, lambda item: bool(function) and _is_same_function(item.function, function))
    found = _those(found, lambda item: bool(module) and item.module == module)
    if symptom in HAS_IT:
        # Somebody has it, so it is one that got there.
        states = ("accepted", "deferred") if symptom == "late" else ("accepted",)
        found = _those(found, lambda item: item.state in states)
    return found


def _those(deliveries: list[DeliveryFact], fits: Callable[[DeliveryFact], bool]) -> list[DeliveryFact]:
    """Those that fit, or all where none does."""
    return [item for item in deliveries if fits(item)] or deliveries


def _tried_again(error: DeliveryFact, deliveries: list[DeliveryFact]) -> DeliveryFact:
    """What became of it when the application tried again after its error; a server's log names no function."""
    later = [
        item
        for item in deliveries
        if item.state != "error"
        and error.at <= item.at <= error.at + AGAIN
        and item.module in (*NO_MODULE, error.module)
        and (not item.function or not error.function or _is_same_function(item.function, error.function))
    ]
    return min(later, key=lambda item: item.at, default=error)


def _is_same_function(one: str, other: str) -> bool:
    """The names of two functions mean the same, as people type them: "Registration" is "registration notice"."""
    first, second = _words(one), _words(other)
    return bool(first and second) and (first <= second or second <= first)


def _is_like_function(one: str, other: str) -> bool:
    """They share a word that says something, so they may be the same after all."""
    return _is_same_function(one, other) or any(len(word) > 4 for word in _words(one) & _words(other))


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[^\W_]+", text.lower()))
