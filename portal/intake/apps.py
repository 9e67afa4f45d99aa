"""Logs that people bring in by the browser: mapped, looked at first, read with progress, every rejected line kept."""

from django.apps import AppConfig


class IntakeConfig(AppConfig):
    name = "portal.intake"
