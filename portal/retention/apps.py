"""How long what is kept, and how a person is erased or pseudonymised everywhere."""

from django.apps import AppConfig


class RetentionConfig(AppConfig):
    name = "portal.retention"
