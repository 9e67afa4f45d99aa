"""What is known of one recipient domain over all rooms, and how often the desk's suggestion was right."""

from django.apps import AppConfig


class DossierConfig(AppConfig):
    name = "portal.dossier"
