"""The bench and its runs."""

from django.urls import path

from diagnostics import views

urlpatterns = [
    path("", views.bench, name="bench"),
    path("messages/", views.message_bench, name="message_bench"),
    path("runs/<uuid:code>/", views.run, name="run"),
    path("runs/<uuid:code>/again/", views.run_again, name="run_again"),
    path("runs/<uuid:code>/transcript/", views.run_transcript, name="run_transcript"),
]
