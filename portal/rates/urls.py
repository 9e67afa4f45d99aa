"""Recipients per hour by sending server and provider, beside what is known of the limits; and what leaves its habit."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
