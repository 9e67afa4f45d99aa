"""Recipients per hour by sending server and provider, beside what is known of the limits; and what leaves its habit."""

from django.apps import AppConfig


class RatesConfig(AppConfig):
    name = "portal.rates"
