"""What became of a message after the sending server had written another address in the place of the recipient's.

An alias is handed over and never heard of again; the address behind it is a recipient of the same message, and has the
outcome. So whoever asks for the alias is told where it went on to, and how it fared there. It is followed once: what is
passed on again is on its way.
"""

from __future__ import annotations

from collections.abc import Sequence

from portal.maillog.addresses import normal
from portal.maillog.models import Delivery, State

#: How the log of a server tells that an address was passed on to another.
PASSED_ON = "passed on to "


def onward_of(deliveries: Sequence[Delivery]) -> dict[int, Delivery]:
    """For each of ``deliveries`` that went on to another address the delivery there, by id (two queries at most)."""
    rows = {row.pk: row for row in deliveries if row.state == State.HANDED}
    if not rows:
        return {}
    told = Delivery.objects.filter(pk__in=rows, reply__startswith=PASSED_ON).values_list("pk", "message_id", "reply")
    wanted = {pk: (message, normal(reply.removeprefix(PASSED_ON))) for pk, message, reply in told}
    if not wanted:
        return {}
    messages, addresses = zip(*wanted.values(), strict=True)
    legs = Delivery.objects.filter(message__in=set(messages), recipient_normal__in=set(addresses)).order_by("-leg")
    found = {(leg.message_id, leg.recipient_normal): leg for leg in legs}
    onward = {pk: leg for pk, name in wanted.items() if (leg := found.get(name)) is not None and leg.pk != pk}
    for pk, leg in onward.items():
        if "branch" in rows[pk]._state.fields_cache:
            leg.branch = rows[pk].branch
        if "message" in rows[pk]._state.fields_cache:
            leg.message = rows[pk].message
    return onward


def onward_from(delivery: Delivery) -> Delivery | None:
    """The delivery that ``delivery`` went on by, where the sending server passed it on."""
    return onward_of([delivery]).get(delivery.pk)


def give_onward(deliveries: Sequence[Delivery]) -> None:
    """Give each delivery of a list the one that it went on by."""
    onward = onward_of(deliveries)
    for row in deliveries:
        row.onward = onward.get(row.pk)
