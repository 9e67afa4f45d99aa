"""Branch profiles, sending servers, members, allow-lists."""

from django.apps import AppConfig


class BranchesConfig(AppConfig):
    name = "portal.branches"
