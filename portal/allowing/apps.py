"""Asking a recipient's organisation to allow our servers: a letter by product, and a page on which their IT answers."""

from django.apps import AppConfig


class AllowingConfig(AppConfig):
    name = "portal.allowing"
