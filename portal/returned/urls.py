"""Mail that came back: bounces, complaints and automatic replies, matched to the deliveries they are about."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
