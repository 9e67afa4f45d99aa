"""The one door for inbound mail: bounces, complaints, test messages and replies to tickets."""

from django.apps import AppConfig


class MailroomConfig(AppConfig):
    name = "portal.mailroom"

    def ready(self) -> None:
        from django.core import checks

        from portal import inbound
        from portal.mailroom import system_checks, ticket_replies

        inbound.register(ticket_replies.DOOR)
        checks.register(system_checks.mailroom_can_work)
