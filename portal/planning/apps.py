"""May I send this? A planned mailing: what would go wrong, whom it would not reach, how to stay in the limits."""

from django.apps import AppConfig


class PlanningConfig(AppConfig):
    name = "portal.planning"
