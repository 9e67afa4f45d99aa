"""Looking by itself at what every delivery hangs on: From-domains, sending addresses, the lists that are asked."""

from django.apps import AppConfig


class WatchConfig(AppConfig):
    name = "portal.watch"
