"""What a list of returned mail needs of this room's words."""

from __future__ import annotations

from django import template

from portal.returned.models import ReturnedMail, ReturnedRecipient
from portal.returned.words import told_of

register = template.Library()


@register.filter
def title_in(row: ReturnedRecipient, mail: ReturnedMail) -> str:
    """``{{ row|title_in:mail }}``: what the mail says of the recipient, in one line."""
    return told_of(mail, row).title
