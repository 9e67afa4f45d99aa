"""The one door for inbound mail: bounces, complaints, test messages and replies to tickets."""

from django.apps import AppConfig


class MailroomConfig(AppConfig):
    name = "portal.mailroom"

    def ready(self) -> None:
        from django.core import checks

        from portal import inbound
        from portal.late import Late

        here = "portal.mailroom"
        answers = Late(f"{here}.ticket_replies.knows"), Late(f"{here}.ticket_replies.take")
        inbound.register(inbound.Door("answers to tickets", *answers))
        checks.register(Late(f"{here}.system_checks.mailroom_can_work"))
