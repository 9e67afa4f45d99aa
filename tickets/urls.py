"""The two doors: the wizard for staff, the queue for support."""

from django.urls import include, path

urlpatterns = [path("", include("tickets.wizard.urls")), path("", include("tickets.queue.urls"))]
