"""The same as the pages for programs: /api/v1/, with a token, and a key that makes a repeated push harmless."""

from django.apps import AppConfig


class APIConfig(AppConfig):
    name = "portal.api"
