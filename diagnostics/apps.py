"""Runs of the engine and what they found."""

from django.apps import AppConfig
from django.core import checks


class DiagnosticsConfig(AppConfig):
    name = "diagnostics"

    def ready(self) -> None:
        from diagnostics import system_checks

        checks.register(system_checks.resolvers_can_be_read)
        checks.register(system_checks.lists_are_known)
        checks.register(system_checks.zone_can_be_read)
