"""How long what is kept, and how a person is erased or pseudonymised everywhere."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
