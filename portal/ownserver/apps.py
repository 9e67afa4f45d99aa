"""A branch's own mail server: how it is reached, and whether it takes our mail."""

from django.apps import AppConfig


class OwnServerConfig(AppConfig):
    name = "portal.ownserver"
