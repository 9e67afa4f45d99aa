"""Reading the queue and a ticket. Staff see the tickets of their branches, support and admins all of them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet
from django.http import Http404

from diagnostics.engine.findings import Actor
from portal.accounts.models import Role, User
from portal.branches.access import branches_of
from portal.branches.models import BranchProfile
from portal.maillog.searching import called
from tickets.models import Attachment, Event, Ticket, TicketState
from tickets.selectors.traces import ToldTrace, told_trace

#: Whom a ticket waits for where it is the branch's turn.
OF_THE_BRANCH = (Actor.BRANCH, Actor.BRANCH_IT)
#: A count beyond this is shown as "100+": nobody acts on the difference, and counting all rows is slow.
COUNT_CAP = 100
#: Reporters of merged tickets that are told of one answer.
MOST_REPORTERS = 100
#: An address is searched by its beginning from so many characters on.
SHORTEST = 3
#: No queue id and no Message-ID is shorter.
SHORTEST_ID = 6


@dataclass(frozen=True, slots=True)
class View:
    """A standing view of the queue: its name in the URL, its word, the column its pages are ordered by, and how."""

    slug: str
    word: str
    by: str
    empty: str
    oldest_first: bool = False


VIEWS = (
    View("open", "Open", "created", "No open tickets. Nobody is waiting for an answer."),
    View("mine", "Mine", "last_activity", "No open ticket is assigned to you."),
    # Who has waited longest is taken next.
    View("unassigned", "Unassigned", "created", "Every open ticket has somebody who works on it.", oldest_first=True),
    View("waiting", "Waiting", "last_activity", "No ticket waits for somebody else."),
    View("over", "Solved and closed", "last_activity", "No ticket has been solved yet."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What the queue is narrowed to. Empty fields do not narrow; ``assignee`` is a person's id, or "none".

    ``incident`` is its number, for support alone; like a search it looks through all tickets, whatever the view.
    ``search`` is a ticket's number, a Message-ID or queue id, or how a recipient or their domain begins; it looks
    through all tickets, open or not, whatever the view. A ``state`` stands over what the view says of open and over.
    """

    view: View = VIEWS[0]
    state: str = ""
    branch: str = ""
    search: str = ""
    assignee: str = ""
    incident: str = ""

    @property
    def is_narrowed(self) -> bool:
        return bool(self.state or self.branch or self.search or self.assignee or self.incident)

    @property
    def is_of_view(self) -> bool:
        """The rows still are those the view is named after."""
        return not (self.search or self.incident) and not (self.state and self.view.slug in ("open", "waiting", "over"))

    @property
    def by(self) -> str:
        """The column that the rows are ordered by."""
        return "last_activity" if self.state or self.search or self.incident else self.view.by

    @property
    def oldest_first(self) -> bool:
        return self.view.oldest_first and not (self.state or self.search or self.incident)


def waiting_for_branch(viewer: User, *, most: int) -> list[Ticket]:
    """The latest open tickets of the viewer's branches on which support waits for the branch or for its IT."""
    rows = tickets_of(viewer).filter(is_open=True, state=TicketState.WAITING, waiting_on__in=OF_THE_BRANCH)
    return list(rows.select_related("branch").defer("description").order_by("-last_activity", "-pk")[:most])


def view_called(slug: str) -> View:
    """The view of that name; the first one for a name that is not known."""
    return next((view for view in VIEWS if view.slug == slug), VIEWS[0])


def tickets_of(viewer: User) -> QuerySet[Ticket]:
    """The tickets ``viewer`` may see."""
    if viewer.is_support:
        return Ticket.objects.all()
    return Ticket.objects.filter(branch__in=branches_of(viewer))


def _whose(viewer: User, view: View) -> Q:
    """The part of a view that says whose tickets it holds."""
    if view.slug == "mine":
        # A staff member's own tickets are those they reported; support's are those assigned to them.
        return Q(assignee=viewer) if viewer.is_support else Q(report__by=viewer)
    return Q(assignee=None) if view.slug == "unassigned" else Q()


def _in_view(viewer: User, view: View) -> QuerySet[Ticket]:
    rows = tickets_of(viewer).filter(_whose(viewer, view))
    if view.slug == "waiting":
        return rows.filter(state=TicketState.WAITING)
    if view.slug == "mine" and not viewer.is_support:
        # To its reporter a merged ticket is not over while the work on it goes on in another.
        return rows.filter(Q(is_open=True) | Q(merged_into__is_open=True))
    return rows.filter(is_open=view.slug != "over")


