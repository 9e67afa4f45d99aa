"""Reports and tickets: the wizard and the queue."""

from django.apps import AppConfig


class TicketsConfig(AppConfig):
    name = "tickets"
