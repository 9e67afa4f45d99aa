"""Logs that people bring in by the browser: mapped, looked at first, read with progress, every rejected line kept."""

from django.urls import path

from portal.intake import views

urlpatterns = [
    path("logs/", views.logs, name="logs"),
    path("logs/new/", views.upload_add, name="upload_add"),
    path("logs/<uuid:code>/", views.upload, name="upload"),
    path("logs/<uuid:code>/columns/", views.upload_columns, name="upload_columns"),
    path("logs/<uuid:code>/zone/", views.upload_zone, name="upload_zone"),
    path("logs/<uuid:code>/start/", views.upload_start, name="upload_start"),
    path("logs/<uuid:code>/stop/", views.upload_stop, name="upload_stop"),
    path("logs/<uuid:code>/remove/", views.upload_remove, name="upload_remove"),
    path("logs/<uuid:code>/rejected.csv", views.upload_rejected, name="upload_rejected"),
    path("logs/<uuid:code>/rejected.txt", views.upload_rejected_lines, name="upload_rejected_lines"),
]
