"""How a branch stands as a sender: what complaints, refusals and opt-outs say of it, and what follows."""

from django.apps import AppConfig


class StandingConfig(AppConfig):
    name = "portal.standing"
