"""The one door for inbound mail: bounces, complaints, test messages and replies to tickets."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
