"""Branch profiles, sending servers, members, allow-lists."""

from django.apps import AppConfig


class BranchesConfig(AppConfig):
    name = "portal.branches"

    def ready(self) -> None:
        from diagnostics import senders
        from portal.branches.selectors import with_records

        senders.register("branches", with_records)
