"""Reports and tickets: the wizard and the queue."""

from django.apps import AppConfig


class TicketsConfig(AppConfig):
    name = "tickets"

    def ready(self) -> None:
        from portal.allowing import hearing
        from portal.late import Late

        hearing.register("tickets", Late("tickets.services.allowances.hear_answer"))
