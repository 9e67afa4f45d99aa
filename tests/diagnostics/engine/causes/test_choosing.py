"""Which of several messages a report is about: by function, by time, and by what became of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from diagnostics.engine.causes import DeliveryFact
from diagnostics.engine.causes.choosing import chosen, fitting, joined, with_returned
from tests.make import NOON

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def sent(state: str, at: timedelta = timedelta(), **more: Any) -> DeliveryFact:
    return DeliveryFact(state=state, at=NOON + at, **more)


EARLY, LATE = sent("refused", -2 * HOUR), sent("accepted", MINUTE)
RECEIPT, NOTICE = sent("refused", MINUTE, function="receipt"), sent("accepted", function="registration notice")
ERROR, AGAIN = sent("error"), sent("accepted", 5 * MINUTE)
NAMELESS, OTHER_MODULE = sent("accepted", MINUTE, module="other"), sent("accepted", MINUTE, module="quicktools")


@pytest.mark.parametrize(
    ("deliveries", "asked", "expected"),
    [
        ([], {}, None),
        ([EARLY, LATE], {}, LATE),
        ([EARLY, LATE], {"around": NOON - 2 * HOUR}, EARLY),
        # The function goes before the time; people do not type it as the log has it.
        ([RECEIPT, NOTICE], {"function": "Receipt"}, RECEIPT),
        ([RECEIPT, NOTICE], {"function": "registration"}, NOTICE),
        ([RECEIPT], {"function": "registration notice", "is_covered": True}, None),
        ([RECEIPT], {"function": "class receipt", "is_covered": True}, RECEIPT),
        ([RECEIPT], {"function": "registration notice"}, RECEIPT),
        ([sent("accepted", module="webreg"), sent("refused", MINUTE, module="quicktools")],
         {"module": "quicktools"}, sent("refused", MINUTE, module="quicktools")),
        # Too far off: another message, where the log is complete; a bad memory, where it is not; last month's, never.
        ([sent("accepted", -DAY)], {"is_covered": True}, None),
        ([sent("accepted", -DAY)], {"is_covered": True, "span": DAY}, sent("accepted", -DAY)),
        ([sent("accepted", -DAY)], {}, sent("accepted", -DAY)),
        ([sent("accepted", -9 * DAY)], {}, None),
        # Whoever has it before them has one that got there.
        ([sent("refused"), LATE], {"symptom": "banner_missing"}, LATE),
        ([sent("refused"), sent("deferred", MINUTE)], {"symptom": "late"}, sent("deferred", MINUTE)),
        ([sent("refused")], {"symptom": "banner_missing"}, sent("refused")),
        # The application tried again after its error.
        ([ERROR, AGAIN], {}, AGAIN),
        ([ERROR, sent("accepted", -5 * MINUTE)], {}, ERROR),
        # A server's log names no module, and another module's message is another message.
        ([sent("error", module="webreg"), NAMELESS], {"module": "webreg"}, NAMELESS),
        ([sent("error", module="webreg"), OTHER_MODULE], {"module": "webreg"}, sent("error", module="webreg")),
    ],
)  # fmt: skip
def test_the_message_that_is_asked_about(
    deliveries: list[DeliveryFact], asked: dict[str, Any], expected: DeliveryFact | None
) -> None:
    assert chosen(deliveries, **{"around": NOON, **asked}) == expected


@pytest.mark.parametrize(
    ("deliveries", "asked", "expected"),
    [
        ([], {}, ()),
        ([EARLY, LATE], {}, (LATE, EARLY)),
        # What was sent before people remember it is not meant.
        ([sent("refused", -9 * DAY), LATE], {}, (LATE,)),
        ([RECEIPT, NOTICE], {"function": "registration"}, (NOTICE,)),
        ([sent("refused"), LATE], {"symptom": "banner_missing"}, (LATE,)),
        # What was tried again is one with its second try.
        ([ERROR, AGAIN], {}, (AGAIN,)),
    ],
)
def test_the_messages_that_may_be_meant_without_a_time(
    deliveries: list[DeliveryFact], asked: dict[str, Any], expected: tuple[DeliveryFact, ...]
) -> None:
    assert fitting(deliveries, since=NOON - 7 * DAY, **asked) == expected


def test_a_log_without_a_message_id_tells_of_the_message_handed_over_just_before() -> None:
    told = sent("submitted", message_id="<a1@north.example>", function="receipt", module="webreg")
    later = sent("submitted", 2 * HOUR, message_id="<a2@north.example>")
    nameless = sent("refused", 2 * MINUTE, cause="mailbox_full", queue_id="4Bq1x", state_at=NOON)
    found = joined([told, later, nameless])
    assert [(item.state, item.message_id) for item in found] == [
        ("refused", "<a1@north.example>"), ("submitted", "<a2@north.example>"),
    ]  # fmt: skip
    assert (found[0].function, found[0].cause, found[0].at) == ("receipt", "mailbox_full", NOON)


@pytest.mark.parametrize("at", [-HOUR, HOUR])
def test_a_log_line_of_another_hour_is_of_another_message(at: timedelta) -> None:
    told, other = sent("submitted", message_id="<a1@north.example>"), sent("refused", at, queue_id="4Bq1x")
    assert joined([told, other]) == [told, other]


def test_each_line_belongs_to_one_message() -> None:
    one, two = (sent("submitted", at * MINUTE, message_id=f"<{at}@x>") for at in (0, 1))
    first, second = (sent("accepted", at * MINUTE, queue_id=f"q{at}") for at in (0, 1))
    found = joined([one, two, first, second])
    assert [(item.message_id, item.queue_id) for item in found] == [("<0@x>", "q0"), ("<1@x>", "q1")]


BOUNCE = sent("refused", 2 * MINUTE, state_at=NOON + 2 * MINUTE, cause="mailbox_full", is_bounce=True)


@pytest.mark.parametrize(
    ("deliveries", "bounce", "expected"),
    [
        # It is about the last message before it, and the later record counts.
        ([sent("accepted")], BOUNCE, ["refused"]),
        ([sent("accepted", -HOUR), sent("accepted")], BOUNCE, ["accepted", "refused"]),
        ([sent("submitted", message_id="<a@x>")], BOUNCE, ["refused"]),
        ([sent("accepted", state_at=NOON + HOUR)], BOUNCE, ["accepted"]),
        # It is about none of them: it came before, weeks later, or names another message.
        ([sent("accepted", HOUR)], BOUNCE, ["accepted", "refused"]),
        ([sent("accepted", -20 * DAY)], BOUNCE, ["accepted", "refused"]),
        ([sent("accepted", message_id="<a@x>")], sent("refused", MINUTE, message_id="b@x"), ["accepted", "refused"]),
        ([sent("accepted", message_id="<a@x>")], sent("refused", MINUTE, message_id="a@x"), ["refused"]),
        ([sent("error")], BOUNCE, ["error", "refused"]),
        ([], BOUNCE, ["refused"]),
    ],
)  # fmt: skip
def test_what_came_back_is_brought_to_its_message(
    deliveries: list[DeliveryFact], bounce: DeliveryFact, expected: list[str]
) -> None:
    assert [item.state for item in with_returned(deliveries, [bounce])] == expected


def test_a_complaint_leaves_the_message_where_it_is() -> None:
    complaint = sent("accepted", HOUR, state_at=NOON + HOUR, complained_at=NOON + HOUR)
    found = with_returned([sent("accepted", state_at=NOON + 2 * HOUR, reply="250 ok")], [complaint])
    assert [(item.reply, item.complained_at) for item in found] == [("250 ok", NOON + HOUR)]
