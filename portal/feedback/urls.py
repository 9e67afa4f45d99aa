"""What receivers report by themselves: DMARC aggregate reports, TLS reports, and events of mail services."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
