"""Reading requests. Staff see those of their branches; whoever holds a link sees its request alone."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import Http404

from diagnostics.engine.receivers import Receiver, receiver_called
from portal.accounts.models import User
from portal.allowing.models import AllowRequest
from portal.branches.access import branches_of


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


def product_of(request: AllowRequest) -> Receiver | None:
    """What is known of the product the letter is for: its steps, and where they are written."""
    return receiver_called(request.product) if request.product else None
