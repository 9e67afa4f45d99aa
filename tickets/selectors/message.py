"""What is known of the e-mail itself: by its record in the log where one was chosen, else as the reporter told it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from portal.maillog.models import Delivery, State
from portal.web.moments import zone_of
from tickets.models import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFacts:
    """The e-mail of a report. ``is_recorded``: all of it stands in the log; else it is what somebody remembers.

    ``was_sent``: a record shows that it left the application, or somebody saw a record or the e-mail itself.

    ``at`` is when it was sent (None: not known), ``day`` the same where only the day is known, in the branch's zone.
    """

    is_recorded: bool
    was_sent: bool
    at: datetime | None
    day: str = ""
    span_days: int = 1
    module: str = ""
    function: str = ""
    subject: str = ""
    from_address: str = ""
    envelope_from: str = ""
    message_id: str = ""
    queue_id: str = ""
    server: str = ""
    server_addresses: tuple[str, ...] = ()
    state: str = ""
    state_at: datetime | None = None
    their_server: str = ""
    reply: str = ""

    @property
    def was_accepted(self) -> bool:
        """Their server took it: what became of it then, only they can see."""
        return self.state == State.ACCEPTED


def facts_about(report: Report) -> MessageFacts:
    """The facts of the report's e-mail; the record's own where there is one."""
    if report.delivery is None:
        local = report.around.astimezone(zone_of(report.branch.time_zone)) if report.around else None
        return MessageFacts(
            is_recorded=False,
            was_sent=_is_seen(report),
            at=report.around,
            day=f"{local.day} {local:%b %Y}" if local and report.is_day_only else "",
            span_days=report.span_days,
            module=report.get_module_display() if report.module else "",
            function=report.function,
        )
    return facts_of_record(report.delivery, function=report.function)


def facts_of_record(delivery: Delivery, *, function: str = "") -> MessageFacts:
    """The facts of an e-mail as the log has them; ``function`` is what somebody calls it, if the log does not say."""
    message = delivery.message
    server = message.sending_server or delivery.branch.sending_server
    return MessageFacts(
        is_recorded=True,
        was_sent=delivery.state != State.ERROR,
        at=delivery.at,
        module=message.get_module_display(),
        function=message.function or function,
        subject=message.subject,
        from_address=message.from_address,
        envelope_from=message.envelope_from,
        message_id=message.message_id,
        queue_id=message.queue_id,
        server=server.host if server else delivery.server,
        server_addresses=tuple(server.addresses) if server else (),
        state=delivery.state,
        state_at=delivery.state_at,
        their_server=delivery.remote_host,
        reply=delivery.reply,
    )


def _is_seen(report: Report) -> bool:
    """Somebody saw a case note or a record of it, or found it in junk."""
    choice = str(report.answers.get("sent", {}).get("choice", ""))
    in_junk = report.answers.get("junk", {}).get("choice") == "found"
    return choice == "seen" or choice.startswith("case_note-") or in_junk
