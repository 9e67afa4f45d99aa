"""The way out that every mail carries: List-Unsubscribe (RFC 2369 §3.2) with one click (RFC 8058).

A mail program posts ``List-Unsubscribe=One-Click`` to the address in the header; a person who follows it gets a page
with a button. The address holds a signed token of branch, recipient and list, so nobody can sign off somebody else,
nothing is stored before it is used, and it works for as long as the mail is kept. For one-click to be believed both
fields must be covered by the mail's DKIM signature (RFC 8058 §4).
"""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.urls import reverse

from portal.branches.models import BranchProfile
from portal.maillog.addresses import normal

SALT = "suppression.unsubscribe"
#: RFC 8058 §3.1: the field's value, which is also the whole body of the POST (§3.2).
ONE_CLICK = ("List-Unsubscribe", "One-Click")
MOST_LIST = 80


@dataclass(frozen=True, slots=True)
class Way:
    """What a token stands for. ``list`` is the sending application's own name for the mailing, or empty."""

    branch: BranchProfile
    address: str
    list: str

    @property
    def masked(self) -> str:
        """The address without most of its name: whoever holds a forwarded mail need not learn it."""
        local, _, domain = self.address.rpartition("@")
        return f"{local[:1]}…@{domain}"


def token_for(branch: BranchProfile, address: str, list_name: str = "") -> str:
    """The token that signs ``address`` off from ``branch``; the same for the same mailing."""
    return Signer(salt=SALT).sign_object([branch.code, normal(address), list_name[:MOST_LIST]])


def way_of(token: str) -> Way | None:
    """What ``token`` stands for; None where we did not make it, or its branch is gone."""
    try:
        code, address, list_name = Signer(salt=SALT).unsign_object(token)
    except (BadSignature, ValueError, TypeError, UnicodeError):
        return None
    branch = BranchProfile.objects.filter(code=code).first()
    return Way(branch, address, list_name) if branch is not None else None


def headers_for(branch: BranchProfile, address: str, list_name: str = "") -> dict[str, str]:
    """The fields that a mail of ``branch`` to ``address`` carries."""
    url = settings.BASE_URL + reverse("unsubscribe", args=[token_for(branch, address, list_name)])
    return {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "=".join(ONE_CLICK)}
