"""Addresses a branch does not write to any more, why, until when; and the way out that every mail carries."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
