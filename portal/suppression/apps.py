"""Addresses a branch does not write to any more, why, until when; and the way out that every mail carries."""

from django.apps import AppConfig


class SuppressionConfig(AppConfig):
    name = "portal.suppression"

    def ready(self) -> None:
        from portal.maillog import refusals
        from portal.suppression.refusals import take

        refusals.listen(take)
