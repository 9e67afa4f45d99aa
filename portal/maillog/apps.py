"""What was sent, to whom, and how far it verifiably got."""

from django.apps import AppConfig


class MaillogConfig(AppConfig):
    name = "portal.maillog"
