"""The request as our views get it: signed in, and with django-htmx's reading of its headers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpRequest

if TYPE_CHECKING:
    from django_htmx.middleware import HtmxDetails

    from portal.accounts.models import User


class PersonRequest(HttpRequest):
    """A request of a signed-in person; only views behind ``access`` decorators may claim it."""

    user: User
    htmx: HtmxDetails
    #: The navigation's entry that a page belongs to, where its URL name alone does not tell.
    stands_for: str
