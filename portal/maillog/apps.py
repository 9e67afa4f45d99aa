"""What was sent, to whom, and how far it verifiably got."""

from django.apps import AppConfig


class MaillogConfig(AppConfig):
    name = "portal.maillog"

    def ready(self) -> None:
        from portal.allowing import knowing
        from portal.maillog.asked import known_of

        knowing.register("maillog", known_of)
