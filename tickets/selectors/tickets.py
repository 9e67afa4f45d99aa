"""Reading the queue and a ticket. Staff see the tickets of their branches, support and admins all of them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from django.db.models import Prefetch, Q, QuerySet
from django.http import Http404

from portal.accounts.models import Role, User
from portal.branches.access import branches_of
from portal.branches.models import BranchProfile
from tickets.models import Attachment, Event, Ticket, TicketState

#: A count beyond this is shown as "100+": nobody acts on the difference, and counting all rows is slow.
COUNT_CAP = 100


@dataclass(frozen=True, slots=True)
class View:
    """A standing view of the queue: its name in the URL, its word, and the column its pages are ordered by."""

    slug: str
    word: str
    by: str
    empty: str


VIEWS = (
    View("newest", "Newest", "created", "No open tickets. Nobody is waiting for an answer."),
    View("mine", "Mine", "last_activity", "No open ticket is assigned to you."),
    View("unassigned", "Unassigned", "created", "Every open ticket has somebody who works on it."),
    View("waiting", "Waiting", "last_activity", "No ticket waits for somebody else."),
    View("over", "Solved and closed", "last_activity", "No ticket has been solved yet."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What the queue is narrowed to. Empty fields do not narrow; ``assignee`` is a person's id, or "none"."""

    view: View = VIEWS[0]
    state: str = ""
    branch: str = ""
    domain: str = ""
    assignee: str = ""

    @property
    def is_narrowed(self) -> bool:
        return bool(self.state or self.branch or self.domain or self.assignee)


def view_called(slug: str) -> View:
    """The view of that name; the first one for a name that is not known."""
    return next((view for view in VIEWS if view.slug == slug), VIEWS[0])


def tickets_of(viewer: User) -> QuerySet[Ticket]:
    """The tickets ``viewer`` may see."""
    if viewer.is_support:
        return Ticket.objects.all()
    return Ticket.objects.filter(branch__in=branches_of(viewer))


def _in_view(viewer: User, view: View) -> QuerySet[Ticket]:
    rows = tickets_of(viewer)
    if view.slug == "mine":
        # A staff member's own tickets are those they reported; support's are those assigned to them.
        whose = Q(assignee=viewer) if viewer.is_support else Q(report__by=viewer)
        return rows.filter(whose, is_open=True)
    if view.slug == "unassigned":
        return rows.filter(is_open=True, assignee=None)
    if view.slug == "waiting":
        return rows.filter(state=TicketState.WAITING)
    return rows.filter(is_open=view.slug != "over")


def queue(viewer: User, filters: Filters) -> QuerySet[Ticket]:
    """The rows of the queue with all that a row shows, in one query; the caller takes a keyset page of it."""
    rows = _in_view(viewer, filters.view)
    if filters.state:
        rows = rows.filter(state=filters.state)
    if filters.branch:
        rows = rows.filter(branch__code=filters.branch)
    if filters.domain:
        rows = rows.filter(recipient_domain=filters.domain)
    if filters.assignee:
        rows = (
            rows.filter(assignee=None) if filters.assignee == "none" else rows.filter(assignee_id=int(filters.assignee))
        )
    return rows.select_related("branch", "assignee", "run", "report").defer(
        "run__transcript", "run__subject", "report__answers", "description"
    )


def count_in(viewer: User, view: View) -> str:
    """How many tickets a view holds, as "7" or, beyond the cap, "100+"."""
    found = len(_in_view(viewer, view).values_list("pk", flat=True)[: COUNT_CAP + 1])
    return f"{COUNT_CAP}+" if found > COUNT_CAP else str(found)


def ticket_for(viewer: User, number: int) -> Ticket:
    """The ticket ``number`` if ``viewer`` may see it; else Http404, the same whether it exists or not."""
    found = (
        tickets_of(viewer)
        .select_related(
            "branch__sending_server",
            "report__branch__sending_server",
            "report__delivery__message__sending_server",
            "report__by",
            "assignee",
            "run",
        )
        .defer("run__transcript")
        .filter(number=number)
        .first()
    )
    if found is None:
        raise Http404("No ticket of that number.")
    return found


def events_of(viewer: User, ticket: Ticket) -> list[Event]:
    """The story of a ticket, oldest first; notes only for support. A story is cut at its latest 500 entries."""
    rows = ticket.events.select_related("by").prefetch_related(
        Prefetch("attachments", queryset=Attachment.objects.order_by("id"))
    )
    if not viewer.is_support:
        rows = rows.filter(is_public=True)
    return list(islice(rows.order_by("-at", "-id"), 500))[::-1]


def missed_since(viewer: User, ticket: Ticket, *, version: int) -> list[Event]:
    """What was done to the ticket since the form of ``version`` was drawn and ``viewer`` may see, oldest first.

    Every change of a ticket's version has its entry in the story. What the viewer did in another window counts too.
    """
    missed = min(max(ticket.version - version, 0), 100)
    latest = ticket.events.select_related("by").prefetch_related("attachments").order_by("-at", "-id")[:missed]
    return [event for event in list(latest)[::-1] if event.is_public or viewer.is_support]


def assignable(viewer: User) -> QuerySet[User]:
    """The people a ticket can be assigned to: support and admins who may sign in (at most 200 are offered)."""
    return User.objects.filter(role__in=[Role.SUPPORT, Role.ADMIN], is_active=True).order_by("name")[:200]


def filterable_branches(viewer: User) -> QuerySet[BranchProfile]:
    """The branches the queue can be narrowed to (at most 500 are offered)."""
    return branches_of(viewer).only("code", "organisation").order_by("organisation")[:500]


def others_about(viewer: User, ticket: Ticket) -> list[Ticket]:
    """Other open tickets about the same recipient domain, latest first, at most ten."""
    rows = tickets_of(viewer).filter(recipient_domain=ticket.recipient_domain, is_open=True).exclude(pk=ticket.pk)
    return list(rows.select_related("branch").order_by("-last_activity", "-id")[:10])
