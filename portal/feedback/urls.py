"""What receivers report by themselves. The webhooks of mail services are there only with a secret for them."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from portal.feedback import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("branches/<slug:code>/feedback/", views.feedback, name="feedback"),
    path("branches/<slug:code>/feedback/source/", views.feedback_source, name="feedback_source"),
    path("branches/<slug:code>/feedback/tls/<int:pk>/", views.tls_report, name="tls_report"),
    path("service-events/", views.service_events, name="service_events"),
]
if settings.ANYMAIL.get("WEBHOOK_SECRET"):
    urlpatterns.append(path("webhooks/", include("anymail.urls")))
