"""Reports and tickets: the wizard and the queue."""

from django.apps import AppConfig


class TicketsConfig(AppConfig):
    name = "tickets"

    def ready(self) -> None:
        from portal.allowing import hearing
        from tickets.services.allowances import hear_answer

        hearing.register("tickets", hear_answer)
