"""The frame: settings, navigation and the commands that belong to no room."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "portal"
