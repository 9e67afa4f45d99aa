"""Runs of the engine and what they found."""

from django.apps import AppConfig
from django.core import checks


class DiagnosticsConfig(AppConfig):
    name = "diagnostics"

    def ready(self) -> None:
        from portal.late import Late

        for name in ("resolvers_can_be_read", "lists_are_known", "zone_can_be_read"):
            checks.register(Late(f"diagnostics.system_checks.{name}"))