def _searched(viewer: User, search: str) -> Q:
    """The tickets of that number, of the message with that id, or whose recipient or recipient domain begins so.

    A domain ends at a label.
    """
    number = search.removeprefix("#")
    if number.isascii() and number.isdigit() and len(number) < 10:
        return Q(number=int(number))
    if len(search) >= SHORTEST_ID and (messages := called(viewer, search)):
        return Q(report__delivery__message__in=messages)
    local, at, domain = search.rpartition("@")
    domain = domain.strip(".").lower()
    of_domain = Q(recipient_domain=domain) | Q(recipient_domain__startswith=f"{domain}.")
    if at and not local:
        return of_domain
    begins = Q(recipient__startswith=search) | Q(recipient__startswith=search.lower())
    if at:
        return begins
    # So little would begin half of all addresses.
    return of_domain | begins if len(search) >= SHORTEST else of_domain


def queue(viewer: User, filters: Filters) -> QuerySet[Ticket]:
    """The rows of the queue with all that a row shows, in one query; the caller takes a keyset page of it."""
    if filters.search:
        rows = tickets_of(viewer).filter(_searched(viewer, filters.search))
    elif filters.incident:
        rows = tickets_of(viewer)
    elif filters.state:
        rows = tickets_of(viewer).filter(_whose(viewer, filters.view))
    else:
        rows = _in_view(viewer, filters.view)
    if filters.state:
        rows = rows.filter(state=filters.state)
    if filters.incident:
        # Which tickets belong together would tell one branch of the others.
        rows = rows.filter(incident_id=int(filters.incident)) if viewer.is_support else rows.none()
    if filters.branch:
        rows = rows.filter(branch__code=filters.branch)
    if filters.assignee:
        rows = (
            rows.filter(assignee=None) if filters.assignee == "none" else rows.filter(assignee_id=int(filters.assignee))
        )
    return rows.select_related("branch", "assignee", "run", "report", "incident", "merged_into").defer(
        "run__transcript", "run__subject", "report__answers", "description", "merged_into__description"
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
            "merged_into",
            "incident",
        )
        .defer("run__transcript", "merged_into__description")
        .filter(number=number)
        .first()
    )
    if found is None:
        raise Http404("No ticket of that number.")
    return found


def reporters_of(ticket: Ticket) -> list[User]:
    """Who is told what support writes on a ticket: its reporter, and those of the tickets that were merged into it.

    Who may not sign in any more is not among them, nor who belonged to a merged ticket and has left the branch.
    """
    others = User.objects.filter(reports__ticket__merged_into=ticket, is_active=True)
    may_read = Q(role__in=(Role.SUPPORT, Role.ADMIN)) | Q(memberships__branch=ticket.branch_id)
    people = [ticket.report.by, *others.filter(may_read).distinct().order_by("pk")[:MOST_REPORTERS]]
    return [person for person in dict.fromkeys(people) if person.is_active]


def events_of(viewer: User, ticket: Ticket) -> list[Event]:
    """The story of a ticket, oldest first; notes only for support. A story is cut at its latest 500 entries."""
    rows = ticket.events.select_related("by").prefetch_related(
        Prefetch("attachments", queryset=Attachment.objects.order_by("id"))
    )
    if not viewer.is_support:
        rows = rows.filter(is_public=True)
    return list(islice(rows.order_by("-at", "-id"), 500))[::-1]


def sent_by_form(ticket: Ticket, submission: UUID) -> Event | None:
    """What a reply or note form has written on the ticket already, so that sending it again writes nothing."""
    return ticket.events.filter(submission=submission).first()


def traces_on(viewer: User, ticket: Ticket) -> list[ToldTrace]:
    """The message traces and bounces on a ticket that have a row about its e-mail, in words."""
    files = ticket.report.attachments.filter(trace__isnull=False)
    if not viewer.is_support:
        files = files.filter(Q(event=None) | Q(event__is_public=True))
    told = [told_trace(file, ticket.report) for file in files.select_related("by").order_by("id")]
    return [item for item in told if item is not None and item.how_far]


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
