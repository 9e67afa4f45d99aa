"""What goes in and comes out, as the OpenAPI document describes it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Field, Path, Query, Schema

Address = Annotated[str, Field(min_length=3, max_length=320)]
#: Which branch is asked about.
OfBranch = Annotated[str, Query(description="The branch's short name, as in /branches/CODE/.")]
#: Where a list goes on.
After = Annotated[str, Query(description="What the page before told as next.")]
#: The number of a row.
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
Code = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[-a-zA-Z0-9_]+$")]


class Problem(Schema):
    """Why it was not done, and what to do."""

    detail: str


class Unfit(Schema):
    """What of the input does not fit its description, and where."""

    detail: list[dict[str, Any]]


class LogPush(Schema):
    """Lines of the message log and case notes, each as in a file of JSON lines (docs/importing.md)."""

    branch: str = Field("", max_length=40, description="The branch of events that name none.")
    events: list[dict[str, Any]] = Field(
        min_length=1,
        max_length=5000,
        description="Each has a kind. message, handed, deferred, accepted, refused, expired and error need key (the "
        "message's, one for all its events), recipient and at; case_note needs email and at; client needs reference; "
        "coverage needs from and until. reply, reply_code, status, remote_host, message_id, queue_id, module, function "
        "and subject tell more.",
    )


class RejectedOut(Schema):
    line: int
    why: str


class LogPushed(Schema):
    """The same document as ``manage.py ingest --json``; ``line`` counts the events from 1."""

    lines: int
    events: int
    new: int
    duplicate: int
    rejected: list[RejectedOut]


class DeliveryOut(Schema):
    """How far a message verifiably got on its way to one recipient. "accepted": their server took it, no more."""

    id: int
    branch: str
    at: datetime
    recipient: str
    state: str
    state_at: datetime
    cause: str
    reply: str
    reply_code: str
    status: str
    remote_host: str
    provider: str
    module: str
    function: str
    message_id: str
    queue_id: str
    attempts: int


class DeliveryPage(Schema):
    """One page, newest first; ``next`` is the ``after`` of the page that follows, empty on the last one."""

    rows: list[DeliveryOut]
    next: str
    erased: datetime | None = Field(
        description="When what was known of the recipient that was asked for was erased. Of mail before that nobody "
        "can say whether it was sent: that no row tells of it proves nothing. null: no erasure is known, or no "
        "recipient was asked for."
    )


class CheckIn(Schema):
    target: str = Field(max_length=320, description="A domain, or an address.")
    sender: str = Field("", max_length=253, description="The domain that writes to it.")
    addresses: list[str] = Field(default_factory=list, max_length=20, description="Sending IP addresses.")
    selectors: list[str] = Field(default_factory=list, max_length=10, description="DKIM selectors.")


class RunOut(Schema):
    code: str
    state: Literal["queued", "running", "done", "failed"]
    target: str
    queries: int
    wall_ms: float | None
    critical_path_ms: float | None
    findings: list[dict[str, Any]]


class ClassifiedOut(Schema):
    kind: str
    recipients: list[dict[str, Any]]


class TicketIn(Schema):
    branch: Code
    recipient: Address
    around: datetime | None = None
    module: str = Field("", max_length=20)
    function: str = Field("", max_length=120)
    symptom: Literal["not_received", "banner_missing", "badly_formatted", "late", "other"] = "not_received"
    other_domain_tried: Literal["arrived", "did_not", "no"] = "no"
    description: str = Field("", max_length=10_000)


class TicketOut(Schema):
    number: int
    branch: str
    recipient: str
    state: str
    waiting_on: str
    symptom: str
    suggested_cause: str
    suggested_confidence: str
    cause: str
    created: datetime
    last_activity: datetime
    version: int
    merged_into: int | None = Field(description="The number of the ticket that this one goes on in.")


class TicketPage(Schema):
    rows: list[TicketOut]
    next: str


class ReplyIn(Schema):
    body: str = Field(min_length=1, max_length=10_000)


class EventOut(Schema):
    at: datetime
    by: str
    kind: str
    body: str


class TicketStory(TicketOut):
    events: list[EventOut]


class SuppressionIn(Schema):
    branch: Code
    address: Address
    reason: Literal["opt_out", "hard_bounce", "complaint", "manual"]
    until: datetime | None = None
    note: Annotated[str, Field(max_length=190)] = ""


class SuppressionOut(Schema):
    id: int
    branch: str
    address: str
    reason: str
    since: datetime
    until: datetime | None
    is_in_force: bool


class SuppressionPage(Schema):
    rows: list[SuppressionOut]
    next: str


class Because(Schema):
    because: str = Field(min_length=1, max_length=500)


class MaySend(Schema):
    """Whether the branch writes to the address; ``reason`` says why not."""

    may_send: bool
    reason: str
    since: datetime | None
    until: datetime | None
