"""Mail that came back: bounces, complaints and automatic replies, matched to the deliveries they are about."""

from django.apps import AppConfig


class ReturnedConfig(AppConfig):
    name = "portal.returned"
