"""Reading requests. Staff see those of their branches; whoever holds a link sees its request alone."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404
from django.utils import timezone

from diagnostics.engine.names import Address, parse_address
from diagnostics.engine.receivers import Receiver, receiver_called, receiver_of_domain
from portal.accounts.models import User
from portal.allowing.knowing import known_of
from portal.allowing.models import AllowRequest, Product
from portal.branches.access import branches_of
from portal.branches.models import AllowListEntry, AllowListState, BranchProfile
from portal.branches.selectors import allow_list

#: So many answers that were recorded by hand stand below the requests.
MOST_TOLD = 20


def requests_of(viewer: User, *, branch: str = "", domain: str = "") -> QuerySet[AllowRequest]:
    """The requests ``viewer`` may see, narrowed; the caller takes a keyset page of them by ``created``."""
    rows = AllowRequest.objects.all()
    if not viewer.is_support or branch:
        own = branches_of(viewer)
        rows = rows.filter(branch__in=own.filter(code=branch) if branch else own)
    if domain:
        rows = rows.filter(domain=domain)
    return rows.select_related("branch__sending_server", "by", "entry__branch__sending_server")


def request_for(viewer: User, pk: int) -> AllowRequest:
    """The request ``pk`` if ``viewer`` may see it; else Http404."""
    found = requests_of(viewer).filter(pk=pk).first()
    if found is None:
        raise Http404("No request of that number.")
    return found


def request_of_link(token: str) -> AllowRequest | None:
    """The request whose link has ``token``, also when it has run out; None where there is none."""
    rows = AllowRequest.objects.select_related("branch", "by", "entry__branch__sending_server")
    return rows.filter(token=token).first()


def waiting_request(branch: BranchProfile, domain: str) -> AllowRequest | None:
    """The latest request of ``branch`` to ``domain`` that can still be answered and was not."""
    rows = AllowRequest.objects.filter(branch=branch, domain=domain, answered=None, revoked=None)
    return rows.filter(expires__gt=timezone.now()).order_by("-created").first()


def asked_at(branch: BranchProfile, domain: str) -> AllowListEntry | None:
    """What is on record of ``domain`` for this branch, the latest."""
    rows = AllowListEntry.objects.filter(Q(branch=None) | Q(branch=branch), domain=domain)
    return rows.select_related("branch__sending_server").order_by("-at", "-pk").first()


def product_at(branch: BranchProfile, domain: str) -> str:
    """Who takes the mail of ``domain``, as an id of :class:`Product`: by the log, else by its name; "" if unknown."""
    known = receiver_of_domain(domain)
    product = known_of(branch, domain).product or (known.id if known else "")
    return product if product in Product.values else ""


def told_without_letter(viewer: User, branch: BranchProfile) -> list[AllowListEntry]:
    """What is on record of being allowed and that no letter of the desk asked for: the latest, at most twenty.

    That an organisation was asked is news only until it has answered, also where all branches were asked for.
    """
    asked = AllowRequest.objects.filter(branch=branch).exclude(entry=None).values("entry")
    of_branch = Q(branch=None) | Q(branch=branch)
    later = AllowListEntry.objects.filter(of_branch, domain=OuterRef("domain"), at__gt=OuterRef("at"))
    is_answered = Q(state=AllowListState.ASKED) & Exists(later.exclude(state=AllowListState.ASKED))
    rows = allow_list(viewer).filter(of_branch).exclude(pk__in=asked).exclude(is_answered)
    return list(rows.order_by("-at", "-pk")[:MOST_TOLD])


def mailto_of(request: AllowRequest, letter: str) -> str:
    """A link that opens the letter in the person's own mail program, to the contact where that is an address."""
    parsed = parse_address(request.contact) if request.contact else None
    to = quote(parsed.text, safe="@") if isinstance(parsed, Address) and parsed.domain else ""
    subject = f"Please allow {request.host} to send to {request.domain}"
    # RFC 6068 §5: line breaks in the body are CR LF, and a space is never a plus.
    body = letter.strip().replace("\n", "\r\n")
    return f"mailto:{to}?{urlencode({'subject': subject, 'body': body}, quote_via=quote)}"


def product_of(request: AllowRequest) -> Receiver | None:
    """What is known of the product the letter is for: its steps, and where they are written."""
    return receiver_called(request.product) if request.product else None
