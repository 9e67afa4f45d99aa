"""Reading requests. Staff see those of their branches; whoever holds a link sees its request alone."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from django.db.models import Q, QuerySet
from django.http import Http404

from diagnostics.engine.names import Address, parse_address
from diagnostics.engine.receivers import Receiver, receiver_called
from portal.accounts.models import User
from portal.allowing.models import AllowRequest
from portal.branches.access import branches_of
from portal.branches.models import AllowListEntry, BranchProfile
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
    return rows.select_related("branch", "by", "entry__branch__sending_server")


def request_for(viewer: User, pk: int) -> AllowRequest:
    """The request ``pk`` if ``viewer`` may see it; else Http404."""
    found = requests_of(viewer).filter(pk=pk).first()
    if found is None:
        raise Http404("No request of that number.")
    return found


def request_of_link(token: str) -> AllowRequest:
    """The request whose link has ``token``, also when it has run out; else Http404."""
    found = AllowRequest.objects.select_related("branch", "entry__branch__sending_server").filter(token=token).first()
    if found is None:
        raise Http404("There is nothing behind this link.")
    return found


def told_without_letter(viewer: User, branch: BranchProfile) -> list[AllowListEntry]:
    """What is on record of being allowed and that no letter of the desk asked for: the latest, at most twenty."""
    asked = AllowRequest.objects.filter(branch=branch).exclude(entry=None).values("entry")
    rows = allow_list(viewer).filter(Q(branch=None) | Q(branch=branch)).exclude(pk__in=asked)
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
