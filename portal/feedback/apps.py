"""What receivers report by themselves: DMARC aggregate reports, TLS reports, and events of mail services."""

from django.apps import AppConfig


class FeedbackConfig(AppConfig):
    name = "portal.feedback"
