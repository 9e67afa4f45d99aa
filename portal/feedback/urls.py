"""What receivers report by themselves. The webhooks of mail services are there only with a secret for them."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from portal.feedback import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("branches/<slug:code>/feedback/", views.feedback, name="feedback"),
    path("service-events/", views.service_events, name="service_events"),
]
if settings.ANYMAIL.get("WEBHOOK_SECRET"):
    urlpatterns.append(path("webhooks/", include("anymail.urls")))
