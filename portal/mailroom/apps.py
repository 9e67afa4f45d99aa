"""The one door for inbound mail: bounces, complaints, test messages and replies to tickets."""

from django.apps import AppConfig


class MailroomConfig(AppConfig):
    name = "portal.mailroom"
